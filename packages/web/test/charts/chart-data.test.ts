import { describe, expect, test } from 'vitest';
import type { ChartSpec } from '../../src/charts/chart-spec.ts';
import { buildChartData, topOfScale } from '../../src/charts/chart-data.ts';

const spec: ChartSpec = {
  key: 'memory',
  title: 'Memory',
  unit: 'bytes',
  stacked: true,
  limit: 'limit',
  lines: [
    { name: 'anon', title: 'anon', tone: 'deep' },
    { name: 'file', title: 'file', tone: 'pale', minus: 'shmem' },
  ],
};

describe('chart data', () => {
  test('stacks lines, and keeps a gap a gap', () => {
    const data = buildChartData(spec, {
      anon: [
        [1000, 10],
        [2000, null],
        [3000, 30],
      ],
      file: [
        [1000, 5],
        [2000, null],
        [3000, 7],
      ],
      shmem: [
        [1000, 2],
        [2000, null],
        [3000, 2],
      ],
      limit: [
        [1000, 100],
        [2000, 100],
        [3000, 200],
      ],
    });
    expect(data.times).toEqual([1, 2, 3]);
    expect(data.values[1]).toEqual([3, null, 5]);
    expect(data.drawn[1]).toEqual([13, null, 35]);
    expect(data.limit).toEqual([100, 100, 200]);
  });

  test('lets what is measured more rarely stand until the next value, but not for ever', () => {
    const rare: ChartSpec = {
      key: 'descriptors',
      title: 'Open files',
      unit: 'count',
      lines: [
        { name: 'files', title: 'files', tone: 'deep', heldSeconds: 2 },
        { name: 'sockets', title: 'sockets', tone: 'grey' },
      ],
    };
    const times = [1000, 2000, 3000, 4000, 5000, 6000];
    const data = buildChartData(rare, {
      files: times.map((time) => [time, time === 2000 ? 7 : null] as const),
      sockets: times.map((time) => [time, time === 2000 ? null : 1] as const),
    });
    expect(data.values).toEqual([
      [null, 7, 7, 7, null, null],
      [1, null, 1, 1, 1, 1],
    ]);
  });

  test('puts series of different times on one axis', () => {
    const data = buildChartData(spec, {
      anon: [
        [1000, 1],
        [3000, 3],
      ],
      file: [[2000, 9]],
    });
    expect(data.times).toEqual([1, 2, 3]);
    expect(data.values[0]).toEqual([1, null, 3]);
  });

  test('has no limit where it is zero', () => {
    expect(buildChartData(spec, { anon: [[1000, 1]], limit: [[1000, 0]] }).limit).toBeNull();
  });

  test('does not press the lines flat under a limit far above', () => {
    const near = buildChartData(spec, { anon: [[1000, 50]], limit: [[1000, 100]] });
    expect(topOfScale(near).limitShown).toBe(true);
    expect(topOfScale(near).top).toBeGreaterThan(100);
    const far = buildChartData(spec, { anon: [[1000, 1]], limit: [[1000, 100]] });
    expect(topOfScale(far).limitShown).toBe(false);
    expect(topOfScale(far).top).toBeLessThan(2);
  });

  test('computes what is used from what is left', () => {
    const used: ChartSpec = {
      ...spec,
      stacked: false,
      lines: [{ name: 'free', title: 'used', tone: 'deep', from: 'size' }],
    };
    expect(buildChartData(used, { free: [[1000, 30]], size: [[1000, 100]] }).values[0]).toEqual([
      70,
    ]);
  });
});
