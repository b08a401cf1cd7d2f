import { describe, expect, it } from 'vitest';
import { fingerprint } from '../src/index.ts';
import { formatBytes, formatPercent, formatSeconds } from '../src/format.ts';

describe('fingerprint', () => {
  it('does not depend on the order of labels', () => {
    expect(fingerprint('r', { a: '1', b: '2' })).toBe(fingerprint('r', { b: '2', a: '1' }));
  });

  it('differs by rule, by label and by where one value ends and the next begins', () => {
    const all = [
      fingerprint('r', { a: '1', b: '2' }),
      fingerprint('s', { a: '1', b: '2' }),
      fingerprint('r', { a: '12', b: '' }),
      fingerprint('r', { a: '1', c: '2' }),
    ];
    expect(new Set(all).size).toBe(all.length);
    for (const one of all) expect(one).toMatch(/^[0-9a-f]{16}$/);
  });

  it('stays what it is: stored alerts are found by it', () => {
    expect(fingerprint('oom_kill', { host: 'h1', container_id: 'c1' })).toBe('602d5176f926b471');
  });
});

describe('format', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [512 * 1024 * 1024, '512 MiB'],
    [3 * 1024 ** 4, '3.0 TiB'],
  ])('%d bytes', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0.9, '90 %'],
    [0.9996, '99.9 %'],
    [1, '100 %'],
    [0.005, '1 %'],
  ])('%d as a share', (ratio, text) => expect(formatPercent(ratio)).toBe(text));

  it.each([
    [59, '59 s'],
    [150, '2 min'],
    [3 * 3600 + 120, '3 h 2 min'],
    [86_400, '1 d'],
    [90_000, '1 d 1 h'],
    [Number.POSITIVE_INFINITY, 'for ever'],
  ])('%d seconds', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
});
