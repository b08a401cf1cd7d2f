import type { ColdVolume } from './apply-retention.ts';

/** How the text of the migrations becomes statements of one engine. */
export interface SchemaDialect {
  /** Where the tables are that migrations make and inserts fill; queries may read others. */
  readonly database: string;
  /** Where old rows go; null: nowhere. */
  readonly cold: ColdVolume | null;
  /** One statement of a migration, or of its kind, as this engine takes it. */
  translate(sql: string): string;
  /** Statements that make what queries read of the tables, once these have changed. Repeatable. */
  readers(tables: readonly string[]): string[];
}

/** A single server, or the embedded engine: as it is written. */
export function plainDialect(database: string): SchemaDialect {
  return { database, cold: null, translate: (sql) => sql, readers: () => [] };
}
