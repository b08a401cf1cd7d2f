import { describe, expect, test } from 'vitest';
import {
  exactTime,
  exactTimeNs,
  plusMinus,
  relativeTime,
  shortTime,
  timeLeft,
} from '../../src/format/time.ts';

const noon = new Date(2026, 10, 23, 12, 0, 0).getTime();

describe('a time', () => {
  test.each([
    [noon, 'now'],
    [noon - 12_000, '12 s ago'],
    [noon - 90_000, '1 min ago'],
    [noon - 3 * 3_600_000, '3 h ago'],
    [noon - 50 * 3_600_000, '2 d ago'],
    [noon + 300_000, 'in 5 min'],
  ])('%d is read relative to now', (ms, text) => {
    expect(relativeTime(ms, noon)).toBe(text);
  });

  test('is exact on hover', () => {
    expect(exactTime(noon + 7)).toBe('2026-11-23 12:00:00.007');
  });

  test('keeps the nine digits that a number would lose', () => {
    expect(exactTimeNs(`${noon}402118`)).toBe('2026-11-23 12:00:00.000402118');
  });

  test('carries a day only where it is not today', () => {
    expect(shortTime(noon - 3_600_000, noon)).toBe('11:00');
    expect(shortTime(noon - 24 * 3_600_000, noon)).toBe('Sun 12:00');
    expect(shortTime(noon - 20 * 24 * 3_600_000, noon)).toBe('11-03 12:00');
  });
});

describe('time left', () => {
  test('says now where nothing is left', () => {
    expect(timeLeft(null)).toBe('now');
    expect(timeLeft(0)).toBe('now');
    expect(timeLeft(20_400)).toBe('5 h 40 m');
  });

  test('has half its interval beside it', () => {
    expect(plusMinus(17_400, 23_400)).toBe('± 50 m');
    expect(plusMinus(null, 5)).toBe('');
  });
});
