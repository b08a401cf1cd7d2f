/** What may happen to logs and to their collector, in any order. */
import * as fc from 'fast-check';
import type { Disk } from './disk.ts';
import type { ModelWorld } from './model-world.ts';
import type { RecordShape } from './records.ts';

export type FileStep = { log: number } & (
  | { do: 'write'; records: number; shape: RecordShape }
  | { do: 'write part'; shape: RecordShape; percent: number }
  | { do: 'rotate'; times: number; isReopened: boolean }
  | { do: 'reopen' }
  | { do: 'copy and truncate'; written: number }
  | { do: 'truncate'; percent: number }
  | { do: 'rewrite' }
  | { do: 'delete' }
  | { do: 'compress'; isSlow: boolean }
);

export type Step =
  | FileStep
  | { do: 'remove container'; log: number }
  | { do: 'pass'; ms: number }
  | { do: 'stall'; isStalled: boolean }
  | { do: 'acknowledge'; count: number }
  | { do: 'checkpoint' }
  | {
      do: 'kill';
      durable: number;
      lostCheckpoints: number;
      isReboot: boolean;
      meanwhile: FileStep[];
    };

const log = fc.nat({ max: 1 });
const shape = fc.record({
  width: fc.constantFrom(1, 1, 12, 60, 400, 1500),
  parts: fc.constantFrom(1, 1, 1, 2, 4),
});

const weighed = (weight: number, arbitrary: fc.Arbitrary<FileStep>) => ({ weight, arbitrary });
const is = <Name extends string>(name: Name) => fc.constant(name);

const fileStep: fc.Arbitrary<FileStep> = fc.oneof(
  weighed(8, fc.record({ do: is('write'), log, records: fc.integer({ min: 1, max: 6 }), shape })),
  weighed(
    2,
    fc.record({ do: is('write part'), log, shape, percent: fc.integer({ min: 1, max: 99 }) }),
  ),
  weighed(
    4,
    fc.record({
      do: is('rotate'),
      log,
      times: fc.constantFrom(1, 1, 2, 3),
      isReopened: fc.constantFrom(true, true, false),
    }),
  ),
  weighed(1, fc.record({ do: is('reopen'), log })),
  weighed(1, fc.record({ do: is('copy and truncate'), log, written: fc.nat({ max: 2 }) })),
  weighed(1, fc.record({ do: is('truncate'), log, percent: fc.constantFrom(0, 0, 40, 90) })),
  weighed(1, fc.record({ do: is('rewrite'), log })),
  weighed(1, fc.record({ do: is('delete'), log })),
  weighed(2, fc.record({ do: is('compress'), log, isSlow: fc.boolean() })),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fileStep },
  { weight: 1, arbitrary: fc.record({ do: is('remove container'), log }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: is('pass'),
      ms: fc.constantFrom(1, 30, 300, 2000, 2000, 6000, 40_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: is('stall'), isStalled: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: is('acknowledge'), count: fc.constantFrom(1, 2, 5, 100) }),
  },
  { weight: 2, arbitrary: fc.record({ do: is('checkpoint') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: is('kill'),
      durable: fc.nat({ max: 3 }),
      lostCheckpoints: fc.constantFrom(0, 0, 0, 0, 1, 2, 1000),
      isReboot: fc.boolean(),
      meanwhile: fc.array(fileStep, { maxLength: 4 }),
    }),
  },
);

export const schedule: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 4, maxLength: 32 });

/**
 * Without what no collector can tell. Where all files begin alike: whether what begins like before
 * is another file, so nothing is cut there, nor compressed while nobody looks. After a crash:
 * whether bytes that were read, and not heard of, are still what follows those before them, so
 * nothing is cut in the middle. With a lost checkpoint, which may have been the one to know the
 * file: what was copied from where.
 */
export function withoutRiddles(steps: readonly Step[], hasBanner: boolean): Step[] {
  const hasCrash = steps.some((each) => each.do === 'kill');
  const isForgotten = steps.some((each) => each.do === 'kill' && each.lostCheckpoints > 0);
  const solve = (each: FileStep): FileStep[] => {
    switch (each.do) {
      case 'copy and truncate':
        return hasBanner || isForgotten ? [] : [each];
      case 'rewrite':
        return hasBanner ? [] : [each];
      case 'truncate':
        return hasBanner ? [] : [hasCrash ? { ...each, percent: 0 } : each];
      case 'compress':
        return hasBanner && hasCrash ? [] : [each];
      default:
        return [each];
    }
  };
  return steps.flatMap((each): Step[] => {
    if (each.do === 'kill') return [{ ...each, meanwhile: each.meanwhile.flatMap(solve) }];
    return isFileStep(each) ? solve(each) : [each];
  });
}

const otherSteps = new Set(['remove container', 'pass', 'stall', 'acknowledge', 'checkpoint']);

function isFileStep(each: Step): each is FileStep {
  return each.do !== 'kill' && !otherSteps.has(each.do);
}

export async function run(world: ModelWorld, each: Step): Promise<void> {
  switch (each.do) {
    case 'remove container': {
      const disk = diskOf(world, each.log);
      world.unfollow(disk);
      disk.deleteAll();
      return;
    }
    case 'pass':
      // A writer that never opens its log anew writes where nobody looks any more.
      if (each.ms > 5000) for (const disk of world.disks) disk.reopenStale();
      await world.pass(each.ms);
      return;
    case 'stall':
      world.isStalled = each.isStalled;
      return;
    case 'acknowledge':
      world.acknowledge(each.count);
      return;
    case 'checkpoint':
      world.writeCheckpoint();
      return;
    case 'kill':
      await world.kill(each.durable);
      for (const meanwhile of each.meanwhile) await change(world, meanwhile);
      if (each.lostCheckpoints > 0) world.loseCheckpoints(each.lostCheckpoints);
      if (each.isReboot) world.renumberDevices();
      world.boot();
      return;
    default:
      await change(world, each);
  }
}

async function change(world: ModelWorld, each: FileStep): Promise<void> {
  const disk = diskOf(world, each.log);
  world.follow(disk);
  switch (each.do) {
    case 'write':
      disk.write(each.records, each.shape);
      return;
    case 'write part':
      disk.writePart(each.shape, each.percent);
      return;
    case 'rotate':
      for (let time = 0; time < each.times; time += 1) {
        disk.rotate(each.isReopened || time > 0);
        disk.write(1, { width: 1, parts: 1 });
      }
      return;
    case 'reopen':
      disk.reopen();
      return;
    case 'copy and truncate':
      disk.copyAndTruncate(each.written, { width: 1, parts: 1 });
      return;
    case 'truncate':
      disk.truncate(each.percent);
      return;
    case 'rewrite':
      disk.rewrite({ width: 12, parts: 1 });
      return;
    case 'delete':
      disk.delete();
      return;
    case 'compress':
      await disk.compress(each.isSlow ? () => world.pass(300) : null);
      return;
    default:
      each satisfies never;
  }
}

function diskOf(world: ModelWorld, number: number): Disk {
  const disk = world.disks[number];
  if (!disk) throw new Error(`log ${number}: expected less than ${world.disks.length}`);
  return disk;
}
