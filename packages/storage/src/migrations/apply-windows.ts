/**
 * The deduplication window of tables on a server. The migrations give each table 20,000 blocks, which
 * is enough for a process that is its own engine; a server serves many, and a token must be known for
 * as long as any of them may repeat it while the others go on. Only ever raised.
 */
import type { Engine } from '../engine.ts';

/** 21 MB of memory for each table, once it has had as many inserts. */
const serverWindowBlocks = 100_000;

/** @returns the tables changed */
export async function applyWindows(engine: Engine, isServer: boolean): Promise<string[]> {
  const tables = await windowChanges(engine, isServer);
  for (const table of tables) {
    await engine.command(
      engine.schema.translate(
        `ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = ${serverWindowBlocks}`,
      ),
    );
  }
  return tables;
}

/** The tables that `applyWindows` would change. Those of a cluster are made with a window of their own. */
export async function windowChanges(engine: Engine, isServer: boolean): Promise<string[]> {
  if (!isServer) return [];
  const rows = await engine.select<{ name: string }>(
    `SELECT name, toUInt64OrZero(extract(engine_full, '[ (]non_replicated_deduplication_window = (\\\\d+)')) AS blocks
     FROM system.tables
     WHERE database = {database:String} AND blocks > 0 AND blocks < {wanted:UInt64} ORDER BY name`,
    { params: { database: engine.schema.database, wanted: serverWindowBlocks } },
  );
  return rows.map(({ name }) => name);
}
