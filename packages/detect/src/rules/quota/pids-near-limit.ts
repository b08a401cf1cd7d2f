import { evidenceOf, fingerprint } from '../../finding.ts';
import { formatCount, formatPercent } from '../../format.ts';
import { defineRule } from '../../rule.ts';
import { containerIdentity, containerTitle, labelsOf } from '../../sql/container.ts';
import {
  saturationStatement,
  seriesOf,
  sinceAbove,
  type SaturationRow,
} from '../../sql/saturation.ts';

const name = 'pids_near_limit';

export const pidsNearLimit = defineRule<SaturationRow>({
  name,
  title: 'Processes near their limit',
  description: 'Processes and threads (pids.current) are at 90 % or more of pids.max.',
  category: 'quota',
  severity: 'warning',
  threshold: 0.9,
  unit: 'ratio',
  forMs: 30_000,
  statement: (scope) => saturationStatement('pids_current', 'pids_limit', scope),
  findings: (rows, scope) =>
    rows.map((row) => ({
      fingerprint: fingerprint(name, containerIdentity(row)),
      labels: labelsOf(row),
      value: row.used / row.limit_value,
      threshold: scope.threshold,
      unit: 'ratio',
      summary: `${containerTitle(row)} has ${formatPercent(row.used / row.limit_value)} of the processes it may have`,
      description:
        `${formatCount(row.used)} of ${formatCount(row.limit_value)} processes and threads. ` +
        'At the limit fork and clone fail with EAGAIN: no new thread, no health check, no shell.',
      evidence: evidenceOf({
        unit: 'count',
        series: seriesOf(row.times, row.series),
        limit: row.limit_value,
        since: sinceAbove(row.times, row.series, scope.threshold * row.limit_value),
      }),
    })),
});
