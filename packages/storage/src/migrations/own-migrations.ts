import { fileURLToPath } from 'node:url';

/** Folder of this package's migrations. */
export function ownMigrations(): string {
  return fileURLToPath(new URL('../../migrations/', import.meta.url));
}

/** Where each statement is recorded once it is done. */
export const createMigrationsTable = `
CREATE TABLE IF NOT EXISTS schema_migrations
(
    version UInt32,
    name String,
    checksum String,
    statement UInt32,
    applied_at DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY (version, statement)`.trim();
