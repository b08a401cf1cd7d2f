import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mannKendall, theilSen } from '../../src/index.ts';

const xs = Array.from({ length: 30 }, (_, i) => i * 10);

describe('theilSen', () => {
  it('finds the line that all points lie on, with an interval of no width', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer(), (slope, intercept) => {
        const line = theilSen(
          xs,
          xs.map((x) => slope * x + intercept),
        );
        expect(line.slope).toBeCloseTo(slope, 6);
        expect(line.intercept).toBeCloseTo(intercept, 3);
        expect(line.low).toBeCloseTo(slope, 6);
        expect(line.high).toBeCloseTo(slope, 6);
      }),
    );
  });

  it('is not moved by a fifth of wild points', () => {
    const ys = xs.map((x, i) => (i % 5 === 2 ? 1e9 : 3 * x + 7));
    expect(theilSen(xs, ys).slope).toBeCloseTo(3, 0);
  });

  it('has an interval that holds the slope, wider where residuals hang together', () => {
    let walk = 0;
    const independent = xs.map((x, i) => x + 20 * Math.sin(i * 12.9898) ** 3);
    const dependent = xs.map((x, i) => x + (walk = 0.95 * walk + 8 * Math.sin(i * 12.9898)));
    const a = theilSen(xs, independent);
    const b = theilSen(xs, dependent);
    for (const line of [a, b]) {
      expect(line.low).toBeLessThanOrEqual(line.slope);
      expect(line.high).toBeGreaterThanOrEqual(line.slope);
    }
    expect(a.low).toBeGreaterThan(0);
    expect(b.high - b.low).toBeGreaterThan(0);
  });

  it('has no slope for a single moment', () => {
    expect(theilSen([1, 1], [2, 3]).slope).toBeNaN();
    expect(theilSen([], []).slope).toBeNaN();
  });
});

describe('mannKendall', () => {
  it.each([
    { name: 'rising', values: [1, 2, 3, 4], tau: 1 },
    { name: 'falling', values: [4, 3, 2, 1], tau: -1 },
    { name: 'level', values: [5, 5, 5, 5], tau: 0 },
    { name: 'rising with a tie', values: [1, 2, 2, 3], tau: 5 / 6 },
    { name: 'a single value', values: [1], tau: 0 },
  ])('tau of a series $name', ({ values, tau }) => {
    expect(mannKendall(values).tau).toBeCloseTo(tau, 12);
  });

  it('has the textbook variance without ties', () => {
    expect(mannKendall([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).variance).toBe(125);
  });

  it('turns its sign when the series is turned round', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 2, maxLength: 40 }), (values) => {
        expect(mannKendall(values.toReversed()).s + mannKendall(values).s).toBe(0);
      }),
    );
  });
});
