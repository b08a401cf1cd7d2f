import { describe, expect, test } from 'vitest';
import {
  defaultRange,
  parseRange,
  parseSpan,
  rangeKey,
  rangeParams,
  resolveRange,
  shiftRange,
  spanCode,
} from '../../src/url/time-range.ts';

const now = Date.UTC(2026, 10, 23, 12);

describe('a time range', () => {
  test.each(['5m', '90s', '6h', '24h', '7d', '45m'])('%s survives the address', (code) => {
    const range = parseRange({ range: code });
    expect(rangeParams(range)['range']).toBe(code);
  });

  test('with two ends survives the address', () => {
    const range = { kind: 'absolute', from: now - 1000, to: now } as const;
    const params = rangeParams(range);
    expect(params['from']).toBe('2026-11-23T11:59:59.000Z');
    expect(parseRange(params)).toEqual(range);
  });

  test.each([
    { range: 'soon' },
    { range: '0m' },
    { range: '999999d' },
    { from: 'x', to: 'y' },
    { from: '2026-01-02', to: '2026-01-01' },
  ])('that makes no sense is the default: %j', (params) => {
    expect(parseRange(params)).toEqual(defaultRange);
  });

  test('keeps its key while time goes on', () => {
    const range = parseRange({ range: '6h' });
    expect(rangeKey(range)).toBe('6h');
    expect(resolveRange(range, now)).toEqual({ from: now - 21_600_000, to: now });
  });

  test('moves by half of itself, never into the future', () => {
    const range = { kind: 'absolute', from: now - 4000, to: now - 1000 } as const;
    expect(shiftRange(range, now, 'back')).toEqual({
      kind: 'absolute',
      from: now - 5500,
      to: now - 2500,
    });
    expect(shiftRange(range, now, 'forward')).toEqual({
      kind: 'absolute',
      from: now - 3000,
      to: now,
    });
    expect(shiftRange({ kind: 'relative', seconds: 300 }, now, 'wider')).toEqual({
      kind: 'relative',
      seconds: 600,
    });
  });

  test('is written in its largest whole unit', () => {
    expect([60, 90, 3600, 86_400, 172_800].map(spanCode)).toEqual(['1m', '90s', '1h', '24h', '2d']);
    expect(parseSpan('2d')).toBe(172_800);
  });
});
