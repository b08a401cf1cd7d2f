import { evidenceOf, fingerprint } from '../../finding.ts';
import { formatSeconds } from '../../format.ts';
import { defineRule } from '../../rule.ts';
import { scopeParams, within } from '../../sql/statement.ts';

const name = 'collector_silent';
/** A host that has not reported for a day is taken as gone for good. */
const knownSeconds = 86_400;

interface Row {
  host: string;
  silent_seconds: number;
  newest: number;
}

export const collectorSilent = defineRule<Row>({
  name,
  title: 'Collector silent',
  description:
    'A host that reported within the last day has sent no heartbeat for 60 seconds: nothing is known of its containers.',
  category: 'collection',
  severity: 'critical',
  threshold: 60,
  unit: 'seconds',
  forMs: 30_000,
  holdsWhileSilent: false,
  statement: (scope) => ({
    sql: `
SELECT
  host,
  toFloat64(max(toUnixTimestamp64Milli(time))) AS newest,
  ({now:Int64} - newest) / 1000 AS silent_seconds
FROM collector_stats
WHERE ${within(knownSeconds)}
GROUP BY host
HAVING silent_seconds >= {threshold:Float64}
ORDER BY host`,
    params: scopeParams(scope),
  }),
  findings: (rows, scope) =>
    rows.map((row) => ({
      fingerprint: fingerprint(name, { host: row.host }),
      labels: { host: row.host },
      value: row.silent_seconds,
      threshold: scope.threshold,
      unit: 'seconds',
      summary: `the collector of ${row.host} has been silent for ${formatSeconds(row.silent_seconds)}`,
      description:
        'The host may be down or cut off, its collector stopped, or its clock wrong. ' +
        'Alerts of its containers keep their state until it reports again.',
      evidence: evidenceOf({ unit: 'seconds', since: row.newest }),
    })),
});
