import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { ManualClock } from '@plimsoll/runtime';
import { DeadLetterCount } from '../../src/compose/dead-letter-count.ts';

test('counts again when it is asked after ten seconds', async () => {
  let letters = 0;
  const clock = new ManualClock();
  const count = new DeadLetterCount(() => Promise.resolve(letters), clock);
  await count.refresh();
  letters = 1;
  await clock.advance(10_000);
  count.get();
  await sleep(50);
  expect(count.get()).toBe(0);
  await clock.advance(1);
  await vi.waitFor(() => expect(count.get()).toBe(1), { timeout: 10_000 });
});

test('stays as it was while letters cannot be counted', async () => {
  let isAway = false;
  const letters = () => (isAway ? Promise.reject(new Error('Kafka is away')) : Promise.resolve(3));
  const count = new DeadLetterCount(letters, new ManualClock());
  await count.refresh();
  isAway = true;
  await count.refresh();
  expect(count.get()).toBe(3);
});
