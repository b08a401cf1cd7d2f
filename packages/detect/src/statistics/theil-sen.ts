/**
 * Theil–Sen line: the median of the slopes between all pairs of points, with Sen's (1968)
 * rank interval. Up to 29 % of the points may be arbitrary without moving the slope.
 *
 * The rank interval assumes independent residuals; those of a running process are not. The
 * variance of Kendall's S is therefore inflated by (1+r)/(1−r), r being the lag-1 autocorrelation
 * of the residuals, which widens the interval and never narrows it.
 */
import { autocorrelation } from './correlation.ts';
import { mannKendall } from './mann-kendall.ts';
import { median, medianOfSorted } from './median.ts';

export interface TheilSenLine {
  /** Units of y per unit of x. */
  slope: number;
  intercept: number;
  /** 95 % interval of the slope. */
  low: number;
  high: number;
}

/** Points with equal x are ignored as pairs. Needs two different x; otherwise every field is NaN. */
export function theilSen(xs: readonly number[], ys: readonly number[]): TheilSenLine {
  const slopes = pairwiseSlopes(xs, ys);
  if (slopes.length === 0) {
    return { slope: Number.NaN, intercept: Number.NaN, low: Number.NaN, high: Number.NaN };
  }
  const slope = medianOfSorted(slopes);
  const residuals = ys.map((y, i) => y - slope * (xs[i] ?? 0));
  const intercept = median(residuals);
  const [low, high] = rankInterval(slopes, ys, autocorrelation(residuals));
  return { slope, intercept, low, high };
}

function pairwiseSlopes(xs: readonly number[], ys: readonly number[]): Float64Array {
  const n = Math.min(xs.length, ys.length);
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const x = xs[i] ?? 0;
    const y = ys[i] ?? 0;
    for (let j = i + 1; j < n; j++) {
      const dx = (xs[j] ?? 0) - x;
      if (dx !== 0) slopes[count++] = ((ys[j] ?? 0) - y) / dx;
    }
  }
  return slopes.subarray(0, count).sort();
}

/** Below 0.95 so that a random walk still has a finite, if very wide, interval. */
const maxAutocorrelation = 0.95;

function rankInterval(
  slopes: Float64Array,
  ys: readonly number[],
  lag1: number,
): [low: number, high: number] {
  const r = Math.min(maxAutocorrelation, Math.max(0, lag1));
  const c = 1.96 * Math.sqrt(mannKendall(ys).variance * ((1 + r) / (1 - r)));
  const last = slopes.length - 1;
  const lower = Math.max(0, Math.floor((slopes.length - c) / 2));
  const upper = Math.min(last, Math.ceil((slopes.length + c) / 2));
  return [slopes[lower] ?? Number.NaN, slopes[upper] ?? Number.NaN];
}
