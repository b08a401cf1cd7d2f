import { describe, expect, test } from 'vitest';
import { sparkPaths, sparkWidth } from '../../src/charts/sparkline-path.ts';

describe('a sparkline', () => {
  test('breaks its line at a gap', () => {
    const { line } = sparkPaths(
      {
        points: [
          [0, 1],
          [1, 2],
          [2, null],
          [3, 3],
        ],
        limit: null,
      },
      40,
    );
    expect(line.match(/M/g)).toHaveLength(2);
  });

  test('projects up to where line and limit meet', () => {
    const paths = sparkPaths(
      {
        points: [
          [0, 0],
          [10_000, 50],
        ],
        limit: 100,
        timeLeftSeconds: 5,
      },
      40,
    );
    expect(paths.projection.endsWith(`L${sparkWidth} ${paths.limitY}`)).toBe(true);
  });

  test('shows the beginning of a projection that ends far away', () => {
    const paths = sparkPaths(
      {
        points: [
          [0, 0],
          [10_000, 50],
        ],
        limit: 100,
        timeLeftSeconds: 1000,
      },
      40,
    );
    const end = Number(paths.projection.split(' ').at(-1));
    expect(end).toBeGreaterThan(paths.limitY ?? 0);
  });

  test('draws the interval as a wedge', () => {
    const paths = sparkPaths(
      {
        points: [
          [0, 0],
          [10_000, 50],
        ],
        limit: 100,
        timeLeftSeconds: 5,
        timeLeftLowSeconds: 4,
        timeLeftHighSeconds: 6,
      },
      40,
    );
    expect(paths.interval).toMatch(/^M.*L.*L.*z$/);
  });

  test('of nothing is nothing', () => {
    expect(sparkPaths({ points: [], limit: 5 }, 40)).toMatchObject({
      line: '',
      area: '',
      projection: '',
    });
  });
});
