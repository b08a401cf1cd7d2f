import { StorageError } from '../storage-error.ts';
import type { Migration } from './read-migrations.ts';

/** What `schema_migrations` holds: one row per statement that was carried out. */
export interface AppliedStatement {
  version: number;
  name: string;
  checksum: string;
  /** From 0. */
  statement: number;
}

export interface PlannedStatement extends AppliedStatement {
  sql: string;
}

/**
 * What is left to do, in order. Pure.
 *
 * @throws {StorageError} `migration_mismatch` when a migration was changed after it was applied, or
 * when the database was made by a newer version.
 */
export function planMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedStatement[],
): PlannedStatement[] {
  for (const row of applied) checkApplied(migrations, row);
  const done = new Set(applied.map((row) => `${row.version}/${row.statement}`));
  return migrations.flatMap(({ version, name, checksum, statements }) =>
    statements
      .map((sql, statement) => ({ version, name, checksum, statement, sql }))
      .filter(({ statement }) => !done.has(`${version}/${statement}`)),
  );
}

function checkApplied(migrations: readonly Migration[], row: AppliedStatement): void {
  const migration = migrations[row.version - 1];
  if (!migration) {
    throw new StorageError(
      'migration_mismatch',
      `the database has migration ${row.version} (${row.name}), this version of Plimsoll knows ` +
        `${migrations.length}; start the newer version, or restore a backup made before it ran`,
    );
  }
  if (migration.checksum !== row.checksum) {
    throw new StorageError(
      'migration_mismatch',
      `migration ${row.version} (${row.name}) was changed after it was applied: expected checksum ` +
        `${row.checksum}, got ${migration.checksum}; restore the file and add a new migration`,
    );
  }
}
