import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics, silentLogger, type Clock } from '@plimsoll/runtime';
import { FolderDeadLetters } from '@plimsoll/transport';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { Ingest } from '../src/index.ts';
import { logsFrame, rowsFrame } from './support/frames.ts';
import { ModelEngine, poison, type Fate } from './support/model-engine.ts';
import { HandFed } from './support/test-ingest.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-once-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const partitions = ['t/0@a', 't/1@a'];
const linesPerFile = 24;
/** A file of lines of different lengths: line `n` of file `f`, and where it begins. */
const lineOf = (file: string, n: number): string => `${file}:${n}${'x'.repeat((n * 5) % 9)}`;
const startOf = (file: string, n: number): number => {
  let start = 0;
  for (let line = 0; line < n; line++) start += lineOf(file, line).length + 1;
  return start;
};
const chunkOf = (file: string, from: number, to: number) => ({
  fileId: file,
  start: startOf(file, from),
  bytes: Array.from({ length: to - from }, (_, index) => `${lineOf(file, from + index)}\n`).join(
    '',
  ),
});

/** What a collector publishes: pieces of files, sent again in other pieces, and rows, also twice. */
type Published =
  | { kind: 'logs'; pieces: { file: number; from: number; length: number }[] }
  | { kind: 'rows'; sequence: number; isPoison: boolean };

const piece = fc.record({
  file: fc.nat(1),
  from: fc.nat(linesPerFile - 1),
  length: fc.integer({ min: 1, max: 9 }),
});
const published: fc.Arbitrary<Published> = fc.oneof(
  fc.record({
    kind: fc.constant('logs' as const),
    pieces: fc.array(piece, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ sequence: fc.nat(20), poisoned: fc.nat(9) }).map(({ sequence, poisoned }) => ({
    kind: 'rows' as const,
    sequence,
    // The same frame is poison, or not, each time that it comes.
    isPoison: sequence % 7 === 3 && poisoned >= 0,
  })),
);

const rowOf = (partition: number, sequence: number, isPoison: boolean): string[] => [
  '2026-01-15 10:00:00.000',
  `${partition}/${sequence}${isPoison ? poison : ''}`,
];
const encode = async (partition: number, frame: Published): Promise<Buffer> => {
  if (frame.kind === 'rows') {
    const { sequence, isPoison } = frame;
    return rowsFrame(
      {
        table: 'host_stats',
        columns: ['time', 'host'],
        rows: [rowOf(partition, sequence, isPoison)],
      },
      { sequence, epoch: 7 + partition },
    );
  }
  return logsFrame(
    frame.pieces.map(({ file, from, length }) =>
      chunkOf(`p${partition}f${file}`, from, Math.min(linesPerFile, from + length)),
    ),
  );
};

const anyFate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fails' as const), blocks: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('dies' as const), blocks: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'late' as const }) },
);
/** One batch: how many frames, what happens at its nth insert, and what becomes of the process after it. */
const step = fc.record({
  partition: fc.nat(1),
  take: fc.integer({ min: 1, max: 5 }),
  at: fc.nat(4),
  fate: fc.option(anyFate, { freq: 2 }),
  after: fc.constantFrom(
    'commit',
    'commit',
    'commit',
    'die before the commit',
    'reassign',
    'reassign',
  ),
  lands: fc.boolean(),
  heals: fc.nat(19).map((of20) => of20 === 0),
});

const instant: Clock = {
  now: () => 0,
  monotonic: () => 0,
  sleep: async (_ms, signal) => signal?.throwIfAborted(),
};

interface Partition {
  frames: Buffer[];
  next: number;
  intent: { first: number; last: number } | null;
}

/** A process: what it remembers ends with it. */
class Life {
  readonly feed = new HandFed();
  isDead = false;
  #ingest: Ingest;
  #fate: Fate | null = null;
  #at = 0;

  constructor(engine: ModelEngine, letters: FolderDeadLetters) {
    this.#ingest = new Ingest({
      engine: engine.as(
        () => this.#nextFate(),
        () => {
          this.isDead = true;
          void this.#ingest.stop();
        },
      ),
      subscriber: this.feed,
      logger: silentLogger(),
      metrics: new Metrics(),
      concurrency: 2,
      deadLetters: letters,
      maxFiles: engine.maxFiles,
      clock: instant,
    });
  }

  async start(): Promise<this> {
    await this.#ingest.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.#ingest.stop();
  }

  /** The insert after `at` more meets the fate; those behind it are stored. */
  prepare(at: number, planned: Fate | null): void {
    this.#at = at;
    this.#fate = planned;
  }

  #nextFate(): Fate {
    const next = this.#fate;
    if (next === null || this.#at-- > 0) return { kind: 'stored' };
    this.#fate = null;
    return next;
  }
}

/** Two processes that share the partitions; one that dies is replaced by one that knows nothing. */
class Fleet {
  epoch = 0;
  readonly #owners = partitions.map((_name, number) => number);
  #lives: Life[] = [];
  readonly #make: () => Promise<Life>;

  private constructor(make: () => Promise<Life>) {
    this.#make = make;
  }

  static async begin(engine: ModelEngine, letters: FolderDeadLetters): Promise<Fleet> {
    const fleet = new Fleet(async () => new Life(engine, letters).start());
    fleet.#lives = [await fleet.#make(), await fleet.#make()];
    return fleet;
  }

  ownerOf(partition: number): Life {
    const life = this.#lives[this.#owners[partition] ?? 0];
    if (!life) throw new Error('expected two processes');
    return life;
  }

