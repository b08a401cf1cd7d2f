import { evidenceOf, fingerprint } from '../../finding.ts';
import { formatBytes } from '../../format.ts';
import { defineRule } from '../../rule.ts';
import {
  containerIdentity,
  containerTitle,
  innerLabels,
  labelsOf,
  outerLabels,
  type LabelRow,
} from '../../sql/container.ts';
import { newestSampleSeconds, sinceAbove } from '../../sql/saturation.ts';
import { now, scopeParams, within } from '../../sql/statement.ts';

const name = 'log_flood';
const windowSeconds = 300;
const minuteMs = 60_000;

interface Row extends LabelRow {
  rate: number;
  log_bytes: number;
  times: number[];
  /** Size of the log at the end of each minute. */
  sizes: number[];
}

/**
 * From the size of the log files alone, so it costs nothing to watch every container. A size that
 * falls was rotated: what was written in that step is not known, and not counted.
 */
export const logFlood = defineRule<Row>({
  name,
  title: 'Log flood',
  description:
    'A container wrote more than 256 KiB of log a second over the last five minutes, 22 GB a day.',
  category: 'quota',
  severity: 'warning',
  threshold: 256 * 1024,
  unit: 'bytes',
  forMs: 30_000,
  statement: (scope) => ({
    sql: `
SELECT
  container_id, ${outerLabels},
  max(window_rate) AS rate,
  argMax(size, bucket) AS log_bytes,
  arraySort(groupArray(bucket)) AS times,
  arraySort((v, b) -> b, groupArray(size), groupArray(bucket)) AS sizes
FROM
(
  SELECT
    s.container_id AS container_id, ${innerLabels},
    toFloat64(intDiv(toUnixTimestamp64Milli(time), ${minuteMs}) * ${minuteMs}) AS bucket,
    toFloat64(argMax(s.log_bytes, time)) AS size, any(f.rate) AS window_rate
  FROM container_stats AS s
  INNER JOIN
  (
    SELECT
      container_id,
      arraySort((v, t) -> t, groupArray(toFloat64(log_bytes)), groupArray(time)) AS sizes,
      arraySum(arrayMap(grown -> greatest(grown, 0), arrayDifference(sizes)))
        / greatest(toFloat64(max(time)) - toFloat64(min(time)), 60) AS rate
    FROM container_stats
    WHERE ${within(windowSeconds)} AND log_bytes IS NOT NULL
    GROUP BY container_id
    HAVING rate >= {threshold:Float64} AND max(time) > ${now} - toIntervalSecond(${newestSampleSeconds})
  ) AS f ON f.container_id = s.container_id
  WHERE ${within(3600)} AND s.log_bytes IS NOT NULL
  GROUP BY container_id, bucket
)
GROUP BY container_id
ORDER BY rate DESC, container_id`,
    params: scopeParams(scope),
  }),
  findings: (rows, scope) =>
    rows.map((row) => {
      const rates = row.sizes.map((size, i) => Math.max(0, size - (row.sizes[i - 1] ?? size)) / 60);
      const perSecond = `${formatBytes(row.rate)} a second`;
      return {
        fingerprint: fingerprint(name, containerIdentity(row)),
        labels: labelsOf(row),
        value: row.rate,
        threshold: scope.threshold,
        unit: 'bytes',
        summary: `${containerTitle(row)} floods its log: ${perSecond}`,
        description: `That is ${formatBytes(row.rate * 86_400)} a day; its log files hold ${formatBytes(row.log_bytes)} now.`,
        evidence: evidenceOf({
          unit: 'bytes',
          series: row.times.map((time, i) => [time, rates[i] ?? 0]),
          limit: scope.threshold,
          // The newest minute is not over yet.
          since: sinceAbove(row.times.slice(0, -1), rates.slice(0, -1), scope.threshold),
        }),
      };
    }),
});
