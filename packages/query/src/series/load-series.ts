import { containerStatsValues, hostStatsValues } from '@plimsoll/model';
import type { SeriesPoint } from '@plimsoll/model/api';
import type { QueryContext } from '../query-context.ts';
import { alignRange, roundStep } from '../time/step.ts';
import { rateName } from './rate-name.ts';
import { seriesStatement, type SeriesTable } from './series-statement.ts';
import { stitchSeries, type SeriesRow } from './stitch-series.ts';

export const containerSeries: SeriesTable = {
  table: 'container_stats',
  values: containerStatsValues,
  lifeSql: 'toUnixTimestamp64Milli(started_at)',
  // Docker counts restarts, the kernel's counters end with the cgroup.
  lifelong: ['restarts_total'],
};

export const hostSeries: SeriesTable = {
  table: 'host_stats',
  values: hostStatsValues,
  lifeSql: 'toInt64(0)',
  lifelong: [],
};

export interface SeriesRequest {
  table: SeriesTable;
  /** Condition on the subject; its parameter is `subject`. */
  where: string;
  subject: string;
  from: number;
  to: number;
  points: number;
  /** Names of series wanted; empty means all. */
  names: readonly string[];
}

/** Downsampled to at most `points` steps that lie on round marks of the clock. */
export async function loadSeries(
  context: QueryContext,
  request: SeriesRequest,
  signal: AbortSignal,
): Promise<{ step_seconds: number; series: Record<string, SeriesPoint[]> }> {
  const intervalMs = context.config.collector.stats.interval;
  // With at least one and a half scrapes per step, jitter leaves no step empty.
  const stepMs = roundStep(request.to - request.from, request.points, intervalMs * 1.5);
  const grid = { ...alignRange(request.from, request.to, stepMs), stepMs };
  const columns = wantedColumns(request.table, request.names);
  const statement = seriesStatement(
    request.table,
    { grid, columns, where: request.where },
    { tenant: context.config.tenant, subject: request.subject },
  );
  const rows = await context.engine.select<SeriesRow>(statement.sql, {
    params: statement.params,
    maxExecutionMs: context.config.query.max_execution_time,
    signal,
  });
  const maxGapMs = 3.5 * intervalMs;
  const all = stitchSeries(rows, { table: request.table, columns, grid, maxGapMs });
  const wanted = new Set(request.names);
  const series = Object.fromEntries(
    Object.entries(all).filter(([name]) => wanted.size === 0 || wanted.has(name)),
  );
  return { step_seconds: stepMs / 1000, series };
}

/** The columns that the wanted series are made of. */
function wantedColumns(table: SeriesTable, names: readonly string[]): string[] {
  const columns = Object.keys(table.values);
  if (names.length === 0) return columns;
  const wanted = new Set(names);
  return columns.filter((column) => {
    if (wanted.has(column) || wanted.has(`${column}_max`) || wanted.has(rateName(column))) {
      return true;
    }
    if (wanted.has('throttled_ratio') && /^cpu_(throttled_)?periods_total$/.test(column)) {
      return true;
    }
    return wanted.has('cpu_used_cores') && /^cpu_\w+_seconds_total$/.test(column);
  });
}