  reassign(partition: number): void {
    this.epoch += 1;
    this.#owners[partition] = 1 - (this.#owners[partition] ?? 0);
  }

  async replace(life: Life): Promise<void> {
    await life.stop();
    const place = this.#lives.indexOf(life);
    this.#lives[place] = await this.#make();
    for (const [partition, owner] of this.#owners.entries()) {
      if (owner === place) this.reassign(partition);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#lives.map(async (life) => life.stop()));
  }
}

async function deliver(
  queue: Partition,
  { fleet, partition, take }: { fleet: Fleet; partition: number; take: number },
): Promise<boolean> {
  const isReplay = queue.intent !== null;
  const last = Math.min(queue.frames.length, queue.next + take) - 1;
  if (!isReplay && last < queue.next) return false;
  const { first, last: end } = (queue.intent ??= { first: queue.next, last });
  const frames = queue.frames.slice(first, end + 1);
  const batch = { partition: partitions[partition] ?? '', epoch: fleet.epoch, first, isReplay };
  return fleet
    .ownerOf(partition)
    .feed.give(frames, batch)
    .then(
      () => true,
      () => false,
    );
}

function commit(queue: Partition): void {
  if (!queue.intent) return;
  queue.next = queue.intent.last + 1;
  queue.intent = null;
}

/** What was refused is taken from now on; no insert is so late that it was asked for before. */
function heal(engine: ModelEngine): void {
  for (const request of engine.late.splice(0)) applyLate(engine, request);
  engine.isLenient = true;
}

test(
  'any crash, late insert, lost answer, doubling, order and reassignment: each line and row once',
  { timeout: 120_000 },
  async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(1), published), { minLength: 1, maxLength: 30 }),
        fc.array(step, { maxLength: 25 }),
        async (all, steps) => {
          const letters = new FolderDeadLetters({ directory: join(folder, String(run++)) });
          const engine = new ModelEngine();
          engine.maxFiles = run % 2 === 0 ? 2 : 20;
          const queues: Partition[] = partitions.map(() => ({ frames: [], next: 0, intent: null }));
          for (const [partition, frame] of all) {
            queues[partition]?.frames.push(await encode(partition, frame));
          }
          const fleet = await Fleet.begin(engine, letters);
          for (const { partition, take, at, fate: planned, after, lands, heals } of steps) {
            const queue = queues[partition];
            if (!queue) continue;
            const life = fleet.ownerOf(partition);
            life.prepare(at, planned);
            const isStored = await deliver(queue, { fleet, partition, take });
            if (isStored && after !== 'die before the commit') commit(queue);
            if (life.isDead || after === 'die before the commit') await fleet.replace(life);
            else if (after === 'reassign') fleet.reassign(partition);
            const request = lands ? engine.late.shift() : undefined;
            if (request) applyLate(engine, request);
            if (heals) heal(engine);
          }
          for (const [partition, queue] of queues.entries()) {
            fleet.reassign(partition);
            while (queue.intent !== null || queue.next < queue.frames.length) {
              fleet.ownerOf(partition).prepare(0, null);
              expect(await deliver(queue, { fleet, partition, take: 3 })).toBe(true);
              commit(queue);
            }
          }
          heal(engine);
          await fleet.stop();
          expect(engine.violations).toEqual([]);
          const { rows, poisoned } = wanted(all);
          const isPoison = (row: string): boolean => row.includes(poison);
          expect(engine.rows.filter((row) => !isPoison(row)).toSorted()).toEqual(rows);
          const healed = engine.rows.filter(isPoison);
          expect(new Set(healed).size).toBe(healed.length);
          const kept = await letters.list();
          const set = new Set(await Promise.all(kept.map(({ id }) => rowIn(letters, id))));
          for (const row of healed) set.add(row);
          expect([...set].toSorted()).toEqual(poisoned);
        },
      ),
      { numRuns: 400 },
    );
  },
);

/** A zombie's: within its lease the engine takes it, and knows its token. */
function applyLate(engine: ModelEngine, request: Parameters<ModelEngine['apply']>[0]): void {
  try {
    engine.apply(request);
  } catch (error) {
    if (!String(error).includes('Cannot parse')) throw error;
  }
}

function wanted(all: readonly (readonly [number, Published])[]): {
  rows: string[];
  poisoned: string[];
} {
  const rows = new Set<string>();
  const poisoned = new Set<string>();
  for (const [partition, frame] of all) {
    if (frame.kind === 'rows') {
      const row = JSON.stringify(rowOf(partition, frame.sequence, frame.isPoison));
      if (frame.isPoison) poisoned.add(`host_stats ${row}`);
      else rows.add(`host_stats ${row}`);
      continue;
    }
    for (const { file, from, length } of frame.pieces) {
      const name = `p${partition}f${file}`;
      for (let n = from; n < Math.min(linesPerFile, from + length); n++) {
        rows.add(`log_chunks_plain ${name} ${startOf(name, n)} ${lineOf(name, n)}`);
      }
    }
  }
  return { rows: [...rows].toSorted(), poisoned: [...poisoned].toSorted() };
}

async function rowIn(letters: FolderDeadLetters, id: string): Promise<string> {
  const letter = await letters.get(id);
  expect(letter?.content.kind).toBe('rows');
  const { decodeFrame } = await import('@plimsoll/model');
  const frame = await decodeFrame(letter?.bytes ?? Buffer.alloc(0));
  return `host_stats ${frame.payload.toString().trim()}`;
}
