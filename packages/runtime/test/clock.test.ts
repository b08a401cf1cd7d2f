import { describe, expect, test } from 'vitest';
import { ManualClock, sleep } from '../src/index.ts';

describe('sleep', () => {
  test('takes about the time it was told', async () => {
    const from = performance.now();
    await sleep(20);
    expect(performance.now() - from).toBeGreaterThanOrEqual(19);
  });

  test('rejects at once when the signal aborts, and before it starts when it has', async () => {
    const stop = new AbortController();
    const sleeping = sleep(60_000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(sleep(0, stop.signal)).rejects.toThrow('enough');
  });

  test('gives an error also where the signal has another reason', async () => {
    await expect(sleep(1, AbortSignal.abort('text'))).rejects.toThrow('The operation was aborted.');
  });
});

describe('ManualClock', () => {
  test('wakes sleepers in the order they are due, also those that start on the way', async () => {
    const clock = new ManualClock(1000);
    const woken: string[] = [];
    const worker = async (name: string, ms: number): Promise<void> => {
      for (let i = 0; i < 2; i++) {
        await clock.sleep(ms);
        woken.push(`${name}@${clock.now()}`);
      }
    };
    const both = Promise.all([worker('slow', 30), worker('quick', 20)]);
    await clock.advance(60);
    await both;
    expect(woken).toEqual(['quick@1020', 'slow@1030', 'quick@1040', 'slow@1060']);
  });

  test('can step the wall clock without moving monotonic time', () => {
    const clock = new ManualClock(1000);
    clock.stepWall(-500);
    expect([clock.now(), clock.monotonic()]).toEqual([500, 0]);
  });
});
