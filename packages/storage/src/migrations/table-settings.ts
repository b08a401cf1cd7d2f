/**
 * Settings of tables that depend on which engine has them; what is the same everywhere is in the
 * migrations. Values are only ever raised.
 *
 * - The deduplication window. The migrations give each table 20,000 blocks, which is enough for a
 *   process that is its own engine; a server serves many, and a token must be known for as long as any
 *   of them may repeat it while the others go on. A table of a cluster is made with a window of its own.
 * - How long a part stays on the disk after a merge took its rows. A server keeps it for 480 s, until
 *   the merged part is surely on the disk; the engine in a process deletes it at once, and a power
 *   failure or a merge that went wrong would take the rows with it. So merges are flushed there, and
 *   what they read is kept for a while; each part kept costs some 60 KB of memory.
 */
import type { Engine } from '../engine.ts';

interface TableSetting {
  name: string;
  value: number;
  /** SQL over `present`, which is 0 where the table says nothing of it. */
  isBelow: string;
}

const serverWindow: TableSetting = {
  name: 'non_replicated_deduplication_window',
  // 21 MB of memory for each table, once it has had as many inserts.
  value: 100_000,
  isBelow: 'present > 0 AND present < {value:UInt64}',
};
const flushedMerges: TableSetting = {
  name: 'min_rows_to_fsync_after_merge',
  value: 1,
  isBelow: 'present = 0',
};
const oldPartsLifetime: TableSetting = {
  name: 'old_parts_lifetime',
  value: 120,
  isBelow: 'present < {value:UInt64}',
};

export interface TableChange {
  table: string;
  setting: string;
  value: number;
}

/** @returns what was changed */
export async function applyTableSettings(
  engine: Engine,
  isServer: boolean,
): Promise<TableChange[]> {
  const changes = await tableSettingChanges(engine, isServer);
  for (const [table, settings] of Map.groupBy(changes, (change) => change.table)) {
    const list = settings.map(({ setting, value }) => `${setting} = ${value}`).join(', ');
    await engine.command(engine.schema.translate(`ALTER TABLE ${table} MODIFY SETTING ${list}`));
  }
  return changes;
}

/** What `applyTableSettings` would change. */
export async function tableSettingChanges(
  engine: Engine,
  isServer: boolean,
): Promise<TableChange[]> {
  const wanted = [
    ...(isServer ? [serverWindow] : []),
    ...(engine.kind === 'embedded' ? [flushedMerges, oldPartsLifetime] : []),
  ];
  const changes = await Promise.all(wanted.map(async (setting) => tablesBelow(engine, setting)));
  return changes.flat();
}

async function tablesBelow(
  engine: Engine,
  { name, value, isBelow }: TableSetting,
): Promise<TableChange[]> {
  const rows = await engine.select<{ table: string }>(
    `SELECT name AS table, toUInt64OrZero(extract(engine_full, '[ (]${name} = (\\\\d+)')) AS present
     FROM system.tables
     WHERE database = {database:String} AND engine LIKE '%MergeTree' AND ${isBelow} ORDER BY name`,
    { params: { database: engine.schema.database, value } },
  );
  return rows.map(({ table }) => ({ table, setting: name, value }));
}
