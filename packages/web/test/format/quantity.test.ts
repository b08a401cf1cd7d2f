import { describe, expect, test } from 'vitest';
import {
  axisText,
  formatDuration,
  formatQuantity,
  quantityText,
  usedOfText,
  type Unit,
} from '../../src/format/quantity.ts';

const cases: readonly [number | null, Unit, string][] = [
  [null, 'bytes', '–'],
  [Number.NaN, 'bytes', '–'],
  [0, 'bytes', '0\u00a0B'],
  [1023, 'bytes', '1023\u00a0B'],
  [1024, 'bytes', '1\u00a0KiB'],
  [1_073_741_823, 'bytes', '1\u00a0GiB'],
  [512 * 1024 * 1024, 'bytes', '512\u00a0MiB'],
  [1536 * 1024, 'bytes_per_second', '1.5\u00a0MiB/s'],
  [0.614, 'ratio', '61\u00a0%'],
  [0.0614, 'ratio', '6.1\u00a0%'],
  [1, 'ratio', '100\u00a0%'],
  [1284, 'count', '1,284'],
  [48_210_377, 'count', '48.2\u00a0M'],
  [3.25, 'count', '3.25'],
  [12, 'count_per_second', '12/s'],
  [0.0000945, 'cores', '0.09\u00a0m cores'],
  [0.34, 'cores', '340\u00a0m cores'],
  [1, 'cores', '1\u00a0core'],
  [2.5, 'cores', '2.5\u00a0cores'],
];

describe('a quantity', () => {
  test.each(cases)('%s as %s reads %j', (value, unit, text) => {
    expect(quantityText(value, unit)).toBe(text);
  });

  test('keeps its unit apart from its figure', () => {
    expect(formatQuantity(2048, 'bytes')).toEqual({ value: '2', unit: 'KiB' });
  });

  test('names the unit of a pair once where both have the same', () => {
    expect(usedOfText(100 * 1024 ** 2, 512 * 1024 ** 2, 'bytes')).toEqual({
      used: '100',
      rest: 'of 512\u00a0MiB',
    });
    expect(usedOfText(919 * 1024 ** 2, 1024 ** 3, 'bytes')).toEqual({
      used: '919\u00a0MiB',
      rest: 'of 1\u00a0GiB',
    });
    expect(usedOfText(5, 0, 'count').rest).toBe('no limit');
  });

  test('is short on an axis', () => {
    expect(axisText(0.4, 'cores')).toBe('400\u00a0m');
    expect(axisText(2, 'cores')).toBe('2');
    expect(axisText(0.0025, 'ratio')).toBe('0.25\u00a0%');
    expect(axisText(0.125, 'ratio')).toBe('12.5\u00a0%');
    expect(axisText(1, 'ratio')).toBe('100\u00a0%');
  });
});

describe('a duration', () => {
  test.each([
    [0, '0 s'],
    [0.34, '340 ms'],
    [1.24, '1.2 s'],
    [59.6, '1 m'],
    [61, '1 m 1 s'],
    [3600, '1 h'],
    [20_400, '5 h 40 m'],
    [86_400, '1 d'],
    [273_600, '3 d 4 h'],
    [-30, '−30 s'],
  ])('%d seconds read %j', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test('never shows sixty of the smaller unit', () => {
    for (let seconds = 1; seconds < 200_000; seconds += 7) {
      expect(formatDuration(seconds)).not.toMatch(/\b60 [sm]\b|\b24 h\b/);
    }
  });
});
