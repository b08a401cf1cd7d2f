import type { Engine } from '../engine.ts';

/**
 * Makes a cluster's Distributed tables anew where their columns differ from those of the local ones,
 * or where they are not there. Nothing on a single server.
 *
 * @returns the tables made
 */
export async function refreshReaders(engine: Engine): Promise<string[]> {
  const stale = await staleReaders(engine);
  for (const statement of engine.schema.readers(stale)) await engine.command(statement);
  return stale;
}

/** The tables that `refreshReaders` would make anew. */
export async function staleReaders(engine: Engine): Promise<string[]> {
  const { schema, database } = engine;
  if (schema.database === database) return [];
  const local = await columnsOf(engine, schema.database, '%MergeTree');
  const read = await columnsOf(engine, database, 'Distributed');
  return [...local]
    .filter(([table, columns]) => table !== 'schema_migrations' && read.get(table) !== columns)
    .map(([table]) => table);
}

async function columnsOf(
  engine: Engine,
  database: string,
  kind: string,
): Promise<Map<string, string>> {
  const rows = await engine.select<{ table: string; columns: string }>(
    `SELECT table, toString(groupArray((name, type, default_kind, default_expression))) AS columns
     FROM (SELECT * FROM system.columns WHERE database = {database:String} ORDER BY table, position)
     WHERE table IN (SELECT name FROM system.tables WHERE database = {database:String} AND engine LIKE {kind:String})
     GROUP BY table ORDER BY table`,
    { params: { database, kind } },
  );
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}
