/** The collector's own account: one row of `collector_stats` per statistics interval. */
import { release } from 'node:os';
import type { CollectorStatsRow } from '@plimsoll/model';
import { encodeRows, type RowBatch } from '../publish/row-queue.ts';
import { formatTime } from '../stats/rows.ts';

export type Heartbeat = Omit<
  CollectorStatsRow,
  'time' | 'kernel' | 'cpu_seconds_total' | 'memory_rss_bytes'
>;

const columns = [
  'time',
  'tenant',
  'host',
  'collector_id',
  'version',
  'kernel',
  'cgroup_mode',
  'docker_version',
  'docker_status',
  'containers_watched',
  'log_files_watched',
  'log_bytes_read_total',
  'log_lines_read_total',
  'log_bytes_acknowledged_total',
  'log_lines_acknowledged_total',
  'log_lag_bytes',
  'log_lag_seconds',
  'scrape_seconds',
  'cpu_seconds_total',
  'memory_rss_bytes',
  'dropped_total',
] as const satisfies readonly (keyof CollectorStatsRow)[];

export function heartbeatRows(heartbeat: Heartbeat, timeMs: number): RowBatch {
  const { user, system } = process.cpuUsage();
  const row: CollectorStatsRow = {
    ...heartbeat,
    time: formatTime(timeMs),
    kernel: release(),
    cpu_seconds_total: (user + system) / 1e6,
    memory_rss_bytes: process.memoryUsage.rss(),
  };
  return encodeRows<CollectorStatsRow>('collector_stats', columns, [row]);
}
