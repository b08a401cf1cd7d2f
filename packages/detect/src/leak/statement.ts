/**
 * One statement for the whole fleet, in two steps. First each container's lowest value in the first
 * and in the last quarter of several spans, in a single pass without windows: where none rose, as in
 * most of a fleet, there is nothing to judge. Then the floors, window by window, of the rest, and of
 * each the newest life of its process.
 *
 * Spans double, so that one of them lies wholly within a life and is at least half of it: a leak
 * that has grown by a tenth in that life has then grown by a fortieth between those quarters.
 */
import type { RuleScope, Statement } from '../rule.ts';
import { innerLabels, outerLabels, type LabelRow } from '../sql/container.ts';
import { now, scopeParams, within } from '../sql/statement.ts';
import { fineFloorSeconds, minAgeSeconds, warmUpSeconds } from './horizon.ts';
import type { LeakResource } from './resource.ts';

const fineSeconds = 60 * fineFloorSeconds;
const longSeconds = 7 * 86_400;
const fineSpans = [1800, 3600, fineSeconds];
const longSpans = [3, 6, 12, 24, 48, 96, 168].map((hours) => hours * 3600);
/** A container that has not been sampled for this long is gone, and so is its leak. */
const aliveSeconds = 180;

/** Arrays ascend in time; times are seconds since 1970. */
export interface LeakRow extends LabelRow {
  limit_value: number;
  long_times: number[];
  long_values: number[];
  /** CPU seconds consumed since the cgroup began, at the end of each window; 0 where unknown. */
  long_cpu: number[];
  fine_times: number[];
  fine_values: number[];
  fine_cpu: number[];
}

export function leakStatement(resource: LeakResource, scope: RuleScope): Statement {
  const sql = `
WITH candidates AS
(
  SELECT container_id FROM container_stats
  WHERE ${fineRows(resource)}
  GROUP BY container_id
  HAVING max(time) >= ${now} - toIntervalSecond(${aliveSeconds})
    AND (${fineSpans.map((span) => rose(resource.value, 'time', span)).join('\n      OR ')})
  UNION ALL
  SELECT container_id FROM container_floors
  WHERE ${longRows(resource)}
  GROUP BY container_id
  HAVING ${longSpans.map((span) => rose(resource.floor, 'window_start', span)).join('\n    OR ')}
)
SELECT
  container_id, started_at, ${knownLabels},
  argMaxIf(l_limit, w, kind = 'fine') AS limit_value,
${arrays('long')},
${arrays('fine')}
FROM
(
  SELECT
    container_id, started_at, 'fine' AS kind,
    toFloat64(intDiv(toUnixTimestamp(time), ${fineFloorSeconds}) * ${fineFloorSeconds}) AS w,
    toFloat64(min(${resource.value})) AS v,
    toFloat64(ifNull(max(cpu_usage_seconds_total), 0)) AS cpu,
    toFloat64(ifNull(argMax(${resource.limit}, time), 0)) AS l_limit,
    ${innerLabels}
  FROM container_stats
  WHERE ${fineRows(resource)} AND container_id IN (candidates)
  GROUP BY container_id, started_at, w
  UNION ALL
  SELECT
    container_id, started_at, 'long' AS kind,
    toFloat64(toUnixTimestamp(window_start)) AS w,
    toFloat64(min(${resource.floor})) AS v,
    toFloat64(ifNull(max(cpu_usage_seconds_total), 0)) AS cpu,
    0 AS l_limit,
    ${innerLabels.replaceAll(/any\(\w+\)/g, "''")}
  FROM container_floors
  WHERE ${longRows(resource)} AND container_id IN (candidates)
  GROUP BY container_id, started_at, w
)
GROUP BY container_id, started_at
HAVING started_at <= ${now} - toIntervalSecond(${minAgeSeconds})
  AND maxIf(w, kind = 'fine') >= intDiv({now:Int64}, 1000) - ${aliveSeconds + fineFloorSeconds}
ORDER BY container_id, started_at DESC
LIMIT 1 BY container_id`;
  return { sql, params: { ...scopeParams(scope), min_growth: resource.minGrowth } };
}

/** Floors carry no labels, so of each label the value that is there. */
const knownLabels = outerLabels.replaceAll('any(', 'max(');

function fineRows(resource: LeakResource): string {
  return (
    `${within(fineSeconds)} AND ${resource.value} IS NOT NULL ` +
    `AND time >= started_at + toIntervalSecond(${warmUpSeconds})`
  );
}

function longRows(resource: LeakResource): string {
  return `${within(longSeconds, 'window_start')} AND ${resource.floor} IS NOT NULL`;
}

function arrays(kind: 'long' | 'fine'): string {
  const is = `kind = '${kind}'`;
  return [
    `  arraySort(groupArrayIf(w, ${is})) AS ${kind}_times`,
    `  arraySort((x, t) -> t, groupArrayIf(v, ${is}), groupArrayIf(w, ${is})) AS ${kind}_values`,
    `  arraySort((x, t) -> t, groupArrayIf(cpu, ${is}), groupArrayIf(w, ${is})) AS ${kind}_cpu`,
  ].join(',\n');
}

/** Whether the lowest value of the last quarter of a span is clearly above that of the first. */
function rose(value: string, time: string, seconds: number): string {
  const ago = (share: number): string =>
    `${now} - toIntervalSecond(${Math.round(seconds * share)})`;
  const first = `minIf(${value}, ${time} >= ${ago(1)} AND ${time} < ${ago(0.75)})`;
  const last = `minIf(${value}, ${time} >= ${ago(0.25)})`;
  return `ifNull(${last} - ${first} > greatest({min_growth:Float64} / 3, 0.02 * ${first}), 0)`;
}
