/** A transport that takes nothing for long: reading stops, and what that costs is counted. */
import { appendFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { TailWorld, type TailWorldOptions } from './tail-world.ts';

let world: TailWorld | null = null;

async function start(options: TailWorldOptions): Promise<TailWorld> {
  world = await TailWorld.start(options);
  return world;
}

afterEach(() => {
  world?.dispose();
  world = null;
});

const megabyte = 'x'.repeat(99).concat('\n').repeat(10_000);

/** As Docker does it with max-file=2. */
function rotate(at: TailWorld, name: string): void {
  rmSync(at.path(`${name}.1`), { force: true });
  renameSync(at.path(name), at.path(`${name}.1`));
  writeFileSync(at.path(name), megabyte);
}

test('a stall is known since when, and ends with the first block that is read', async () => {
  const at = await start({ maxInFlightBytes: 1 });
  writeFileSync(at.path('a.log'), megabyte.repeat(3));
  at.follow('a.log');
  await at.pass();
  const since = at.tailer.blockedSinceMs;
  expect(since).toBe(at.nowMs);
  await at.pass(40_000);
  expect(at.tailer.isBlocked).toBe(true);
  expect(at.tailer.blockedSinceMs).toBe(since);
  await at.acknowledge();
  await at.pass();
  // It is blocked again, and has read meanwhile.
  expect(at.tailer.isBlocked).toBe(true);
  expect(at.tailer.blockedSinceMs).toBeGreaterThan((since ?? 0) + 40_000);
  await at.drain();
  expect(at.tailer.blockedSinceMs).toBeNull();
});

test('what rotates during a stall is held to the limits, read afterwards, or counted', async () => {
  const at = await start({
    maxInFlightBytes: 1,
    timing: { maxRetiredFiles: 6, maxHeldDeletedBytes: 4_500_000 },
  });
  writeFileSync(at.path('a.log'), megabyte);
  at.follow('a.log');
  await at.pass();
  const memory = process.memoryUsage().arrayBuffers;
  const descriptors = openDescriptors();
  for (let round = 0; round < 20; round += 1) {
    rotate(at, 'a.log');
    await at.pass(3000);
  }
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(memory + 4_000_000);
  expect(openDescriptors()).toBeLessThanOrEqual(descriptors + 7);
  for (let round = 0; round < 4; round += 1) await at.drain();
  const stored = at.stored.lines().length * 100;
  const lost = at.gaps.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(lost).toBeGreaterThan(10_000_000);
  expect(stored + lost).toBe(21 * megabyte.length);
  expect(new Set(at.gaps.map(({ reason }) => reason))).toEqual(new Set(['held_files_bytes']));
});

test('a file that is given up stays in the checkpoint until what was read is acknowledged', async () => {
  const at = await start({ timing: { maxRetiredFiles: 1 } });
  at.follow('a.log');
  for (const text of ['one\n', 'two\n', 'three\n']) {
    writeFileSync(at.path('a.log'), text);
    await at.pass();
    rmSync(at.path('a.log'));
  }
  await at.pass();
  await at.store.writeNow();
  const kept = (await at.store.load())?.files.map(({ position, size }) => [position, size]);
  expect(kept).toEqual([
    [0, 4],
    [0, 4],
    [0, 6],
  ]);
  await at.drain();
  expect(at.stored.lines().toSorted()).toEqual(['one', 'three', 'two']);
  expect(at.gaps).toEqual([]);
  expect([...at.tailer.files()]).toEqual([]);
});

test('a path that stalls does not keep others from being looked at', async () => {
  const at = await start({ maxInFlightBytes: 1 });
  writeFileSync(at.path('a.log'), megabyte.repeat(2));
  writeFileSync(at.path('b.log'), 'one\n');
  at.follow('a.log');
  at.follow('b.log');
  await at.pass();
  appendFileSync(at.path('b.log'), 'two\n');
  renameSync(at.path('b.log'), at.path('b.log.1'));
  writeFileSync(at.path('b.log'), 'three\n');
  await at.pass();
  rmSync(at.path('b.log.1'));
  for (let round = 0; round < 3; round += 1) await at.drain();
  const short = at.stored.lines().filter((line) => !line.startsWith('x'));
  expect(short.toSorted()).toEqual(['one', 'three', 'two']);
  expect(at.gaps).toEqual([]);
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
