import { decodeFrame } from '@plimsoll/model';
import { StorageError, type Engine, type InsertRequest } from '@plimsoll/storage';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { logsFrame, rowsFrame } from './support/frames.ts';
import { openTestIngest, type TestIngest } from './support/test-ingest.ts';

/** One engine; each test has a partition and names of its own. */
let it: TestIngest;
let before: (request: InsertRequest) => void;
const asked: InsertRequest[] = [];
let partition = 0;
let batch: { partition: string };

beforeAll(async () => {
  it = await openTestIngest({
    wrap: (engine) =>
      Object.create(engine, {
        insert: {
          value: async (request: InsertRequest) => {
            asked.push(request);
            before(request);
            return engine.insert(request);
          },
        },
        select: { value: engine.select.bind(engine) },
        stream: { value: engine.stream.bind(engine) },
      }) as Engine,
  });
});
afterAll(async () => it[Symbol.asyncDispose]());
beforeEach(() => {
  before = () => undefined;
  asked.splice(0);
  batch = { partition: `t/${partition++}` };
});

const time = '2026-01-15 10:00:00.000';
const statsFrame = async (host: string, load: unknown, sequence: number): Promise<Buffer> =>
  rowsFrame(
    {
      table: 'host_stats',
      columns: ['time', 'tenant', 'host', 'load1'],
      rows: [[time, 't', host, load]],
    },
    { sequence, epoch: 100 + partition },
  );
const hostsOf = async (prefix: string): Promise<string[]> => {
  const rows = await it.engine.select<{ host: string }>(
    'SELECT host FROM host_stats WHERE startsWith(host, {prefix:String}) ORDER BY host',
    { params: { prefix } },
  );
  return rows.map(({ host }) => host);
};
const lettersOf = async (name: string): Promise<string[]> =>
  (await it.deadLetters())
    .map(({ id }) => id)
    .filter((id) => id.startsWith(name.replace('/', '_')));

test('one bad frame of many is found by halves; all others are stored', async () => {
  const frames = await Promise.all(
    Array.from({ length: 64 }, async (_, index) =>
      statsFrame(`halves-${String(index).padStart(2, '0')}`, index === 41 ? 'bad' : 1, index),
    ),
  );
  await it.feed.give(frames, batch);
  expect(await hostsOf('halves')).toHaveLength(63);
  expect(await lettersOf(batch.partition)).toEqual([`${batch.partition.replace('/', '_')}-41`]);
  // The whole, then two halves at each of six levels; what was divided is written down each time.
  const tries = asked.filter(({ table }) => table === 'host_stats');
  expect(tries).toHaveLength(13);
  expect(asked.filter(({ token }) => token?.endsWith(':divided'))).toHaveLength(6);
});

