/** The schema as text, for who runs it by hand or reads it before a machine does. */
import { retentionStatements, type Retention } from '../migrations/apply-retention.ts';
import { createMigrationsTable, ownMigrations } from '../migrations/own-migrations.ts';
import { readMigrations } from '../migrations/read-migrations.ts';
import { plainDialect } from '../migrations/schema-dialect.ts';
import { clusterDialect } from './cluster-dialect.ts';
import { createDatabases, quotedIdentifier, type ClusterOptions } from './cluster-options.ts';

export interface PrintSchemaOptions {
  database: string;
  /** Null: for a single server. */
  cluster: ClusterOptions | null;
  retention?: Retention;
}

/**
 * Every statement of every migration, the retention, and on a cluster the tables that queries read.
 * Running it does not record it: `plimsoll migrate` afterwards finds each statement done and says so.
 */
export async function printSchema(options: PrintSchemaOptions): Promise<string> {
  const { database, cluster, retention } = options;
  const dialect = cluster ? clusterDialect(database, cluster) : plainDialect(database);
  const lines = createDatabases(database, cluster).map((sql) => `${sql};`);
  if (!cluster) lines.push(`USE ${quotedIdentifier(database)};`);
  lines.push('', `${dialect.translate(createMigrationsTable)};`);
  const tables = new Set<string>();
  for (const { version, name, statements } of await readMigrations(ownMigrations())) {
    lines.push('', `-- ${String(version).padStart(4, '0')} ${name}`);
    for (const sql of statements) {
      lines.push('', `${dialect.translate(sql)};`);
      const stored = storingTable.exec(sql)?.[1];
      if (stored !== undefined) tables.add(stored);
    }
  }
  if (retention) {
    const statements = retentionStatements(retention, cluster?.cold ?? null);
    lines.push('', '-- Retention', '', ...statements.map((sql) => `${dialect.translate(sql)};`));
  }
  const readers = dialect.readers([...tables].toSorted());
  if (readers.length > 0) {
    lines.push('', '-- What queries read', '', ...readers.map((sql) => `${sql};`));
  }
  return `${lines.join('\n')}\n`;
}

const storingTable =
  /^(?:--[^\n]*\n|\s)*CREATE TABLE IF NOT EXISTS (\w+)[\s\S]*?\nENGINE = \w*MergeTree/;
