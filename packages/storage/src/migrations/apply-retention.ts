import type { Engine } from '../engine.ts';

/** Milliseconds by kind of data; 0 keeps it for ever. */
export interface Retention {
  logs: number;
  container_stats: number;
  host_stats: number;
  events: number;
  alerts: number;
}

interface RetainedTable {
  table: string;
  kind: keyof Retention;
  /** A DateTime of which a row's age is counted. */
  since: string;
  /** Kept at least this long, whatever the configuration says. */
  minSeconds?: number;
  /** Only rows for which this holds ever expire. */
  where?: string;
}

const day = 86_400;

/**
 * A log line's age counts from its arrival: a year-old file that is read today must not vanish at
 * the next merge. Byte ranges outlive what a collector may send again.
 */
const retainedTables: readonly RetainedTable[] = [
  { table: 'logs', kind: 'logs', since: 'ingested_at' },
  { table: 'log_ranges', kind: 'logs', since: 'time', minSeconds: 30 * day },
  { table: 'container_stats', kind: 'container_stats', since: 'toDateTime(time)' },
  // The leak rules look back seven days, however short the samples are kept.
  {
    table: 'container_floors',
    kind: 'container_stats',
    since: 'window_start',
    minSeconds: 8 * day,
  },
  { table: 'host_stats', kind: 'host_stats', since: 'toDateTime(time)' },
  { table: 'filesystem_stats', kind: 'host_stats', since: 'toDateTime(time)' },
  { table: 'gpu_stats', kind: 'host_stats', since: 'toDateTime(time)' },
  { table: 'collector_stats', kind: 'host_stats', since: 'toDateTime(time)' },
  { table: 'events', kind: 'events', since: 'toDateTime(time)' },
  { table: 'targets', kind: 'events', since: 'toDateTime(time)', where: "state = 'removed'" },
  {
    table: 'alerts',
    kind: 'alerts',
    since: 'toDateTime(updated_at)',
    where: "state IN ('resolved', 'inactive')",
  },
  { table: 'alert_transitions', kind: 'alerts', since: 'toDateTime(time)' },
  { table: 'notifications', kind: 'alerts', since: 'toDateTime(time)' },
];

/**
 * Sets each table's TTL where it differs from the configuration. The tables have
 * `materialize_ttl_recalculate_only`: a change rewrites each part's expiry, not its data.
 *
 * @returns the tables changed
 */
export async function applyRetention(engine: Engine, retention: Retention): Promise<string[]> {
  const current = await currentSeconds(engine);
  const changed: string[] = [];
  for (const retained of retainedTables) {
    const wanted = wantedSeconds(retained, retention);
    if ((current.get(retained.table) ?? 0) === wanted) continue;
    await engine.command(alterTtl(retained, wanted));
    changed.push(retained.table);
  }
  return changed;
}

function wantedSeconds(retained: RetainedTable, retention: Retention): number {
  const seconds = Math.ceil(retention[retained.kind] / 1000);
  return seconds === 0 ? 0 : Math.max(seconds, retained.minSeconds ?? 0);
}

function alterTtl({ table, since, where }: RetainedTable, seconds: number): string {
  if (seconds === 0) return `ALTER TABLE ${table} REMOVE TTL`;
  const condition = where === undefined ? '' : ` DELETE WHERE ${where}`;
  return `ALTER TABLE ${table} MODIFY TTL ${since} + toIntervalSecond(${seconds})${condition}`;
}

/** The engine prints a table's TTL as it was written. */
async function currentSeconds(engine: Engine): Promise<Map<string, number>> {
  const rows = await engine.select<{ name: string; seconds: string }>(
    `SELECT name, extract(engine_full, ' TTL .*toIntervalSecond\\\\((\\\\d+)\\\\)') AS seconds
     FROM system.tables WHERE database = {database:String}`,
    { params: { database: engine.database } },
  );
  return new Map(rows.map(({ name, seconds }) => [name, Number(seconds)]));
}
