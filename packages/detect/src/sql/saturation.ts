import type { RuleScope, Statement } from '../rule.ts';
import { innerLabels, outerLabels, type LabelRow } from './container.ts';
import { scopeParams, within } from './statement.ts';

/** Age at which a sample no longer says how things are now. */
export const newestSampleSeconds = 90;

export interface SaturationRow extends LabelRow {
  used: number;
  limit_value: number;
  /** Milliseconds since 1970, ascending, and the highest value of each minute. */
  times: number[];
  series: number[];
}

/**
 * Containers whose newest `used` is at least the threshold's share of their `limit`, with the
 * last hour of `used` as evidence. Both are column names of container_stats.
 */
export function saturationStatement(used: string, limit: string, scope: RuleScope): Statement {
  const sql = `
SELECT
  container_id, ${outerLabels},
  toFloat64(argMax(newest, bucket)) AS used,
  toFloat64(argMax(newest_limit, bucket)) AS limit_value,
  arraySort(groupArray(bucket)) AS times,
  arraySort((v, b) -> b, groupArray(toFloat64(highest)), groupArray(bucket)) AS series
FROM
(
  SELECT
    container_id, ${innerLabels},
    toFloat64(intDiv(toUnixTimestamp64Milli(time), 60000) * 60000) AS bucket,
    max(${used}) AS highest, argMax(${used}, time) AS newest, argMax(${limit}, time) AS newest_limit
  FROM container_stats
  WHERE ${within(3600)} AND ${used} IS NOT NULL AND container_id IN
  (
    SELECT container_id FROM container_stats
    WHERE ${within(newestSampleSeconds)} AND ${limit} > 0
    GROUP BY container_id
    HAVING argMax(${used}, time) >= {threshold:Float64} * argMax(${limit}, time)
  )
  GROUP BY container_id, bucket
)
GROUP BY container_id
ORDER BY used / limit_value DESC, container_id`;
  return { sql, params: scopeParams(scope) };
}

/** Pairs up the two arrays that a statement returns for a series. */
export function seriesOf(times: readonly number[], values: readonly number[]): [number, number][] {
  return times.map((time, i) => [time, values[i] ?? 0]);
}

/** Since when the newest values have been at or above `level` without a break. */
export function sinceAbove(
  times: readonly number[],
  values: readonly number[],
  level: number,
): number | null {
  let since: number | null = null;
  for (let i = times.length - 1; i >= 0 && (values[i] ?? 0) >= level; i--) since = times[i] ?? null;
  return since;
}
