import { evidenceOf, fingerprint, type Finding } from '../../finding.ts';
import { formatCount } from '../../format.ts';
import { defineRule, type RuleScope } from '../../rule.ts';
import { scopeParams, within } from '../../sql/statement.ts';

const name = 'container_log_loss';
const windowSeconds = 600;

interface Row {
  host: string;
  times: number[];
  /** `dropped_total` of each heartbeat, in the order of `times`. */
  drops: Record<string, number | string>[];
}

export const containerLogLoss = defineRule<Row>({
  name,
  title: 'Log lines lost',
  description: 'A collector had to give up log records within the last ten minutes.',
  category: 'collection',
  severity: 'critical',
  threshold: 1,
  unit: 'count',
  forMs: 0,
  statement: (scope) => ({
    sql: `
SELECT
  host,
  arraySort(groupArray(at)) AS times,
  arraySort((d, a) -> a, groupArray(dropped), groupArray(at)) AS drops
FROM
(
  SELECT host, toFloat64(toUnixTimestamp64Milli(time)) AS at, dropped_total AS dropped
  FROM collector_stats
  WHERE ${within(windowSeconds)} AND host IN
  (
    SELECT host FROM collector_stats
    WHERE ${within(windowSeconds)}
    GROUP BY host
    HAVING max(arraySum(mapValues(dropped_total))) > 0
  )
)
GROUP BY host
ORDER BY host`,
    params: scopeParams(scope),
  }),
  findings: (rows, scope) => rows.flatMap((row) => lossOf(row, scope)),
});

function lossOf(row: Row, scope: RuleScope): Finding[] {
  const { byReason, first } = growthOf(row);
  const lost = [...byReason.values()].reduce((sum, count) => sum + count, 0);
  if (lost < scope.threshold) return [];
  const reasons = [...byReason]
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${reason} ${formatCount(count)}`)
    .join(', ');
  return [
    {
      fingerprint: fingerprint(name, { host: row.host }),
      labels: { host: row.host },
      value: lost,
      threshold: scope.threshold,
      unit: 'count',
      summary: `the collector of ${row.host} lost log records`,
      description: `Within ten minutes, by reason: ${reasons}.`,
      evidence: evidenceOf({
        unit: 'count',
        series: row.times.slice(-60).map((time, i) => [time, totalOf(row.drops.slice(-60)[i])]),
        since: first,
      }),
    },
  ];
}

/**
 * How much each reason grew. A count that fell is that of a collector started anew, so all of it
 * is growth; a reason that appears is growth from zero; what the oldest heartbeat says is not.
 */
function growthOf(row: Row): { byReason: Map<string, number>; first: number | null } {
  const byReason = new Map<string, number>();
  let first: number | null = null;
  for (let i = 1; i < row.drops.length; i++) {
    const before = row.drops[i - 1] ?? {};
    for (const [reason, text] of Object.entries(row.drops[i] ?? {})) {
      const count = Number(text);
      const previous = Number(before[reason] ?? 0);
      const grown = count >= previous ? count - previous : count;
      if (grown > 0) first ??= row.times[i] ?? null;
      byReason.set(reason, (byReason.get(reason) ?? 0) + grown);
    }
  }
  return { byReason, first };
}

function totalOf(dropped: Record<string, number | string> | undefined): number {
  return Object.values(dropped ?? {}).reduce<number>((sum, count) => sum + Number(count), 0);
}
