import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMetadata, encodeMetadata, type Intent } from '../../src/kafka/intent.ts';
import {
  after,
  nextOf,
  reconcile,
  resume,
  type Committed,
  type Known,
  type Log,
  type Step,
} from '../../src/kafka/reconcile.ts';

/** Every third offset holds no frame: marks of transactions, or what compaction left. */
const isFrame = (offset: number): boolean => offset % 3 !== 2;

/**
 * A broker and an engine as far as the protocol sees them. The broker refuses commits of a generation
 * that is over. The engine keeps tokens: an insert may die half-way, having stored any part of its
 * frames, or come to its end long after; a repeat of the token completes it and adds nothing else.
 */
class World {
  readonly log: Log = { start: 0, end: 60 };
  committed: Committed = { offset: null, metadata: '' };
  generation = 0;
  #incarnations = 0;
  readonly #stored = new Map<string, Set<number>>();

  get fresh(): string {
    this.#incarnations += 1;
    return `i${this.#incarnations}`;
  }

  /** Whether it was taken. */
  commit(generation: number, step: Extract<Step, { do: 'record' }>): boolean {
    if (generation !== this.generation) return false;
    const { next, ...rest } = step.position;
    this.committed = { offset: next, metadata: encodeMetadata(rest) };
    return true;
  }

  insert(token: string, { first, last }: Pick<Intent, 'first' | 'last'>): void {
    const frames = this.#stored.get(token) ?? new Set<number>();
    this.#stored.set(token, frames);
    for (let offset = first; offset <= last; offset++) if (isFrame(offset)) frames.add(offset);
  }

  /** How often each frame is stored: once for each token that holds it. */
  timesStored(): Record<number, number> {
    const times: Record<number, number> = {};
    for (let offset = 0; offset < this.log.end; offset++) if (isFrame(offset)) times[offset] = 0;
    for (const offsets of this.#stored.values()) {
      for (const offset of offsets) times[offset] = (times[offset] ?? 0) + 1;
    }
    return times;
  }
}

interface Move {
  /** Which of three members: two live, and whoever was one before may wake as a zombie. */
  member: 0 | 1 | 2;
  does: 'step' | 'take over' | 'die' | 'die within' | 'answer is lost' | 'insert goes on later';
  /** How many offsets it takes up, or how far it comes before it dies. */
  size: number;
}

/** A member carries out the steps one by one, and believes what it was told last. */
class Member {
  readonly #world: World;
  #generation = -1;
  #known: Known | null = null;
  #steps: Step[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  takeOver(): void {
    this.#world.generation += 1;
    this.#generation = this.#world.generation;
    const { committed, log, fresh } = this.#world;
    const { position, isChanged } = resume(committed, log, fresh);
    this.#known = { recorded: position, isStored: false };
    this.#steps = isChanged ? [{ do: 'record', position }] : [];
  }

  die(): void {
    this.#known = null;
    this.#steps = [];
  }

  get isAtEnd(): boolean {
    return this.#known !== null && this.#known.recorded.next >= this.#world.log.end;
  }

  move({ does, size }: Omit<Move, 'member'>, later: (() => void)[]): void {
    const known = this.#known;
    if (known === null) return;
    if (this.#steps.length === 0) this.#steps = reconcile(known, this.#available(known, size));
    const step = this.#steps.shift();
    if (step === undefined) return;
    if (step.do === 'record') {
      if (does === 'die within') return this.die();
      const isTaken = this.#world.commit(this.#generation, step);
      // Refused: the partition is another's. No answer: nothing is known, another generation tells.
      if (!isTaken || does === 'answer is lost') return this.die();
    } else {
      this.#insert(known, step, { does, size, later });
      if (does === 'die within' || does === 'insert goes on later') return this.die();
    }
    this.#known = after(known, step);
  }

  #available(known: Known, size: number): Intent | null {
    const first = nextOf(known);
    const last = Math.min(first + size - 1, this.#world.log.end - 1);
    return last < first || size === 0 ? null : { first, last, bytes: last - first };
  }

  #insert(
    { recorded }: Known,
    { first, last }: Extract<Step, { do: 'insert' }>,
    how: Omit<Move, 'member'> & { later: (() => void)[] },
  ): void {
    const token = `${recorded.incarnation}:${first}-${last}`;
    const part = { first, last: Math.min(last, first + how.size) };
    const isPartial = how.does === 'die within' || how.does === 'insert goes on later';
    this.#world.insert(token, isPartial ? part : { first, last });
    if (how.does === 'insert goes on later') {
      how.later.push(() => this.#world.insert(token, { first, last }));
    }
  }
}

