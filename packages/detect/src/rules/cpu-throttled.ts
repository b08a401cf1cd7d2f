import { evidenceOf, fingerprint } from '../finding.ts';
import { formatPercent } from '../format.ts';
import { defineRule } from '../rule.ts';
import {
  containerIdentity,
  containerTitle,
  innerLabels,
  labelsOf,
  outerLabels,
  type LabelRow,
} from '../sql/container.ts';
import { newestSampleSeconds, seriesOf } from '../sql/saturation.ts';
import { scopeParams, within } from '../sql/statement.ts';

const name = 'cpu_throttled';
const windowSeconds = 300;
/**
 * Fewer periods than this within the window (of 3,000 at the usual 100 ms) and the container
 * hardly ran: a share of them says nothing.
 */
const minPeriods = 100;

interface Row extends LabelRow {
  ratio: number;
  throttled: number;
  limit_cores: number;
  times: number[];
  series: number[];
}

/** Growth of a counter within one life of the cgroup, per container and minute. */
const perMinute = `
  SELECT
    container_id, started_at, ${innerLabels},
    toFloat64(intDiv(toUnixTimestamp64Milli(time), 60000) * 60000) AS bucket,
    max(cpu_periods_total) - min(cpu_periods_total) AS periods,
    max(cpu_throttled_periods_total) - min(cpu_throttled_periods_total) AS throttled_periods,
    max(cpu_throttled_seconds_total) - min(cpu_throttled_seconds_total) AS throttled_seconds,
    max(cpu_limit_cores) AS cores
  FROM container_stats
  WHERE ${within(3600)} AND cpu_periods_total IS NOT NULL AND container_id IN
  (
    SELECT container_id FROM
    (
      SELECT
        container_id, max(time) AS newest,
        max(cpu_periods_total) - min(cpu_periods_total) AS periods,
        max(cpu_throttled_periods_total) - min(cpu_throttled_periods_total) AS throttled
      FROM container_stats
      WHERE ${within(windowSeconds)} AND cpu_periods_total IS NOT NULL
      GROUP BY container_id, started_at
    )
    GROUP BY container_id
    HAVING max(newest) > fromUnixTimestamp64Milli({now:Int64}, 'UTC') - toIntervalSecond(${newestSampleSeconds})
      AND sum(periods) >= ${minPeriods} AND sum(throttled) > {threshold:Float64} * sum(periods)
  )
  GROUP BY container_id, started_at, bucket`;

export const cpuThrottled = defineRule<Row>({
  name,
  title: 'CPU throttled',
  description: 'More than 25 % of the CPU quota periods of the last five minutes were throttled.',
  severity: 'warning',
  threshold: 0.25,
  unit: 'ratio',
  forMs: 60_000,
  statement: (scope) => ({
    sql: `
SELECT
  container_id, ${outerLabels},
  sumIf(throttled_periods, bucket > {now:Int64} - ${windowSeconds * 1000}) /
    greatest(sumIf(periods, bucket > {now:Int64} - ${windowSeconds * 1000}), 1) AS ratio,
  toFloat64(sumIf(throttled_seconds, bucket > {now:Int64} - ${windowSeconds * 1000})) AS throttled,
  toFloat64(ifNull(max(cores), 0)) AS limit_cores,
  arraySort(groupArray(bucket)) AS times,
  arraySort((v, b) -> b, groupArray(throttled_periods / greatest(periods, 1)), groupArray(bucket)) AS series
FROM (${perMinute}
)
GROUP BY container_id
ORDER BY ratio DESC, container_id`,
    params: scopeParams(scope),
  }),
  findings: (rows, scope) =>
    rows.map((row) => ({
      fingerprint: fingerprint(name, containerIdentity(row)),
      labels: labelsOf(row),
      value: row.ratio,
      threshold: scope.threshold,
      unit: 'ratio',
      summary: `${containerTitle(row)} was throttled in ${formatPercent(row.ratio)} of its CPU periods`,
      description:
        `Over five minutes its threads waited ${row.throttled.toFixed(0)} s for the quota of ` +
        `${row.limit_cores > 0 ? `${row.limit_cores} cores` : 'its CPU limit'} while the host may have had time to spare.`,
      evidence: evidenceOf({
        unit: 'ratio',
        series: seriesOf(row.times, row.series),
        limit: scope.threshold,
      }),
    })),
});
