import { evidenceOf, fingerprint, type Finding } from '../finding.ts';
import { formatAmount, formatSeconds } from '../format.ts';
import { defineRule, type Rule, type RuleScope } from '../rule.ts';
import { containerIdentity, containerTitle, labelsOf } from '../sql/container.ts';
import type { Floors } from './floors.ts';
import type { LeakResource } from './resource.ts';
import { judgeLife, type LifeVerdict } from './series.ts';
import { leakStatement, type LeakRow } from './statement.ts';

const weekSeconds = 7 * 86_400;

export function leakRule(resource: LeakResource): Rule {
  return defineRule<LeakRow>({
    name: resource.rule,
    title: resource.title,
    description: resource.description,
    category: 'leak',
    severity: 'warning',
    threshold: weekSeconds,
    unit: 'seconds',
    // The judge itself looks back for persistence; this only guards against one odd evaluation.
    forMs: 120_000,
    intervalMs: 60_000,
    timeoutMs: 30_000,
    statement: (scope) => leakStatement(resource, scope),
    findings: (rows, scope) => rows.flatMap((row) => findingOf(resource, row, scope)),
  });
}

function findingOf(resource: LeakResource, row: LeakRow, scope: RuleScope): Finding[] {
  const limit = row.limit_value > 0 ? row.limit_value : null;
  const verdict = judgeLife(
    {
      long: floorsOf(row.long_times, row.long_values, row.long_cpu),
      fine: floorsOf(row.fine_times, row.fine_values, row.fine_cpu),
    },
    { limit, minGrowth: resource.minGrowth, maxTimeLeftSeconds: scope.threshold },
  );
  if (!verdict.isLeak) return [];
  return [
    {
      fingerprint: fingerprint(resource.rule, containerIdentity(row)),
      labels: labelsOf(row),
      value: verdict.timeLeftSeconds,
      threshold: scope.threshold,
      unit: 'seconds',
      ...sentences(resource, row, { verdict, limit }),
      evidence: evidenceOf({
        unit: resource.unit,
        series: verdict.floors.times.map((time, i) => [time * 1000, verdict.floors.values[i] ?? 0]),
        limit,
        slope_per_second: verdict.line.slope,
        time_left_seconds: limit === null ? null : verdict.timeLeftSeconds,
        time_left_low_seconds: limit === null ? null : verdict.timeLeftLow,
        time_left_high_seconds: limit === null ? null : verdict.timeLeftHigh,
        since: verdict.since * 1000,
        confidence: verdict.confidence,
      }),
    },
  ];
}

function sentences(
  resource: LeakResource,
  row: LeakRow,
  { verdict, limit }: { verdict: LifeVerdict & { isLeak: true }; limit: number | null },
): Pick<Finding, 'summary' | 'description'> {
  const perHour = formatAmount(verdict.line.slope * 3600, resource.unit);
  const left = formatSeconds(verdict.timeLeftSeconds);
  const title = containerTitle(row);
  if (limit === null) {
    return {
      summary: `${title} leaks ${resource.noun}: ${perHour} an hour`,
      description: `The floor is at ${formatAmount(verdict.level, resource.unit)} and doubles within ${left}. There is no limit to stop it but the host's.`,
    };
  }
  const low = formatSeconds(verdict.timeLeftLow);
  const high = formatSeconds(verdict.timeLeftHigh);
  return {
    summary: `${title} leaks ${resource.noun}: ${left} left`,
    description:
      `The floor grows by ${perHour} an hour and is at ${formatAmount(verdict.level, resource.unit)} of ` +
      `${formatAmount(limit, resource.unit)}. In ${left} (between ${low} and ${high}) ${resource.consequence}.`,
  };
}

/** CPU totals become cores used within each window; the first window has no predecessor. */
function floorsOf(times: number[], values: number[], cpuTotals: number[]): Floors {
  const loads = times.map((time, i) => {
    if (i === 0) return null;
    const used = (cpuTotals[i] ?? 0) - (cpuTotals[i - 1] ?? 0);
    const seconds = time - (times[i - 1] ?? time);
    return used < 0 || seconds <= 0 || (cpuTotals[i] ?? 0) === 0 ? null : used / seconds;
  });
  return { times, values, loads };
}
