/** Histograms as the series that a classic one has: `_bucket` for each bound, `_count`, `_sum`. */
import type { BatchBuilder } from './batch-builder.ts';
import type { SeriesIdentity } from './metrics-batch.ts';
import type { Label } from './series-identity.ts';

export interface ClassicHistogram {
  /** Values of `le` but for `+Inf`, and how many values are at most that. */
  bounds: readonly string[];
  cumulative: readonly number[];
  count: number;
  /** Null: not known; then there is no `_sum`. */
  sum: number | null;
  timeMs: number;
  /** Markers instead of values: the source has stopped. */
  isStale: boolean;
}

/** Whose histogram it is: labels with `__name__`, and what stands for them in the memory of series. */
export interface HistogramOwner {
  key: string;
  metricName: string;
  /** Without `__name__`. */
  labels: readonly Label[];
}

/** @returns what is wrong with a series of it; nothing of it is added then */
export function addClassicHistogram(
  builder: BatchBuilder,
  owner: HistogramOwner,
  histogram: ClassicHistogram,
): string | null {
  const planned: [series: SeriesIdentity, value: number][] = [];
  const { bounds, cumulative, count, sum, isStale, timeMs } = histogram;
  const plan = (suffix: string, le: string | null, value: number): string | null => {
    const series = derivedSeries(builder, owner, { suffix, le });
    if (typeof series === 'string') return series;
    planned.push([series, value]);
    return null;
  };
  let problem = plan('_count', null, count);
  if (sum !== null) problem ??= plan('_sum', null, sum);
  for (const [index, le] of bounds.entries()) {
    problem ??= plan('_bucket', le, cumulative[index] ?? 0);
  }
  problem ??= plan('_bucket', '+Inf', count);
  if (problem !== null) return problem;
  for (const [series, value] of planned) {
    const index = builder.addSeries(series);
    if (isStale) builder.samples.pushStale(index, timeMs);
    else builder.samples.push(index, value, timeMs);
  }
  builder.checkSampleCount();
  return null;
}

function derivedSeries(
  builder: BatchBuilder,
  owner: HistogramOwner,
  { suffix, le }: { suffix: string; le: string | null },
): SeriesIdentity | string {
  // Begins as no other key does.
  const key = `\ud804${owner.key}\ud801${suffix}\ud801${le ?? ''}`;
  const known = builder.recall(key);
  if (known) return known;
  const labels: Label[] = [['__name__', owner.metricName + suffix]];
  for (const label of owner.labels) if (le === null || label[0] !== 'le') labels.push(label);
  if (le !== null) labels.push(['le', le]);
  return builder.identify(key, labels);
}
