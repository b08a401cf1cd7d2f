import { describe, expect, it } from 'vitest';
import { sign, verify } from '../../src/index.ts';

const nowMs = 1_767_571_200_000;
const body = '{"version":"1"}';
const request = {
  timestamp: String(nowMs / 1000),
  signature: sign('secret', nowMs / 1000, body),
  body,
};
const options = { nowMs, maxAgeSeconds: 300 };

describe('verify', () => {
  it('takes what was signed', () => {
    expect(verify('secret', request, options)).toBe(true);
  });

  it.each([
    { name: 'another secret', secret: 'other', change: {} },
    { name: 'another body', secret: 'secret', change: { body: `${body} ` } },
    { name: 'another time', secret: 'secret', change: { timestamp: String(nowMs / 1000 + 1) } },
    { name: 'no number', secret: 'secret', change: { timestamp: 'soon' } },
    { name: 'a signature cut short', secret: 'secret', change: { signature: 'sha256=00' } },
  ])('refuses $name', ({ secret, change }) => {
    expect(verify(secret, { ...request, ...change }, options)).toBe(false);
  });

  it('refuses what was recorded and sent again later', () => {
    expect(verify('secret', request, { ...options, nowMs: nowMs + 301_000 })).toBe(false);
  });
});