test('what was divided is divided again by a replay, also when it would be taken whole now', async () => {
  const frames = [1, 2, 3, 4].map(async (n) => statsFrame(`divided-${n}`, 1, n));
  const bytes = await Promise.all(frames);
  before = ({ token = '', table }) => {
    if (table === 'host_stats' && !token.includes('/0') && !token.endsWith('/1')) {
      throw new StorageError('bad_data', 'Cannot parse input: (at row 4)', { clickhouseCode: 27 });
    }
    if (token.endsWith('/1')) throw new Error('the process dies here');
  };
  const dying = it.feed.give(bytes, { ...batch, first: 0 }).catch(() => undefined);
  while (!asked.some(({ token }) => token?.endsWith('/1'))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await it.restart();
  await dying;
  expect(await hostsOf('divided')).toEqual(['divided-1', 'divided-2']);
  before = () => undefined;
  await it.feed.give(bytes, { ...batch, first: 0, isReplay: true });
  expect(await hostsOf('divided')).toEqual(['divided-1', 'divided-2', 'divided-3', 'divided-4']);
});

test('columns that the table lacks concern the whole insert: it is not taken apart', async () => {
  const frame = async (sequence: number): Promise<Buffer> =>
    rowsFrame(
      { table: 'host_stats', columns: ['time', 'host', 'of_later'], rows: [[time, 'columns', 1]] },
      { sequence, epoch: 50 },
    );
  await it.feed.give(await Promise.all([1, 2, 3].map(frame)), batch);
  expect(await lettersOf(batch.partition)).toHaveLength(3);
  // Asked about four times: the column might have been on its way.
  expect(asked.filter(({ table }) => table === 'host_stats')).toHaveLength(4);
  // The cause is mended, and the letters come again.
  await it.engine.command('ALTER TABLE host_stats ADD COLUMN of_later Nullable(Int64)');
  const again = await Promise.all(
    (await lettersOf(batch.partition)).map(async (id) => (await it.letters.get(id))?.bytes),
  );
  const frames = again.filter((bytes) => bytes !== undefined);
  await it.feed.give(frames, batch);
  await it.feed.give(frames, batch);
  expect(await hostsOf('columns')).toHaveLength(3);
});

test('a column named twice ends as a letter, not as a batch that never ends', async () => {
  const frame = await rowsFrame({
    table: 'host_stats',
    columns: ['time', 'time'],
    rows: [[time, time]],
  });
  await it.feed.give([frame], batch);
  expect(await lettersOf(batch.partition)).toHaveLength(1);
});

test('chunks of one frame that begin at the same byte of their files are letters of their own', async () => {
  before = ({ table }) => {
    if (table === 'log_chunks_plain') throw new StorageError('bad_data', 'refused by the test');
  };
  const frame = await logsFrame([
    { fileId: 'same-1', start: 0, bytes: 'one\n' },
    { fileId: 'same-2', start: 0, bytes: 'two\n' },
  ]);
  await it.feed.give([frame], batch);
  const ids = await lettersOf(batch.partition);
  const name = batch.partition.replace('/', '_');
  expect(ids).toEqual([`${name}-0-0-0`, `${name}-0-1-0`]);
  // Nothing of them counts as stored: a replay of the letters is not trimmed.
  before = () => undefined;
  const letters = await Promise.all(ids.map(async (id) => it.letters.get(id)));
  const frames = letters.map((letter) => letter?.bytes ?? Buffer.alloc(0));
  expect((await decodeFrame(frames[1] ?? Buffer.alloc(0))).header).toMatchObject({
    tenant: 'default',
    host: 'host1',
    collector_id: 'collector1',
  });
  await it.feed.give(frames, batch);
  await it.feed.give(frames, batch);
  expect(await it.lines('same-1')).toEqual(['0: one']);
  expect(await it.lines('same-2')).toEqual(['0: two']);
});

test('a refusal that passes is no letter: bytes that were cut short on their way', async () => {
  let times = 2;
  before = ({ table }) => {
    if (table === 'log_chunks_plain' && times-- > 0) {
      throw new StorageError('bad_data', 'Cannot read all data', { clickhouseCode: 33 });
    }
  };
  await it.feed.give([await logsFrame([{ fileId: 'short', start: 0, bytes: 'one\n' }])], batch);
  expect(await lettersOf(batch.partition)).toEqual([]);
  expect(await it.lines('short')).toEqual(['0: one']);
});

test('a refused insert has stored nothing, however much stands before what is bad', async () => {
  const rows = Array.from({ length: 10_000 }, () => [time, 't', 'atomic', 1]);
  const columns = ['time', 'tenant', 'host', 'load1'];
  const frames = await Promise.all(
    Array.from({ length: 13 }, async (_, index) => {
      const all = index === 12 ? [...rows.slice(1), [time, 't', 'atomic', 'bad']] : rows;
      return rowsFrame({ table: 'host_stats', columns, rows: all }, { sequence: index, epoch: 70 });
    }),
  );
  const refused = Promise.withResolvers<void>();
  let isFirst = true;
  before = ({ table }) => {
    if (table !== 'log_ranges' || !isFirst) return;
    isFirst = false;
    refused.resolve();
    throw new Error('to be tried again');
  };
  const counts: number[] = [];
  const count = async (): Promise<void> => {
    const [row] = await it.engine.select<{ rows: number }>(
      "SELECT count() AS rows FROM host_stats WHERE host = 'atomic'",
    );
    counts.push(row?.rows ?? -1);
  };
  const giving = it.feed.give(frames, batch);
  await refused.promise;
  await count();
  await giving;
  await count();
  expect(counts).toEqual([0, 120_000]);
});

test.each([
  ['no whole number', { sequence: 1.5 }, 'sequence: expected a whole number, got 1.5'],
  ['a time beyond 2106', { createdAtMs: 1e15 }, 'created_at_ms: expected milliseconds'],
  ['a file without a name', { fileId: '' }, 'file_id: expected a name, got ""'],
  ['half a letter', { fileId: 'a\ud800' }, 'file_id: expected a name'],
  ['a range that is none', { start: 0.5 }, 'chunk: expected bytes, got [0.5, 4.5)'],
])('a frame that is whole and makes no sense is set aside: %s', async (_name, wrong, reason) => {
  const {
    fileId = 'wrong',
    start = 0,
    ...options
  } = wrong as {
    fileId?: string;
    start?: number;
    sequence?: number;
  };
  await it.feed.give([await logsFrame([{ fileId, start, bytes: 'one\n' }], options)], batch);
  const [id] = await lettersOf(batch.partition);
  expect((await it.letters.get(id ?? ''))?.reason).toContain(reason);
});
