import { ManualClock } from '@plimsoll/runtime';
import { expect, test } from 'vitest';
import { Wakeup } from '../src/wakeup.ts';

const never = new AbortController().signal;

test('a notice that came before the wait ends it, and the next wait needs another', async () => {
  const clock = new ManualClock();
  const wakeup = new Wakeup(clock);
  wakeup.notify();
  await wakeup.untilNotified(never);
  let isOver = false;
  const waiting = wakeup.untilNotified(never).then(() => (isOver = true));
  await clock.advance(1_000_000);
  expect([isOver, clock.sleeping]).toEqual([false, 0]);
  wakeup.notify();
  await waiting;
});

test('an abort ends the wait', async () => {
  const stopping = new AbortController();
  const waiting = new Wakeup(new ManualClock()).untilNotified(stopping.signal);
  stopping.abort();
  await expect(waiting).resolves.toBeUndefined();
});
