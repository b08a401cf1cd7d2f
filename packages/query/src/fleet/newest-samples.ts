import type { QueryContext } from '../query-context.ts';

/** A container whose newest sample is older than this is not running, as far as we know. */
const freshMs = 120_000;
/** Over which throttling is judged, and the oldest sample that is read at all. */
const throttleMs = 300_000;
/** Over which "the last minute" of a rate is taken: a minute and a scrape. */
const rateMs = 75_000;

/** What the newest sample of a container says; rates are per second over the last minute. */
export interface NewestSample {
  container_id: string;
  host: string;
  container_name: string;
  image: string;
  compose_project: string;
  compose_service: string;
  kubernetes_namespace: string;
  kubernetes_pod: string;
  kubernetes_container: string;
  time: number;
  started_at: number;
  memory: number | null;
  memory_usage: number | null;
  memory_working_set: number | null;
  memory_limit: number;
  cpu_limit: number;
  pids: number | null;
  pids_limit: number;
  file_descriptors: number | null;
  file_descriptors_limit: number;
  log_bytes: number | null;
  cpu: number | null;
  throttled: number | null;
  network_receive: number | null;
  network_transmit: number | null;
  io_read: number | null;
  io_write: number | null;
}

const gauges = [
  'memory_unreclaimable_bytes',
  'memory_usage_bytes',
  'memory_working_set_bytes',
  'memory_limit_bytes',
  'cpu_limit_cores',
  'pids_current',
  'pids_limit',
  'file_descriptors_limit',
  'log_bytes',
] as const;

const counters = [
  'cpu_usage_seconds_total',
  'network_receive_bytes_total',
  'network_transmit_bytes_total',
  'io_read_bytes_total',
  'io_write_bytes_total',
] as const;

const labels = [
  'host',
  'container_name',
  'image',
  'compose_project',
  'compose_service',
  'kubernetes_namespace',
  'kubernetes_pod',
  'kubernetes_container',
] as const;

type Numbers = (number | string | null)[];

interface SampleRow extends Record<(typeof labels)[number], string> {
  container_id: string;
  started_ms: string;
  newest_ms: string;
  newest: Numbers;
  newest_descriptors: number | string | null;
  last: Numbers;
  first: Numbers;
  first_ms: string;
}

interface ThrottleRow {
  container_id: string;
  later: Numbers;
  earlier: Numbers;
}

/**
 * One row per container: its newest life, from the last two minutes alone. Values that belong to
 * one moment travel as one tuple, so that a value the kernel did not give stays null instead of
 * being taken from an earlier moment. Descriptors alone are counted more rarely than the rest: the
 * newest count stands.
 */
const newestSamplesSql = `SELECT container_id,
    toUnixTimestamp64Milli(started_at) AS started_ms,
    toUnixTimestamp64Milli(max(time)) AS newest_ms,
    ${labels.map((name) => `any(${name}) AS ${name}`).join(', ')},
    argMax(tuple(${gauges.join(', ')}), time) AS newest,
    argMax(file_descriptors, time) AS newest_descriptors,
    argMax(tuple(${counters.join(', ')}), time) AS last,
    argMinIf(tuple(${counters.join(', ')}), time, time >= {rate_from:DateTime64(3)}) AS first,
    toUnixTimestamp64Milli(minIf(time, time >= {rate_from:DateTime64(3)})) AS first_ms
  FROM container_stats
  WHERE tenant = {tenant:String} AND time >= {from:DateTime64(3)}
  GROUP BY container_id, started_at
  ORDER BY newest_ms DESC
  LIMIT 1 BY container_id
  LIMIT {limit:UInt32}`;

/** CFS periods of the last five minutes: two columns over a longer time than all the others. */
const throttleSql = `SELECT container_id,
    argMax(tuple(cpu_periods_total, cpu_throttled_periods_total), time) AS later,
    argMin(tuple(cpu_periods_total, cpu_throttled_periods_total), time) AS earlier
  FROM container_stats
  WHERE tenant = {tenant:String} AND time >= {from:DateTime64(3)}
    AND cpu_throttled_periods_total IS NOT NULL
  GROUP BY container_id, started_at
  ORDER BY max(time) DESC
  LIMIT 1 BY container_id
  LIMIT {limit:UInt32}`;

