import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  boundOf,
  classicBuckets,
  type ExponentialBuckets,
  type ExponentialHistogram,
} from '../../src/metrics/exponential-histogram.ts';

const sideWithin = (max: number): fc.Arbitrary<ExponentialBuckets> =>
  fc
    .uniqueArray(fc.record({ index: fc.integer({ min: -max, max }), count: fc.nat(1000) }), {
      selector: ({ index }) => index,
      maxLength: 30,
    })
    .map((buckets) => {
      const sorted = buckets.toSorted((a, b) => a.index - b.index);
      return {
        indexes: sorted.map(({ index }) => index),
        counts: sorted.map(({ count }) => count),
      };
    });

/** How many of the histogram's values are surely at most the bound: those of buckets that end there. */
function countUpTo(
  { indexes, counts }: ExponentialBuckets,
  upperOf: (index: number) => number,
  bound: number,
): number {
  return indexes.reduce(
    (sum, index, at) => sum + (upperOf(index) <= bound ? (counts[at] ?? 0) : 0),
    0,
  );
}

const histogramsWithin = (
  maxIndex: number,
  schema: fc.Arbitrary<number>,
): fc.Arbitrary<ExponentialHistogram> =>
  fc.record({
    positive: sideWithin(maxIndex),
    negative: sideWithin(maxIndex),
    schema,
    zeroCount: fc.nat(50),
    zeroThreshold: fc.constant(0),
  });

test('bounds grow and are few enough, and counts never fall', () => {
  const anything = histogramsWithin(3000, fc.integer({ min: -4, max: 20 }));
  fc.assert(
    fc.property(anything, fc.integer({ min: 8, max: 100 }), (histogram, maxBounds) => {
      const { bounds, cumulative } = classicBuckets(histogram, maxBounds);
      expect(bounds.length).toBeLessThanOrEqual(maxBounds);
      expect(bounds).toEqual([...new Set(bounds)].toSorted((a, b) => a - b));
      expect(cumulative).toEqual(cumulative.toSorted((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});

test('each count is that of the values that are at most the bound', () => {
  // Of buckets whose bounds, and those of coarser ones, are doubles other than zero and infinity.
  const exact = histogramsWithin(200, fc.integer({ min: 0, max: 8 }));
  fc.assert(
    fc.property(exact, fc.integer({ min: 8, max: 100 }), (histogram, maxBounds) => {
      const { positive, negative, schema, zeroCount } = histogram;
      const { bounds, cumulative } = classicBuckets(histogram, maxBounds);
      const expected = bounds.map(
        (bound) =>
          countUpTo(negative, (index) => -boundOf(schema, index - 1), bound) +
          (bound >= 0 ? zeroCount : 0) +
          countUpTo(positive, (index) => boundOf(schema, index), bound),
      );
      expect(cumulative).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test.each([
  [0, 1, 2],
  [0, 0, 1],
  [0, -1, 0.5],
  [1, 1, Math.SQRT2],
  [3, 8, 2],
  [3, -8, 0.5],
  [-1, 1, 4],
  [-4, 1, 65536],
  [0, 1023, 2 ** 1023],
  [0, 1024, Infinity],
  [0, -1074, 5e-324],
  [0, -2000, 0],
])('the bound of schema %d, bucket %d is %d', (schema, index, bound) => {
  expect(boundOf(schema, index)).toBe(bound);
});

test('bounds of a coarser schema are bounds of the finer one, to the digit', () => {
  for (let index = -50; index <= 50; index += 1) {
    for (const schema of [1, 2, 3, 8]) {
      expect(boundOf(schema, index * 2)).toBe(boundOf(schema - 1, index));
    }
  }
});

test('an empty histogram has no bounds', () => {
  const none = { indexes: [], counts: [] };
  expect(
    classicBuckets(
      { schema: 0, zeroCount: 0, zeroThreshold: 0, positive: none, negative: none },
      64,
    ),
  ).toEqual({ bounds: [], cumulative: [] });
});
