import { ManualClock } from '@plimsoll/runtime';
import { expect, test } from 'vitest';
import { roundToBeat, untilBeat } from '../src/beat.ts';

test.each([
  [0, 1000],
  [1, 999],
  [500, 500],
  // Less than half of one away: the one after it.
  [501, 1499],
  [999, 1001],
])('%i ms behind a whole second the next beat is in %i ms', (behindMs, wantedMs) => {
  expect(untilBeat(new ManualClock(1_700_000_000_000 + behindMs))).toBe(wantedMs);
});

test('loops that began at different times wake up together', async () => {
  const clock = new ManualClock(1_700_000_000_123);
  const secondWake = async (startsAfterMs: number): Promise<number> => {
    await clock.sleep(startsAfterMs);
    await clock.sleep(untilBeat(clock));
    await clock.sleep(untilBeat(clock));
    return clock.now() % 1000;
  };
  const woken = Promise.all([0, 250, 600].map(secondWake));
  await clock.advance(5000);
  expect(await woken).toEqual([0, 0, 0]);
});

test('a short wait is as long as asked', () => {
  const clock = new ManualClock(1_700_000_000_400);
  expect([roundToBeat(999, clock), roundToBeat(1000, clock)]).toEqual([999, 600]);
});
