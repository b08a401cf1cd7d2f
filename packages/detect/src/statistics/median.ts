/** The middle value; of an even count the mean of the two in the middle. Does not alter its input. */
export function median(values: readonly number[]): number {
  return medianOfSorted(Float64Array.from(values).sort());
}

export function medianOfSorted(sorted: ArrayLike<number>): number {
  const n = sorted.length;
  if (n === 0) return Number.NaN;
  const upper = sorted[n >> 1] ?? Number.NaN;
  return n % 2 === 1 ? upper : (upper + (sorted[(n >> 1) - 1] ?? Number.NaN)) / 2;
}
