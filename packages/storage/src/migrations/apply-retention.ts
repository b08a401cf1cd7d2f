import type { Engine } from '../engine.ts';
import { sqlString } from '../parameters.ts';

/** Milliseconds by kind of data; 0 keeps it for ever. */
export interface Retention {
  logs: number;
  container_stats: number;
  host_stats: number;
  events: number;
  alerts: number;
  samples: number;
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

/** Where rows go once they are older than this: a volume of the tables' storage policy. */
export interface ColdVolume {
  volume: string;
  afterMs: number;
}

interface Ttl {
  /** 0: rows stay for ever. */
  seconds: number;
  /** 0: rows stay where they are. */
  coldSeconds: number;
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
  { table: 'samples', kind: 'samples', since: 'toDateTime(time)' },
  { table: 'series', kind: 'samples', since: 'toDateTime(last_seen)' },
];

/**
 * Sets each table's TTL where it differs from the configuration. The tables have
 * `materialize_ttl_recalculate_only`: a change rewrites each part's expiry, not its data.
 *
 * @returns the tables changed
 */
export async function applyRetention(engine: Engine, retention: Retention): Promise<string[]> {
  const changes = await changesOf(engine, retention);
  for (const { sql } of changes) await engine.command(engine.schema.translate(sql));
  return changes.map(({ table }) => table);
}

/** The tables that `applyRetention` would change. */
export async function retentionChanges(
  engine: Engine,
  retention: Retention | undefined,
): Promise<string[]> {
  if (retention === undefined) return [];
  return (await changesOf(engine, retention)).map(({ table }) => table);
}

/** For tables that have no TTL yet. */
export function retentionStatements(retention: Retention, cold: ColdVolume | null): string[] {
  return retainedTables.flatMap((retained) => {
    const ttl = wantedTtl(retained, retention, cold);
    return ttl.seconds + ttl.coldSeconds === 0 ? [] : [alterTtl(retained, ttl, cold)];
  });
}

async function changesOf(
  engine: Engine,
  retention: Retention,
): Promise<{ table: string; sql: string }[]> {
  const { cold } = engine.schema;
  const current = await currentTtls(engine);
  return retainedTables.flatMap((retained) => {
    const wanted = wantedTtl(retained, retention, cold);
    const { seconds, coldSeconds } = current.get(retained.table) ?? { seconds: 0, coldSeconds: 0 };
    if (seconds === wanted.seconds && coldSeconds === wanted.coldSeconds) return [];
    return [{ table: retained.table, sql: alterTtl(retained, wanted, cold) }];
  });
}

function wantedTtl(
  { table, kind, minSeconds, where }: RetainedTable,
  retention: Retention,
  cold: ColdVolume | null,
): Ttl {
  const configured = Math.ceil(retention[kind] / 1000);
  const seconds = configured === 0 ? 0 : Math.max(configured, minSeconds ?? 0);
  // Ranges are asked for at every restart, and what only some rows of expire is small.
  const staysHot = cold === null || table === 'log_ranges' || where !== undefined;
  const coldSeconds = staysHot ? 0 : Math.ceil(cold.afterMs / 1000);
  return { seconds, coldSeconds: seconds !== 0 && coldSeconds >= seconds ? 0 : coldSeconds };
}

function alterTtl(
  { table, since, where }: RetainedTable,
  ttl: Ttl,
  cold: ColdVolume | null,
): string {
  const steps: string[] = [];
  if (ttl.coldSeconds !== 0 && cold) {
    steps.push(
      `${since} + toIntervalSecond(${ttl.coldSeconds}) TO VOLUME ${sqlString(cold.volume)}`,
    );
  }
  if (ttl.seconds !== 0) {
    const condition = where === undefined ? '' : ` DELETE WHERE ${where}`;
    steps.push(`${since} + toIntervalSecond(${ttl.seconds})${condition}`);
  }
  if (steps.length === 0) return `ALTER TABLE ${table} REMOVE TTL`;
  return `ALTER TABLE ${table} MODIFY TTL ${steps.join(', ')}`;
}

/** The engine prints a table's TTL as it was written. */
async function currentTtls(engine: Engine): Promise<Map<string, Ttl>> {
  const rows = await engine.select<{ name: string; ttl: string }>(
    `SELECT name, extract(engine_full, ' TTL (.*)') AS ttl
     FROM system.tables WHERE database = {database:String}`,
    { params: { database: engine.schema.database } },
  );
  return new Map(rows.map(({ name, ttl }) => [name, parseTtl(ttl)]));
}

function parseTtl(text: string): Ttl {
  const ttl: Ttl = { seconds: 0, coldSeconds: 0 };
  for (const [, seconds, volume] of text.matchAll(/toIntervalSecond\((\d+)\)( TO VOLUME)?/g)) {
    if (volume === undefined) ttl.seconds = Number(seconds);
    else ttl.coldSeconds = Number(seconds);
  }
  return ttl;
}
