/** Which metric a series belongs to: a histogram's and a summary's series have names with suffixes. */
import type { MetricType } from './metrics-batch.ts';

const suffixes: Partial<Record<MetricType, RegExp>> = {
  histogram: /_(bucket|count|sum|created)$/,
  gaugehistogram: /_(bucket|gcount|gsum|count|sum)$/,
  summary: /_(count|sum|created)$/,
};

export function familyOf(metricName: string, type: MetricType): string {
  const suffix = suffixes[type];
  return suffix ? metricName.replace(suffix, '') : metricName;
}

/**
 * Names under which a series' metadata may be known: its own, then without a suffix. Prometheus tells a
 * counter of OpenMetrics without its `_total`.
 */
export function familyCandidates(metricName: string): string[] {
  const short = metricName.replace(/_(bucket|count|sum|gcount|gsum|created|total|info)$/, '');
  return short === metricName ? [metricName] : [metricName, short];
}
