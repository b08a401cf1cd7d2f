import { evidenceOf, fingerprint } from '../../finding.ts';
import { formatCount } from '../../format.ts';
import { defineRule } from '../../rule.ts';
import {
  containerIdentity,
  containerTitle,
  innerLabels,
  labelsOf,
  outerLabels,
  type LabelRow,
} from '../../sql/container.ts';
import { scopeParams, within } from '../../sql/statement.ts';

const name = 'restart_loop';
const windowSeconds = 600;

interface Row extends LabelRow {
  restarts: number;
  exit_code: string;
  times: number[];
}

/** Deaths by event, and Docker's own count of restarts: the larger one, as either may be missing. */
export const restartLoop = defineRule<Row>({
  name,
  title: 'Restarting over and over',
  description: 'A container died or was restarted three times or more within ten minutes.',
  category: 'health',
  severity: 'critical',
  threshold: 3,
  unit: 'count',
  forMs: 0,
  statement: (scope) => ({
    sql: `
SELECT
  container_id, ${outerLabels},
  toFloat64(max(count_of_source)) AS restarts,
  max(last_exit_code) AS exit_code,
  arraySort(groupArrayArray(source_times)) AS times
FROM
(
  SELECT
    container_id, ${innerLabels}, 'die' AS source, uniqExact(event_id) AS count_of_source,
    argMax(attributes['exit_code'], time) AS last_exit_code,
    groupUniqArray(60)(toFloat64(toUnixTimestamp64Milli(time))) AS source_times
  FROM events
  WHERE ${within(windowSeconds)} AND kind = 'container_die' AND container_id != ''
  GROUP BY container_id
  UNION ALL
  SELECT
    container_id, ${innerLabels}, 'counter' AS source,
    greatest(
      toUInt64(ifNull(max(restarts_total) - min(restarts_total), 0)),
      uniqExact(started_at) - 1
    ) AS count_of_source,
    '' AS last_exit_code, CAST([], 'Array(Float64)') AS source_times
  FROM container_stats
  WHERE ${within(windowSeconds)}
  GROUP BY container_id
  HAVING count_of_source > 0
)
GROUP BY container_id
HAVING restarts >= {threshold:Float64}
ORDER BY restarts DESC, container_id`,
    params: scopeParams(scope),
  }),
  findings: (rows, scope) =>
    rows.map((row) => ({
      fingerprint: fingerprint(name, containerIdentity(row)),
      labels: labelsOf(row),
      value: row.restarts,
      threshold: scope.threshold,
      unit: 'count',
      summary: `${containerTitle(row)} restarted ${formatCount(row.restarts)} times in ten minutes`,
      description: row.exit_code
        ? `It ended with exit code ${row.exit_code}${exitMeaning(row.exit_code)}.`
        : 'Its exit code is not known.',
      evidence: evidenceOf({
        unit: 'count',
        series: row.times.slice(-60).map((time, i) => [time, i + 1]),
        since: row.times[0] ?? null,
      }),
    })),
});

/** Codes above 128 are 128 plus the number of a signal (POSIX shells, and Docker likewise). */
function exitMeaning(code: string): string {
  const meanings: Record<string, string> = {
    '137': ', killed by SIGKILL: out of memory, or not stopped in time',
    '139': ', a segmentation fault',
    '143': ', ended by SIGTERM',
    '127': ', command not found',
    '126': ', command cannot be executed',
  };
  return meanings[code] ?? '';
}
