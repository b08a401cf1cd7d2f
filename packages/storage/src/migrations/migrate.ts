/**
 * Brings the schema up to date: forward only, one statement at a time, recorded when those of their
 * version are done or one of them fails. A crash before that repeats them at the next start, so every
 * statement must be repeatable (`IF NOT EXISTS`).
 */
import { quotedIdentifier } from '../cluster/cluster-options.ts';
import { refreshReaders, staleReaders } from '../cluster/refresh-readers.ts';
import type { Engine } from '../engine.ts';
import { silentLogger, type StorageLogger } from '../logger.ts';
import { StorageError } from '../storage-error.ts';
import { applyRetention, retentionChanges, type Retention } from './apply-retention.ts';
import { withMigrationLock } from './migration-lock.ts';
import { createMigrationsTable, ownMigrations } from './own-migrations.ts';
import { planMigrations, type AppliedStatement, type PlannedStatement } from './plan-migrations.ts';
import { readMigrations, type Migration } from './read-migrations.ts';
import { applyTableSettings, tableSettingChanges } from './table-settings.ts';

export interface MigrateOptions {
  /** How long rows are kept, in milliseconds; 0 for ever. Unchanged when absent. */
  retention?: Retention;
  /** Folder of the migrations; this package's own unless a test says otherwise. */
  directory?: string;
  logger?: StorageLogger;
  /** Other processes insert too: through this process's engine. Default: where it is a server. */
  isServer?: boolean;
  /** Ends it before the next statement; what was done stays done. */
  signal?: AbortSignal;
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

/**
 * Where nothing is to be done nothing is said to the server but questions, so that roles need no more
 * than the right to read the schema. Otherwise one process at a time does it.
 *
 * @throws {StorageError} `migration_mismatch`, `forbidden`
 */
export async function migrate(
  engine: Engine,
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  const logger = options.logger ?? silentLogger;
  const migrations = await readMigrations(options.directory ?? ownMigrations());
  const isDone = planMigrations(migrations, await readApplied(engine)).length === 0;
  const result =
    isDone && (await settingChanges(engine, options)) === 0
      ? { version: migrations.length, statementsRun: 0, retentionChanged: [] }
      : await alone(engine, options, (beforeEach) =>
          change(engine, migrations, { ...options, beforeEach }),
        );
  logger.info({ ...result }, 'schema is up to date');
  return result;
}

/** The embedded engine's folder is one process's anyway. */
async function alone<T>(
  engine: Engine,
  { logger = silentLogger, signal }: MigrateOptions,
  work: (beforeEach: () => Promise<void>) => Promise<T>,
): Promise<T> {
  if (engine.kind === 'embedded') return work(() => Promise.resolve());
  return withMigrationLock(engine, { logger, signal }, (lock) => work(() => lock.renew()));
}

async function change(
  engine: Engine,
  migrations: readonly Migration[],
  options: MigrateOptions & { beforeEach: () => Promise<void> },
): Promise<MigrateResult> {
  await engine.command(engine.schema.translate(createMigrationsTable));
  const planned = planMigrations(migrations, await readApplied(engine));
  let done = 0;
  for (const statements of byVersion(planned)) {
    const applied: PlannedStatement[] = [];
    try {
      for (const step of statements) {
        const { version, name, statement, sql } = step;
        options.signal?.throwIfAborted();
        await options.beforeEach();
        await engine.command(engine.schema.translate(sql));
        applied.push(step);
        options.logger?.debug({ version, name, statement }, 'applied a migration statement');
        options.onProgress?.({ version, name, done: ++done, total: planned.length });
      }
    } catch (error) {
      // What is not recorded is only done once more.
      await record(engine, applied).catch(() => undefined);
      throw error;
    }
    await record(engine, applied);
  }
  await applyTableSettings(engine, isServer(engine, options));
  await refreshReaders(engine);
  const { retention } = options;
  const retentionChanged = retention ? await applyRetention(engine, retention) : [];
  return { version: migrations.length, statementsRun: planned.length, retentionChanged };
}

/** At once for all statements of a version: an insert costs more than most of them. */
async function record(engine: Engine, applied: readonly PlannedStatement[]): Promise<void> {
  if (applied.length === 0) return;
  const rows = applied.map(({ version, name, checksum, statement }) =>
    JSON.stringify({ version, name, checksum, statement }),
  );
  await engine.insert({
    table: 'schema_migrations',
    columns: ['version', 'name', 'checksum', 'statement'],
    format: 'JSONEachRow',
    data: Buffer.from(`${rows.join('\n')}\n`),
  });
}

function byVersion(planned: readonly PlannedStatement[]): PlannedStatement[][] {
  return [...Map.groupBy(planned, ({ version }) => version).values()];
}

/** What is to be changed besides what migrations say. */
async function settingChanges(engine: Engine, options: MigrateOptions): Promise<number> {
  const changes = await Promise.all([
    retentionChanges(engine, options.retention),
    tableSettingChanges(engine, isServer(engine, options)),
    staleReaders(engine),
  ]);
  return changes.flat().length;
}

function isServer(engine: Engine, options: MigrateOptions): boolean {
  return options.isServer ?? engine.kind === 'server';
}

/** Nothing where the table is not there yet. */
async function readApplied(engine: Engine): Promise<AppliedStatement[]> {
  try {
    return await engine.select<AppliedStatement>(
      `SELECT version, name, checksum, statement FROM ${quotedIdentifier(engine.schema.database)}.schema_migrations
       ORDER BY version, statement`,
    );
  } catch (error) {
    if (error instanceof StorageError && error.clickhouseCode === unknownTable) return [];
    throw error;
  }
}

/** UNKNOWN_TABLE */
const unknownTable = 60;
