import type { HostStatsValue } from '@plimsoll/model';
import type { QueryContext } from '../query-context.ts';

const columns = [
  'memory_total_bytes',
  'memory_available_bytes',
  'cpu_cores',
  'load1',
  'threads',
  'threads_limit',
  'file_descriptors',
  'file_descriptors_limit',
  'conntrack_entries',
  'conntrack_entries_limit',
  'docker_root_size_bytes',
  'docker_root_available_bytes',
  'docker_root_inodes',
  'docker_root_inodes_free',
  'containers_running',
] as const satisfies readonly HostStatsValue[];

export type HostColumn = (typeof columns)[number];

const busy = ['user', 'nice', 'system', 'irq', 'softirq', 'steal']
  .map((mode) => `ifNull(cpu_${mode}_seconds_total, 0)`)
  .join(' + ');

export interface HostSample {
  host: string;
  time: number;
  values: Record<HostColumn, number | null>;
  /** Cores at work over the last minute. */
  cpu_used_cores: number | null;
}

interface Row {
  host: string;
  newest_ms: string;
  newest: (number | string | null)[];
  last_busy: number;
  first_busy: number;
  first_ms: string;
}

/** The newest sample of each host of the last day: a silent host keeps what it last said. */
const hostSamplesSql = `SELECT host,
    toUnixTimestamp64Milli(max(time)) AS newest_ms,
    argMax(tuple(${columns.join(', ')}), time) AS newest,
    argMaxIf(${busy}, time, time >= fromUnixTimestamp64Milli({rate_from:Int64})) AS last_busy,
    argMinIf(${busy}, time, time >= fromUnixTimestamp64Milli({rate_from:Int64})) AS first_busy,
    toUnixTimestamp64Milli(minIf(time, time >= fromUnixTimestamp64Milli({rate_from:Int64}))) AS first_ms
  FROM host_stats
  WHERE tenant = {tenant:String} AND time >= fromUnixTimestamp64Milli({from:Int64})
  GROUP BY host
  ORDER BY host
  LIMIT 10000`;

export async function loadHostSamples(context: QueryContext): Promise<HostSample[]> {
  const now = context.now();
  const rateMs = Math.max(75_000, 2.5 * context.config.collector.stats.interval);
  const rows = await context.engine.select<Row>(hostSamplesSql, {
    params: {
      tenant: context.config.tenant,
      from: Math.max(0, now - 86_400_000),
      rate_from: Math.max(0, Math.round(now - rateMs)),
    },
    maxExecutionMs: context.config.query.max_execution_time,
  });
  return rows.map((row) => {
    const seconds = (Number(row.newest_ms) - Number(row.first_ms)) / 1000;
    const grown = row.last_busy - row.first_busy;
    const isKnown = Number(row.first_ms) > 0 && seconds > 0 && grown >= 0;
    return {
      host: row.host,
      time: Number(row.newest_ms),
      // The tuple has the columns in their order.
      values: Object.fromEntries(
        columns.map((name, index) => {
          const value = row.newest[index] ?? null;
          return [name, value === null ? null : Number(value)];
        }),
      ) as Record<HostColumn, number | null>,
      cpu_used_cores: isKnown ? grown / seconds : null,
    };
  });
}
