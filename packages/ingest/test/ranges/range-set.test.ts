import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addRange,
  emptyRanges,
  subtractRanges,
  type Range,
  type RangeSet,
} from '../../src/ranges/range-set.ts';

const size = 60;
const range = fc
  .tuple(fc.nat(size), fc.nat(size))
  .map(([a, b]): Range => ({ start: Math.min(a, b), end: Math.max(a, b) }));
const ranges = fc.array(range, { maxLength: 30 });
const numbers = (list: readonly Range[]): Set<number> =>
  new Set(
    list.flatMap(({ start, end }) =>
      Array.from({ length: end - start }, (_, index) => start + index),
    ),
  );
const setOf = (list: readonly Range[]): RangeSet => list.reduce(addRange, emptyRanges);

describe('a set of ranges', () => {
  test('holds exactly the numbers that were added, in the fewest ranges', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const set = setOf(list);
        expect(numbers(set)).toEqual(numbers(list));
        for (const [index, { start, end }] of set.entries()) {
          expect(start).toBeLessThan(end);
          // Neither overlapping nor touching.
          expect(start).toBeGreaterThan(set[index - 1]?.end ?? -1);
        }
      }),
    );
  });

  test('is the same in whatever order it was made', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        expect(setOf(list.toReversed())).toEqual(setOf(list));
      }),
    );
  });

  test('subtracting leaves exactly what is not in it, in order', () => {
    fc.assert(
      fc.property(ranges, range, (list, asked) => {
        const left = subtractRanges(asked, setOf(list));
        const known = numbers(list);
        expect([...numbers(left)]).toEqual(
          [...numbers([asked])].filter((number) => !known.has(number)),
        );
      }),
    );
  });
});
