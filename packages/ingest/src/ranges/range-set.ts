/** Half-open ranges of whole numbers, such as bytes of a file. Pure. */
export interface Range {
  start: number;
  end: number;
}

/** Sorted, disjoint, not touching. */
export type RangeSet = readonly Range[];

export const emptyRanges: RangeSet = [];

/** The union of a set and one more range. */
export function addRange(set: RangeSet, { start, end }: Range): RangeSet {
  if (start >= end) return set;
  const first = firstEndingAtOrAfter(set, start);
  let last = first;
  let merged = { start, end };
  for (let touching = set[last]; touching && touching.start <= end; touching = set[last]) {
    merged = {
      start: Math.min(merged.start, touching.start),
      end: Math.max(merged.end, touching.end),
    };
    last += 1;
  }
  return [...set.slice(0, first), merged, ...set.slice(last)];
}

/** What of `range` is not in the set, in order. */
export function subtractRanges(range: Range, set: RangeSet): Range[] {
  const left: Range[] = [];
  let start = range.start;
  for (let index = firstEndingAtOrAfter(set, start); index < set.length; index++) {
    const known = set[index];
    if (!known || known.start >= range.end) break;
    if (known.start > start) left.push({ start, end: known.start });
    start = Math.max(start, known.end);
  }
  if (start < range.end) left.push({ start, end: range.end });
  return left;
}

/** Binary search: a long-lived file with many gaps must not cost a scan per chunk. */
function firstEndingAtOrAfter(set: RangeSet, start: number): number {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = set[middle];
    if (range && range.end < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
