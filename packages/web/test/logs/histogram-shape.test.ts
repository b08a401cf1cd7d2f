import { expect, test } from 'vitest';
import { shapeHistogram } from '../../src/logs/histogram-shape.ts';

test('one error among a million lines still has a bar of its own', () => {
  const shape = shapeHistogram(
    {
      from: 0,
      to: 2000,
      step_ms: 1000,
      counts: { info: [1_000_000, 5], error: [1, 0] },
      total: 1_000_006,
    },
    60,
  );
  expect(shape.buckets).toBe(2);
  expect(shape.totals).toEqual([1_000_001, 5]);
  expect(shape.bands.find((band) => band.tone === 'error')?.path).toMatch(/v-1h/);
});

test('no lines make no bars', () => {
  expect(
    shapeHistogram({ from: 0, to: 1000, step_ms: 100, counts: {}, total: 0 }, 60),
  ).toMatchObject({ bands: [], highest: 0 });
});
