/**
 * Histograms with exponential buckets as classic ones, so that SQL and `histogram_quantile` over `le`
 * can use them.
 *
 * Of schema s (OTLP: scale) bucket i counts values in (2^((i-1)/2^s), 2^(i/2^s)], and on the negative
 * side the same mirrored. A classic histogram has a cumulative count for each bound. All bounds between
 * the lowest and the highest bucket in use are given, also of empty buckets, so that a bound seldom
 * comes late; and one below the lowest. When they are more than allowed, two buckets become one
 * (s becomes s-1), which is exact: the bounds of s-1 are every other bound of s, so series go on.
 * A value that is equal to a negative bound is counted above it instead of at it.
 */

/** One side of it; `indexes` grow, `counts` stand beside them. */
export interface ExponentialBuckets {
  indexes: number[];
  counts: number[];
}

export interface ExponentialHistogram {
  schema: number;
  /** Values in [-zeroThreshold, zeroThreshold]. */
  zeroCount: number;
  zeroThreshold: number;
  positive: ExponentialBuckets;
  negative: ExponentialBuckets;
}

/** Finite upper bounds in order, and how many values are at most that. */
export interface ClassicBuckets {
  bounds: number[];
  cumulative: number[];
}

/** Bounds of a finer schema are nearer than doubles need; OTLP allows scale 20. */
const finestSchema = 8;

/** @param maxBounds at least 8 */
export function classicBuckets(given: ExponentialHistogram, maxBounds: number): ClassicBuckets {
  const histogram = {
    ...given,
    positive: trimEmpty(given.positive),
    negative: trimEmpty(given.negative),
  };
  for (;;) {
    const { positive, negative, schema } = histogram;
    // Each side has a bound more than buckets; zero has one.
    const bounds = span(positive) + span(negative) + 3;
    if (schema <= finestSchema && bounds <= maxBounds) return cumulate(histogram);
    histogram.schema -= 1;
    histogram.positive = halve(positive);
    histogram.negative = halve(negative);
  }
}

function cumulate(histogram: ExponentialHistogram): ClassicBuckets {
  const { positive, negative, schema, zeroCount, zeroThreshold } = histogram;
  const bounds: number[] = [];
  const cumulative: number[] = [];
  let sum = 0;
  const add = (bound: number): void => {
    const last = bounds.at(-1);
    // Buckets beyond what doubles hold, and bounds within the zero bucket.
    if (!Number.isFinite(bound) || (last !== undefined && bound <= last)) {
      if (bound === last) cumulative[cumulative.length - 1] = sum;
      return;
    }
    // Of a bound that is too near to zero for a double nothing is left, but for its sign.
    bounds.push(bound === 0 ? 0 : bound);
    cumulative.push(sum);
  };
  for (const [index, count] of dense(negative).toReversed()) {
    if (bounds.length === 0 && sum === 0) add(-boundOf(schema, index));
    sum += count;
    add(-boundOf(schema, index - 1));
  }
  sum += zeroCount;
  const hasZero = zeroCount > 0 || negative.indexes.length > 0;
  if (hasZero) add(zeroThreshold);
  for (const [at, [index, count]] of dense(positive).entries()) {
    if (at === 0) add(boundOf(schema, index - 1));
    sum += count;
    add(boundOf(schema, index));
  }
  return { bounds, cumulative };
}

/** 2^(index / 2^schema): made of square roots and powers of two, the same on every machine. */
export function boundOf(schema: number, index: number): number {
  if (schema <= 0) return powerOfTwo(index * 2 ** -schema);
  const perOctave = 2 ** schema;
  const octave = Math.floor(index / perOctave);
  let fraction = 1;
  let root = Math.SQRT2;
  for (let half = perOctave / 2, left = index - octave * perOctave; left > 0; half /= 2) {
    if (left >= half) {
      fraction *= root;
      left -= half;
    }
    root = Math.sqrt(root);
  }
  return scale(fraction, octave);
}

function powerOfTwo(exponent: number): number {
  return scale(1, exponent);
}

/** In two steps where one would leave the range of doubles. */
function scale(fraction: number, exponent: number): number {
  if (exponent > 1023) return exponent > 1024 ? Infinity : fraction * 2 ** 1023 * 2;
  if (exponent < -1022) return fraction * 2 ** -1022 * 2 ** Math.max(-1074, exponent + 1022);
  return fraction * 2 ** exponent;
}

function span({ indexes }: ExponentialBuckets): number {
  const first = indexes[0];
  return first === undefined ? 0 : (indexes.at(-1) ?? first) - first + 1;
}

/** With the empty buckets between those that are given. */
function dense({ indexes, counts }: ExponentialBuckets): [index: number, count: number][] {
  const [first] = indexes;
  if (first === undefined) return [];
  const filled: [number, number][] = [];
  for (const [at, index] of indexes.entries()) {
    for (let next = first + filled.length; next < index; next += 1) filled.push([next, 0]);
    filled.push([index, counts[at] ?? 0]);
  }
  return filled;
}

function trimEmpty({ indexes, counts }: ExponentialBuckets): ExponentialBuckets {
  const kept = indexes.map((_, at) => at).filter((at) => (counts[at] ?? 0) !== 0);
  return { indexes: kept.map((at) => indexes[at] ?? 0), counts: kept.map((at) => counts[at] ?? 0) };
}

/** Buckets 2k-1 and 2k become k. */
function halve({ indexes, counts }: ExponentialBuckets): ExponentialBuckets {
  const halved: ExponentialBuckets = { indexes: [], counts: [] };
  for (const [at, index] of indexes.entries()) {
    const target = Math.ceil(index / 2);
    const last = halved.indexes.length - 1;
    if (halved.indexes[last] === target) {
      halved.counts[last] = (halved.counts[last] ?? 0) + (counts[at] ?? 0);
    } else {
      halved.indexes.push(target);
      halved.counts.push(counts[at] ?? 0);
    }
  }
  return halved;
}
