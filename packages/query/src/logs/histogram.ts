import type { Severity } from '@plimsoll/model';
import type { LogHistogram } from '@plimsoll/model/api';
import type { StoredNumber } from '../stored-number.ts';
import type { SqlParameter } from '@plimsoll/storage';
import type { QueryContext } from '../query-context.ts';
import { alignRange, roundStep } from '../time/step.ts';
import { filterConditions, timeCondition, type LogFilter } from './log-filter.ts';

export interface HistogramRequest {
  filter: LogFilter;
  from: number;
  to: number;
  /** At most this many. */
  buckets: number;
}

/** Lines by time and severity; buckets lie on round marks of the clock. */
export async function logHistogram(
  context: QueryContext,
  request: HistogramRequest,
  signal: AbortSignal,
): Promise<LogHistogram> {
  const stepMs = roundStep(request.to - request.from, request.buckets, 1);
  const { start, count } = alignRange(request.from, request.to, stepMs);
  const statement = histogramStatement(request, context.config.tenant, { start, stepMs });
  const rows = await context.engine.select<{
    bucket: number;
    severity: Severity;
    lines: StoredNumber;
  }>(statement.sql, {
    params: statement.params,
    maxExecutionMs: context.config.query.max_execution_time,
    signal,
  });
  const counts: Partial<Record<Severity, number[]>> = {};
  let total = 0;
  for (const row of rows) {
    const series = (counts[row.severity] ??= Array.from({ length: count }, () => 0));
    series[row.bucket] = Number(row.lines);
    total += Number(row.lines);
  }
  return { from: start, to: start + count * stepMs, step_ms: stepMs, counts, total };
}

function histogramStatement(
  request: HistogramRequest,
  tenant: string,
  grid: { start: number; stepMs: number },
): { sql: string; params: Record<string, SqlParameter> } {
  const filtered = filterConditions(request.filter, tenant);
  const timed = timeCondition(request.from, request.to);
  return {
    sql: `SELECT
        toUInt32(intDiv(toUnixTimestamp64Milli(time) - {start:Int64}, {step:Int64})) AS bucket,
        severity, count() AS lines
      FROM logs
      WHERE ${[...timed.conditions, ...filtered.conditions].join(' AND ')}
      GROUP BY bucket, severity`,
    params: { ...timed.params, ...filtered.params, start: grid.start, step: grid.stepMs },
  };
}
