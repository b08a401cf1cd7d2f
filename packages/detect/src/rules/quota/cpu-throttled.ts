import { evidenceOf, fingerprint } from '../../finding.ts';
import { formatPercent } from '../../format.ts';
import { defineRule } from '../../rule.ts';
import {
  containerIdentity,
  containerTitle,
  innerLabels,
  labelsOf,
  outerLabels,
  rowLabels,
  type LabelRow,
} from '../../sql/container.ts';
import { newestSampleSeconds, seriesOf } from '../../sql/saturation.ts';
import { now, scopeParams, within } from '../../sql/statement.ts';

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

/**
 * What each sample's counters grew by since the one before, within one life of the cgroup. Not the growth
 * within a minute: a minute that has one sample so far would show none.
 */
const growth = `
  SELECT
    container_id, time, ${rowLabels}, cpu_limit_cores,
    cpu_periods_total - lagInFrame(cpu_periods_total, 1, cpu_periods_total) OVER life AS periods,
    cpu_throttled_periods_total
      - lagInFrame(cpu_throttled_periods_total, 1, cpu_throttled_periods_total) OVER life AS throttled_periods,
    cpu_throttled_seconds_total
      - lagInFrame(cpu_throttled_seconds_total, 1, cpu_throttled_seconds_total) OVER life AS throttled_seconds
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
    HAVING max(newest) > ${now} - toIntervalSecond(${newestSampleSeconds})
      AND sum(periods) >= ${minPeriods} AND sum(throttled) > {threshold:Float64} * sum(periods)
  )
  WINDOW life AS (PARTITION BY container_id, started_at ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`;

const isRecent = `time > ${now} - toIntervalSecond(${windowSeconds})`;

const perMinute = `
  SELECT
    container_id, ${innerLabels},
    toFloat64(intDiv(toUnixTimestamp64Milli(time), 60000) * 60000) AS bucket,
    sum(throttled_periods) / sum(periods) AS ratio_of_minute,
    sumIf(periods, ${isRecent}) AS recent_periods,
    sumIf(throttled_periods, ${isRecent}) AS recent_throttled_periods,
    sumIf(throttled_seconds, ${isRecent}) AS recent_seconds,
    max(cpu_limit_cores) AS cores
  FROM (${growth}
  )
  GROUP BY container_id, bucket
  HAVING sum(periods) > 0`;

export const cpuThrottled = defineRule<Row>({
  name,
  title: 'CPU throttled',
  description: 'More than 25 % of the CPU quota periods of the last five minutes were throttled.',
  category: 'quota',
  severity: 'warning',
  threshold: 0.25,
  unit: 'ratio',
  forMs: 60_000,
  statement: (scope) => ({
    sql: `
SELECT
  container_id, ${outerLabels},
  sum(recent_throttled_periods) / greatest(sum(recent_periods), 1) AS ratio,
  toFloat64(sum(recent_seconds)) AS throttled,
  toFloat64(ifNull(max(cores), 0)) AS limit_cores,
  arraySort(groupArray(bucket)) AS times,
  arraySort((v, b) -> b, groupArray(ratio_of_minute), groupArray(bucket)) AS series
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
