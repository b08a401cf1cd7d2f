import { evidenceOf, fingerprint } from '../../finding.ts';
import { formatCount } from '../../format.ts';
import { defineRule } from '../../rule.ts';
import {
  containerIdentity,
  containerTitle,
  innerLabels,
  labelsOf,
  type LabelRow,
} from '../../sql/container.ts';
import { scopeParams, within } from '../../sql/statement.ts';

const name = 'unhealthy';
/** The state of a target is written on change: the newest row may be old and still true. */
const targetSeconds = 30 * 86_400;

interface Row extends LabelRow {
  streak: number;
  seen: number;
}

export const unhealthy = defineRule<Row>({
  name,
  title: 'Unhealthy',
  description: "A running container's own health check fails.",
  category: 'health',
  severity: 'warning',
  threshold: 1,
  unit: 'count',
  forMs: 0,
  statement: (scope) => ({
    sql: `
SELECT
  container_id, ${innerLabels.replaceAll(' AS l_', ' AS ')},
  toFloat64(greatest(argMax(health_failing_streak, time), 1)) AS streak,
  toFloat64(max(toUnixTimestamp64Milli(time))) AS seen
FROM targets
WHERE ${within(targetSeconds)} AND container_id IN
  (SELECT container_id FROM container_stats WHERE ${within(300)})
GROUP BY container_id
HAVING argMax(health, time) = 'unhealthy' AND argMax(state, time) = 'running'
  AND streak >= {threshold:Float64}
ORDER BY container_id`,
    params: scopeParams(scope),
  }),
  findings: (rows, scope) =>
    rows.map((row) => ({
      fingerprint: fingerprint(name, containerIdentity(row)),
      labels: labelsOf(row),
      value: row.streak,
      threshold: scope.threshold,
      unit: 'count',
      summary: `${containerTitle(row)} is unhealthy`,
      description: `Its health check has failed ${formatCount(row.streak)} time${row.streak === 1 ? '' : 's'} in a row.`,
      evidence: evidenceOf({ unit: 'count', since: row.seen }),
    })),
});
