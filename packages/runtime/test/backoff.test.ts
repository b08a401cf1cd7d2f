import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backoff, ManualClock, retry } from '../src/index.ts';

describe('Backoff', () => {
  test('doubles its ceiling up to the maximum, and begins again after a success', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 1000, random: () => 1 });
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  test('waits anything between nothing and the ceiling, however many failures', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(random, fc.integer({ min: 1, max: 2000 }), (value, failures) => {
        const backoff = new Backoff({ initialMs: 10, maxMs: 5000, random: () => value });
        let wait = 0;
        for (let i = 0; i < failures; i++) wait = backoff.next();
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(5000);
      }),
    );
  });
});

describe('retry', () => {
  const backoff = { initialMs: 100, maxMs: 1000, random: () => 1 };

  test('tries until it succeeds, waiting between', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const done = retry(
      async () => {
        calls += 1;
        if (calls < 3) throw new Error('not yet');
        return 'done';
      },
      { backoff, clock },
    );
    await clock.advance(99);
    expect(calls).toBe(1);
    await clock.advance(1);
    expect(calls).toBe(2);
    await clock.advance(200);
    await expect(done).resolves.toBe('done');
  });

  test('throws the last error when its tries are used up', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const failing = async (): Promise<never> => {
      calls += 1;
      throw new Error(`failure ${calls}`);
    };
    const outcome = retry(failing, { backoff, clock, maxAttempts: 3 });
    await Promise.all([clock.advance(10_000), expect(outcome).rejects.toThrow('failure 3')]);
    expect(calls).toBe(3);
  });

  test('does not try again what cannot be mended', async () => {
    const failing = async (): Promise<never> => {
      throw new Error('malformed');
    };
    await expect(retry(failing, { backoff, isRetryable: () => false })).rejects.toThrow(
      'malformed',
    );
  });

  test('ends its wait with the reason of the signal', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const failing = async (): Promise<never> => {
      throw new Error('down');
    };
    const outcome = retry(failing, { backoff, clock, signal: stop.signal });
    await clock.advance(50);
    stop.abort(new Error('stopping'));
    await expect(outcome).rejects.toThrow('stopping');
    expect(clock.sleeping).toBe(0);
  });
});
