/**
 * Mann–Kendall trend test (Mann 1945, Kendall 1975): how many pairs rise less how many fall.
 * Ties count as neither, so a series that stands still has tau 0.
 */
export interface MannKendall {
  /** Rising pairs less falling pairs. */
  s: number;
  /** `s` as a share of all pairs, −1…1. */
  tau: number;
  /** Variance of `s` for independent values, corrected for ties. */
  variance: number;
}

export function mannKendall(values: readonly number[]): MannKendall {
  const n = values.length;
  let s = 0;
  for (let i = 0; i < n; i++) {
    const left = values[i] ?? 0;
    for (let j = i + 1; j < n; j++) s += Math.sign((values[j] ?? 0) - left);
  }
  const pairs = (n * (n - 1)) / 2;
  return { s, tau: pairs === 0 ? 0 : s / pairs, variance: varianceOfS(values) };
}

function varianceOfS(values: readonly number[]): number {
  const n = values.length;
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let ties = 0;
  for (const count of counts.values()) ties += count * (count - 1) * (2 * count + 5);
  return (n * (n - 1) * (2 * n + 5) - ties) / 18;
}
