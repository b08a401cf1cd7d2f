/** Health of the way from file to row, from the collectors' own accounts. */
import type { PipelineHealth } from '@plimsoll/model/api';
import type { QueryContext } from '../query-context.ts';

/** A collector without a heartbeat for longer is silent. */
const silentMs = 45_000;
/** A host not heard of for longer is no longer part of the fleet. */
const knownMs = 86_400_000;

/** The newest heartbeat of a host. */
export interface Heartbeat {
  host: string;
  time: number;
  silent: boolean;
  kernel: string;
  cgroup_mode: string;
  docker_version: string;
  docker_status: string;
  log_lag_bytes: number;
  log_lag_seconds: number;
  lines_per_second: number;
}

interface HeartbeatRow {
  host: string;
  newest_ms: string;
  newest: [string, string, string, string, string | number, number];
  recent: [string, number][];
}

/** Lines are summed over what one collector acknowledged within the last minute. */
const heartbeatsSql = `SELECT host,
    toUnixTimestamp64Milli(max(time)) AS newest_ms,
    argMax(tuple(kernel, cgroup_mode, docker_version, docker_status, log_lag_bytes,
      log_lag_seconds), time) AS newest,
    arraySort(x -> x.1, groupArrayIf(120)(
      tuple(toUnixTimestamp64Milli(time), log_lines_acknowledged_total),
      time >= fromUnixTimestamp64Milli({recent_from:Int64}))) AS recent
  FROM collector_stats
  WHERE tenant = {tenant:String} AND time >= fromUnixTimestamp64Milli({known_from:Int64})
  GROUP BY host
  ORDER BY host
  LIMIT 10000`;

export async function loadHeartbeats(context: QueryContext): Promise<Heartbeat[]> {
  const now = context.now();
  const rows = await context.engine.select<HeartbeatRow>(heartbeatsSql, {
    params: {
      tenant: context.config.tenant,
      known_from: Math.max(0, now - knownMs),
      recent_from: Math.max(0, now - 75_000),
    },
    maxExecutionMs: context.config.query.max_execution_time,
  });
  return rows.map((row) => {
    const [kernel, cgroupMode, dockerVersion, dockerStatus, lagBytes, lagSeconds] = row.newest;
    const time = Number(row.newest_ms);
    const silent = now - time > silentMs;
    return {
      host: row.host,
      time,
      silent,
      kernel,
      cgroup_mode: cgroupMode,
      docker_version: dockerVersion,
      docker_status: dockerStatus,
      log_lag_bytes: Number(lagBytes),
      log_lag_seconds: lagSeconds,
      lines_per_second: silent ? 0 : linesPerSecond(row.recent),
    };
  });
}

/** Growth over time; a collector that started again counts from zero, so a fall adds nothing. */
function linesPerSecond(recent: readonly (readonly [string | number, string | number])[]): number {
  let lines = 0;
  for (let i = 1; i < recent.length; i++) {
    const grown = Number(recent[i]?.[1]) - Number(recent[i - 1]?.[1]);
    if (grown > 0) lines += grown;
  }
  const seconds = (Number(recent.at(-1)?.[0]) - Number(recent[0]?.[0])) / 1000;
  return seconds > 0 ? lines / seconds : 0;
}

/**
 * What was lost within the last day, by reason. A collector counts from its own start; a count
 * that fell is a new start, whose whole count is new.
 */
const lostSql = `SELECT reason, sum(lost) AS lost FROM (
    SELECT reason,
      arrayMap(x -> toInt64(x.2), arraySort(x -> x.1, groupArray((time, count)))) AS counts,
      arraySum(arrayMap((count, before) -> if(count >= before, count - before, count),
        counts, arrayPushFront(arrayPopBack(counts), toInt64(0)))) AS lost
    FROM collector_stats
    ARRAY JOIN mapKeys(dropped_total) AS reason, mapValues(dropped_total) AS count
    WHERE tenant = {tenant:String} AND time >= fromUnixTimestamp64Milli({known_from:Int64})
    GROUP BY host, collector_id, reason
  )
  GROUP BY reason
  HAVING lost > 0
  ORDER BY reason
  LIMIT 100`;

export async function loadLost(context: QueryContext): Promise<Record<string, number>> {
  const rows = await context.engine.select<{ reason: string; lost: string }>(lostSql, {
    params: { tenant: context.config.tenant, known_from: Math.max(0, context.now() - knownMs) },
    maxExecutionMs: context.config.query.max_execution_time,
  });
  return Object.fromEntries(rows.map((row) => [row.reason, Number(row.lost)]));
}

export async function loadLinesStored(context: QueryContext): Promise<number> {
  const [row] = await context.engine.select<{ lines: string }>(
    'SELECT count() AS lines FROM logs WHERE tenant = {tenant:String}',
    {
      params: { tenant: context.config.tenant },
      maxExecutionMs: context.config.query.max_execution_time,
    },
  );
  return Number(row?.lines ?? 0);
}

export function pipelineHealth(parts: {
  now: number;
  heartbeats: readonly Heartbeat[];
  newestSample: number | null;
  lost: Record<string, number>;
  linesStored: number;
  deadLetters: number;
}): PipelineHealth {
  const { heartbeats } = parts;
  const reporting = heartbeats.filter((heartbeat) => !heartbeat.silent);
  const newest = Math.max(
    parts.newestSample ?? Number.NEGATIVE_INFINITY,
    ...heartbeats.map((heartbeat) => heartbeat.time),
  );
  return {
    data_age_seconds: Number.isFinite(newest) ? Math.max(0, (parts.now - newest) / 1000) : null,
    lines_per_second: sum(reporting.map((heartbeat) => heartbeat.lines_per_second)),
    lines_stored: parts.linesStored,
    records_lost: sum(Object.values(parts.lost)),
    lost_by_reason: parts.lost,
    collectors_reporting: reporting.length,
    collectors_known: heartbeats.length,
    log_lag_bytes: sum(reporting.map((heartbeat) => heartbeat.log_lag_bytes)),
    log_lag_seconds: Math.max(0, ...reporting.map((heartbeat) => heartbeat.log_lag_seconds)),
    runtimes_missing: reporting
      .filter((heartbeat) => heartbeat.docker_status !== 'connected')
      .map((heartbeat) => ({ host: heartbeat.host, status: heartbeat.docker_status })),
    dead_letters: parts.deadLetters,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
