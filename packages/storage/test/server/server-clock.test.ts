import { assert, asyncProperty, integer } from 'fast-check';
import { expect, test } from 'vitest';
import { maxAgeMs, ServerClock } from '../../src/server/server-clock.ts';

/** A server whose clock is `skewMs` ahead, and requests that take time on both ways. */
function simulate(skewMs: number, there: () => number, back: () => number) {
  const world = { ms: 1_000, skewMs, asked: 0 };
  const clock = new ServerClock(
    async () => {
      world.asked += 1;
      world.ms += there();
      const serverMs = Math.floor(world.ms + world.skewMs);
      world.ms += back();
      return Promise.resolve(serverMs);
    },
    () => world.ms,
  );
  return { world, clock };
}

test('is never ahead of the server, and behind by no more than a request takes', async () => {
  const delay = integer({ min: 0, max: 900 });
  await assert(
    asyncProperty(integer({ min: -1e12, max: 1e12 }), delay, delay, async (skewMs, there, back) => {
      const { world, clock } = simulate(
        skewMs,
        () => there,
        () => back,
      );
      const read = await clock.read();
      const inTenSeconds = world.ms + 10_000;
      const truth = inTenSeconds + skewMs;
      expect(read(inTenSeconds)).toBeLessThanOrEqual(truth);
      expect(read(inTenSeconds)).toBeGreaterThanOrEqual(truth - there - back - 1);
    }),
  );
});

test('of slow answers the quickest counts', async () => {
  const delays = [5_000, 1_500, 3_000];
  const { world, clock } = simulate(
    0,
    () => delays.shift() ?? 0,
    () => 0,
  );
  const read = await clock.read();
  expect(world.asked).toBe(3);
  expect(read(world.ms)).toBeGreaterThanOrEqual(world.ms - 1_501);
});

test('is measured again when it is old, or was refused', async () => {
  const { world, clock } = simulate(
    0,
    () => 1,
    () => 1,
  );
  await clock.read();
  await clock.read();
  expect(world.asked).toBe(1);
  world.ms += maxAgeMs + 1;
  await clock.read();
  expect(world.asked).toBe(2);
  world.skewMs = -60_000;
  clock.forget();
  expect((await clock.read())(world.ms)).toBeLessThan(world.ms - 59_000);
});
