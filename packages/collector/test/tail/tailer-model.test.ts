/**
 * Random schedules of everything that happens to log files and to a collector, over real files
 * and a clock that only the schedule moves: each byte that was written is stored exactly once,
 * unless it was destroyed before anybody could read it, and then the tailer has counted what it
 * knew of it.
 *
 *     PLIMSOLL_SEED=… PLIMSOLL_SCHEDULES=… vitest run packages/collector/test/tail/tailer-model
 *
 * PLIMSOLL_SCHEDULE_FOLDER names a folder of another file system to run them on.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ModelWorld, type ModelOptions } from './model/model-world.ts';
import { run, schedule, withoutRiddles, type Step } from './model/schedule.ts';

const given = process.env['PLIMSOLL_SCHEDULE_FOLDER'];
const memory = given ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
const disk = given ?? tmpdir();

/** Inodes are used again at once on a disk, and never in memory, where a schedule costs less. */
const options: fc.Arbitrary<ModelOptions> = fc.record({
  format: fc.constantFrom('plain', 'docker-json', 'cri'),
  parent: fc.constantFrom(memory, memory, disk),
  logs: fc.constant(2),
  maxFiles: fc.constantFrom(1, 2, 3, 5),
  hasBanner: fc.boolean(),
  maxInFlightBytes: fc.constantFrom(500, 5000, 1e9, 1e9),
  maxRetiredFiles: fc.constantFrom(3, 64, 64),
  maxOpenFiles: fc.constantFrom(1, 1000, 1000),
});

const seed = Number(process.env['PLIMSOLL_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['PLIMSOLL_SCHEDULES'] ?? 10_000);

test(`each byte is stored once: ${numRuns} schedules`, { timeout: 600_000 }, async () => {
  process.stdout.write(`seed ${seed}: repeat with PLIMSOLL_SEED=${seed}\n`);
  await fc.assert(
    fc.asyncProperty(options, schedule, async (chosen, steps) => {
      await check(chosen, steps);
    }),
    { numRuns, seed },
  );
});

async function check(chosen: ModelOptions, steps: readonly Step[]): Promise<void> {
  const world = new ModelWorld(chosen);
  try {
    for (const step of withoutRiddles(steps, chosen.hasBanner)) await run(world, step);
    for (const each of world.disks) each.finish();
    await world.drain();
    expect(world.verdict()).toEqual([]);
  } finally {
    world.dispose();
  }
}
