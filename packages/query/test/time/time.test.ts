import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignRange, roundStep } from '../../src/time/step.ts';
import { parseTime, resolveTime } from '../../src/time/time-expression.ts';

const now = Date.UTC(2026, 0, 31, 12);

describe('a moment', () => {
  it.each([
    ['0', 0],
    ['1769860800000', 1_769_860_800_000],
    ['1769860800000.9', 1_769_860_800_000],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T10:00', Date.UTC(2026, 0, 31, 10)],
    ['2026-01-31 10:00:01.5', Date.UTC(2026, 0, 31, 10, 0, 1, 500)],
    ['2026-01-31T10:00:00Z', Date.UTC(2026, 0, 31, 10)],
    ['2026-01-31T10:00:00+02:00', Date.UTC(2026, 0, 31, 8)],
    ['now', now],
    ['now-1h', now - 3_600_000],
    ['now-1h30m', now - 5_400_000],
    ['now+2d', now + 2 * 86_400_000],
    ['now-0.5m', now - 30_000],
    ['now-9999w', 0],
  ])('%s', (text, expected) => {
    const parsed = parseTime(text);
    expect(parsed && resolveTime(parsed, now)).toBe(expected);
  });

  it.each([
    '',
    'yesterday',
    '-1',
    '1e12',
    'now-',
    'now-1',
    'now-1y',
    'now1h',
    '2026-13-01',
    '2026-1-1',
    '99999999999999999',
    'now-99999999w',
    'NaN',
    '0x10',
  ])('%j is none', (text) => {
    expect(parseTime(text)).toBeNull();
  });

  it('never fails and never leaves what the store can hold', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseTime(text);
        if (parsed === null) return;
        const ms = resolveTime(parsed, now);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(9_223_372_036_854);
      }),
    );
  });
});

it('steps cover the range in no more pieces than asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_900_000_000_000 }),
      fc.integer({ min: 1, max: 400 * 86_400_000 }),
      fc.integer({ min: 2, max: 2000 }),
      (from, length, points) => {
        const step = roundStep(length, points, 1);
        const { start, count } = alignRange(from, from + length, step);
        expect(start % step).toBe(0);
        expect(start).toBeLessThanOrEqual(from);
        expect(start + count * step).toBeGreaterThanOrEqual(from + length);
        expect(count).toBeLessThanOrEqual(points);
      },
    ),
  );
});
