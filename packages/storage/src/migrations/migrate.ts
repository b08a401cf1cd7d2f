/**
 * Brings the schema up to date: forward only, one statement at a time, each recorded once it is
 * done. A crash between a statement and its record repeats that statement at the next start, so
 * every statement must be repeatable (`IF NOT EXISTS`).
 */
import { fileURLToPath } from 'node:url';
import type { Engine } from '../engine.ts';
import { silentLogger, type StorageLogger } from '../logger.ts';
import { applyRetention, type Retention } from './apply-retention.ts';
import { planMigrations, type AppliedStatement } from './plan-migrations.ts';
import { readMigrations } from './read-migrations.ts';

export interface MigrateOptions {
  /** How long rows are kept, in milliseconds; 0 for ever. Unchanged when absent. */
  retention?: Retention;
  /** Folder of the migrations; this package's own unless a test says otherwise. */
  directory?: string;
  logger?: StorageLogger;
  /** After each statement. */
  onProgress?: (progress: MigrationProgress) => void;
}

export interface MigrationProgress {
  version: number;
  name: string;
  /** Statements carried out, of all that this run has to do. */
  done: number;
  total: number;
}

export interface MigrateResult {
  /** Version of the schema now. */
  version: number;
  statementsRun: number;
  /** Tables whose retention was changed. */
  retentionChanged: string[];
}

/** @throws {StorageError} `migration_mismatch` */
export async function migrate(
  engine: Engine,
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  const logger = options.logger ?? silentLogger;
  const migrations = await readMigrations(options.directory ?? ownMigrations());
  await engine.command(createMigrationsTable);
  const applied = await engine.select<AppliedStatement>(
    'SELECT version, name, checksum, statement FROM schema_migrations ORDER BY version, statement',
  );
  const planned = planMigrations(migrations, applied);
  for (const [index, { version, name, checksum, statement, sql }] of planned.entries()) {
    await engine.command(sql);
    await engine.insert({
      table: 'schema_migrations',
      columns: ['version', 'name', 'checksum', 'statement'],
      format: 'JSONEachRow',
      data: Buffer.from(`${JSON.stringify({ version, name, checksum, statement })}\n`),
    });
    logger.debug({ version, name, statement }, 'applied a migration statement');
    options.onProgress?.({ version, name, done: index + 1, total: planned.length });
  }
  const retentionChanged = options.retention ? await applyRetention(engine, options.retention) : [];
  const version = migrations.length;
  logger.info({ version, statementsRun: planned.length, retentionChanged }, 'schema is up to date');
  return { version, statementsRun: planned.length, retentionChanged };
}

const createMigrationsTable = `
CREATE TABLE IF NOT EXISTS schema_migrations
(
    version UInt32,
    name String,
    checksum String,
    statement UInt32,
    applied_at DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY (version, statement)`;

function ownMigrations(): string {
  return fileURLToPath(new URL('../../migrations/', import.meta.url));
}