const move = fc.record<Move>({
  member: fc.constantFrom<Move['member'][]>(0, 1, 2),
  does: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Move['does']>('step') },
    {
      weight: 5,
      arbitrary: fc.constantFrom<Move['does'][]>(
        'take over',
        'die',
        'die within',
        'answer is lost',
        'insert goes on later',
      ),
    },
  ),
  size: fc.nat(9),
});

function play(moves: readonly Move[]): World {
  const world = new World();
  const members = [new Member(world), new Member(world), new Member(world)];
  const later: (() => void)[] = [];
  for (const { member, does, size } of moves) {
    const it = members[member];
    if (does === 'take over') it?.takeOver();
    else if (does === 'die') it?.die();
    else it?.move({ does, size }, later);
    // What others had begun comes to its end at any time within the lease.
    if (size === 0) later.shift()?.();
  }
  const last = new Member(world);
  last.takeOver();
  for (let i = 0; i < 500 && !last.isAtEnd; i++) last.move({ does: 'step', size: 7 }, later);
  for (const finish of later) finish();
  return world;
}

describe('the protocol', () => {
  test('stores every frame exactly once, whoever dies or wakes when', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 120 }), (moves) => {
        const times = play(moves).timesStored();
        expect(Object.values(times).every((count) => count === 1)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('the property can fail: without fencing frames are stored twice', () => {
    class Unfenced extends World {
      override commit(_generation: number, step: Extract<Step, { do: 'record' }>): boolean {
        return super.commit(this.generation, step);
      }
    }
    const world = new Unfenced();
    const [one, other] = [new Member(world), new Member(world)];
    one.takeOver();
    const step = { does: 'step', size: 4 } as const;
    one.move(step, []);
    other.takeOver();
    for (let i = 0; i < 4; i++) other.move({ ...step, size: 5 }, []);
    for (let i = 0; i < 4; i++) one.move(step, []);
    expect(Math.max(...Object.values(world.timesStored()))).toBeGreaterThan(1);
  });
});

describe('the steps', () => {
  const at = (next: number, intent: Intent | null, isStored = false): Known => ({
    recorded: { incarnation: 'i', next, intent },
    isStored,
  });
  const bounds = (first: number, last: number): Intent => ({ first, last, bytes: 10 });

  test('repeat an intent with its own bounds, although more is there', () => {
    expect(reconcile(at(5, bounds(5, 7)), bounds(5, 100))).toEqual([
      { do: 'insert', first: 5, last: 7, isReplay: true },
    ]);
  });

  test('record a batch before it is inserted', () => {
    expect(reconcile(at(5, null), bounds(7, 9))).toEqual([
      { do: 'record', position: { incarnation: 'i', next: 7, intent: bounds(7, 9) } },
      { do: 'insert', first: 7, last: 9, isReplay: false },
    ]);
  });

  test('end one batch and begin the next with one commit', () => {
    expect(reconcile(at(5, bounds(5, 7), true), bounds(8, 9))[0]).toEqual({
      do: 'record',
      position: { incarnation: 'i', next: 8, intent: bounds(8, 9) },
    });
    expect(reconcile(at(5, bounds(5, 7), true), null)).toEqual([
      { do: 'record', position: { incarnation: 'i', next: 8, intent: null } },
    ]);
  });

  test('are none without frames, or for frames that are stored', () => {
    expect(reconcile(at(5, null), null)).toEqual([]);
    expect(reconcile(at(5, null), bounds(4, 9))).toEqual([]);
  });
});

describe('a partition that is taken over', () => {
  const log = { start: 10, end: 100 };
  const ours = (intent: [number, number] | null): string =>
    encodeMetadata({
      incarnation: 'old',
      intent: intent && { first: intent[0], last: intent[1], bytes: 7 },
    });
  const from = (offset: number | null, metadata: string, of: Log = log) =>
    resume({ offset, metadata }, of, 'new');

  test.each([
    ['goes on where it was', 50, ours(null), { next: 50, incarnation: 'old' }, null],
    ['begins at the first frame when nothing is recorded', null, '', { next: 10 }, 'new'],
    ['begins where a tool set it', 50, '', { next: 50, incarnation: 'new' }, 'moved'],
    ['does not trust metadata of others', 50, 'NO_METADATA', { next: 50 }, 'unreadable'],
    ['nor JSON of others', 50, '{"v":1,"incarnation":7}', { next: 50 }, 'unreadable'],
    ['nor that of a later version', 50, '{"v":2,"x":[]}', { next: 50 }, 'newer'],
    [
      'takes the earlier offset of a moved intent',
      50,
      ours([20, 30]),
      { next: 20 },
      'inconsistent',
    ],
    ['takes the offset before a moved intent', 15, ours([20, 30]), { next: 15 }, 'inconsistent'],
    ['begins anew in a log that is shorter', 101, ours(null), { next: 10 }, 'log_shrunk'],
    ['also when the intent is beyond it', 90, ours([90, 100]), { next: 10 }, 'log_shrunk'],
    ['goes on at the very end of the log', 100, ours(null), { next: 100 }, null],
  ])('%s', (...[, offset, metadata, position, fresh]) => {
    const resumed = from(offset, metadata);
    expect(resumed).toMatchObject({ position: { ...position, intent: null }, fresh, losses: [] });
    expect(resumed.isChanged).toBe(fresh !== null);
  });

  test('replays what was under way', () => {
    expect(from(50, ours([50, 60]))).toEqual({
      position: {
        incarnation: 'old',
        next: 50,
        intent: { first: 50, last: 60, bytes: 7 },
      },
      losses: [],
      fresh: null,
      isChanged: false,
    });
  });

  test('counts what retention took, and goes on behind it', () => {
    expect(from(4, ours(null))).toMatchObject({
      position: { incarnation: 'old', next: 10, intent: null },
      losses: [{ reason: 'retention', first: 4, last: 9 }],
      isChanged: true,
    });
    expect(from(4, '')).toMatchObject({ losses: [{ first: 4, last: 9 }], fresh: 'moved' });
  });

  test.each([
    [
      'all',
      [4, 8],
      10,
      [
        ['retention_under_way', 4, 8],
        ['retention', 9, 9],
      ],
    ],
    ['to the last frame', [4, 9], 10, [['retention_under_way', 4, 9]]],
    ['the beginning', [4, 20], 10, [['retention_under_way', 4, 9]]],
  ] as const)('of a batch that was under way loses %s', (...[, [first, last], next, losses]) => {
    const resumed = from(first, ours([first, last]));
    expect(resumed.position).toEqual({ incarnation: 'new', next, intent: null });
    expect(resumed.losses.map((loss) => [loss.reason, loss.first, loss.last])).toEqual(losses);
  });

  test('is told apart from another life of it: nothing of before is its own', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(120), (metadata, offset) => {
        const { position, fresh } = from(offset, metadata);
        expect(position.incarnation).toBe(fresh === null ? position.incarnation : 'new');
        expect(position.next).toBeGreaterThanOrEqual(log.start);
        expect(position.next).toBeLessThanOrEqual(log.end);
      }),
    );
  });
});

describe('the metadata', () => {
  test('comes back as it was, and is far below what brokers take', () => {
    const offset = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(offset, offset, offset, (a, b, bytes) => {
        const intent = { first: Math.min(a, b), last: Math.max(a, b), bytes };
        const text = encodeMetadata({ incarnation: 'mh3k2x9a', intent });
        expect(Buffer.byteLength(text)).toBeLessThan(200);
        expect(decodeMetadata(text)).toEqual({ ok: true, incarnation: 'mh3k2x9a', intent });
      }),
    );
  });

  test.each([
    '{"v":1,"incarnation":"a","intent":[5]}',
    '{"v":1,"incarnation":"a","intent":[5,4],"bytes":1}',
    '{"v":1,"incarnation":"a","intent":[-1,4],"bytes":1}',
    '{"v":1,"incarnation":"a","intent":[1.5,4],"bytes":1}',
    '{"v":1,"incarnation":"a","intent":[1,4]}',
    '{"v":1,"incarnation":"a b"}',
    '{"v":1}',
    '[]',
    'null',
    '7',
  ])('is not ours: %s', (text) => {
    expect(decodeMetadata(text)).toEqual({ ok: false, problem: 'unreadable' });
  });
});
