import { evidenceOf, fingerprint } from '../../finding.ts';
import { formatBytes, formatPercent } from '../../format.ts';
import { defineRule } from '../../rule.ts';
import { containerIdentity, containerTitle, labelsOf } from '../../sql/container.ts';
import {
  saturationStatement,
  seriesOf,
  sinceAbove,
  type SaturationRow,
} from '../../sql/saturation.ts';

const name = 'memory_near_limit';

export const memoryNearLimit = defineRule<SaturationRow>({
  name,
  title: 'Memory near its limit',
  description:
    'Memory that the kernel cannot reclaim (anonymous, shared, kernel, sockets; not page cache) is at 90 % or more of the limit.',
  category: 'quota',
  severity: 'warning',
  threshold: 0.9,
  unit: 'ratio',
  forMs: 30_000,
  statement: (scope) =>
    saturationStatement('memory_unreclaimable_bytes', 'memory_limit_bytes', scope),
  findings: (rows, scope) =>
    rows.map((row) => ({
      fingerprint: fingerprint(name, containerIdentity(row)),
      labels: labelsOf(row),
      value: row.used / row.limit_value,
      threshold: scope.threshold,
      unit: 'ratio',
      summary: `memory of ${containerTitle(row)} is ${formatPercent(row.used / row.limit_value)} of its limit`,
      description:
        `${formatBytes(row.used)} of ${formatBytes(row.limit_value)} cannot be reclaimed. ` +
        'At the limit the kernel kills a process of this container.',
      evidence: evidenceOf({
        unit: 'bytes',
        series: seriesOf(row.times, row.series),
        limit: row.limit_value,
        since: sinceAbove(row.times, row.series, scope.threshold * row.limit_value),
      }),
    })),
});