/** Containers sampled within the last two minutes. */
export async function loadNewestSamples(
  context: QueryContext,
  limit: number,
): Promise<NewestSample[]> {
  const now = context.now();
  const intervalMs = context.config.collector.stats.interval;
  const tenant = context.config.tenant;
  const options = { maxRows: limit, maxExecutionMs: context.config.query.max_execution_time };
  const [rows, throttle] = await Promise.all([
    context.engine.select<SampleRow>(newestSamplesSql, {
      params: {
        tenant,
        from: seconds(now - Math.max(freshMs, 3 * intervalMs)),
        rate_from: seconds(now - Math.max(rateMs, 2.5 * intervalMs)),
        limit,
      },
      ...options,
    }),
    context.engine.select<ThrottleRow>(throttleSql, {
      params: { tenant, from: seconds(now - Math.max(throttleMs, 3 * intervalMs)), limit },
      ...options,
    }),
  ]);
  const throttled = new Map(
    throttle.map((row) => [row.container_id, throttledShare(row.earlier, row.later)]),
  );
  return rows.map((row) => toSample(row, throttled.get(row.container_id) ?? null));
}

function toSample(row: SampleRow, throttled: number | null): NewestSample {
  const [memory, usage, workingSet, limit, cpuLimit, pids, pidsLimit, fdsLimit, logBytes] =
    row.newest.map(number);
  const elapsed = (Number(row.newest_ms) - Number(row.first_ms)) / 1000;
  const [cpu, receive, transmit, read, write] = row.last.map((value, index) =>
    rate(number(row.first[index] ?? null), number(value), elapsed),
  );
  return {
    container_id: row.container_id,
    host: row.host,
    container_name: row.container_name,
    image: row.image,
    compose_project: row.compose_project,
    compose_service: row.compose_service,
    kubernetes_namespace: row.kubernetes_namespace,
    kubernetes_pod: row.kubernetes_pod,
    kubernetes_container: row.kubernetes_container,
    time: Number(row.newest_ms),
    started_at: Number(row.started_ms),
    memory: memory ?? null,
    memory_usage: usage ?? null,
    memory_working_set: workingSet ?? null,
    memory_limit: limit ?? 0,
    cpu_limit: cpuLimit ?? 0,
    pids: pids ?? null,
    pids_limit: pidsLimit ?? 0,
    file_descriptors: number(row.newest_descriptors),
    file_descriptors_limit: fdsLimit ?? 0,
    log_bytes: logBytes ?? null,
    cpu: cpu ?? null,
    throttled,
    network_receive: receive ?? null,
    network_transmit: transmit ?? null,
    io_read: read ?? null,
    io_write: write ?? null,
  };
}

/** A counter that fell was reset within this life (a network namespace made anew): not known. */
function rate(first: number | null, last: number | null, elapsed: number): number | null {
  if (first === null || last === null || !(elapsed > 0) || last < first) return null;
  return (last - first) / elapsed;
}

function throttledShare(earlier: Numbers, later: Numbers): number | null {
  const [periodsBefore, throttledBefore] = earlier.map(number);
  const [periods, throttled] = later.map(number);
  const all = less(periods, periodsBefore);
  const some = less(throttled, throttledBefore);
  if (all === null || some === null) return null;
  return all <= 0 ? 0 : Math.min(1, Math.max(0, some / all));
}

function less(a: number | null | undefined, b: number | null | undefined): number | null {
  return typeof a === 'number' && typeof b === 'number' ? a - b : null;
}

function number(value: number | string | null): number | null {
  return value === null ? null : Number(value);
}

/** DateTime64 parameter text: seconds since 1970 with milliseconds. */
function seconds(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(3);
}
