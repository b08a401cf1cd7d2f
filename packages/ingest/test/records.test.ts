import { decodeFrame, encodeRecord, type LogRecord } from '@plimsoll/model';
import { StorageError } from '@plimsoll/storage';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutPieces, rawBytesOf } from '../src/plan/cut-pieces.ts';
import { trimChunks } from '../src/plan/trim-chunks.ts';
import { addRange, emptyRanges, type RangeSet } from '../src/ranges/range-set.ts';
import { readFrames } from '../src/read/read-frames.ts';
import { logsFrame, type TestChunk } from './support/frames.ts';
import { openTestIngest } from './support/test-ingest.ts';

/** A file of ten-byte lines: line 3 is `line 0003`. */
const lineBytes = 10;
const text = (line: number): string => `line ${String(line).padStart(4, '0')}`;

/** Lines `[first, last)` as records that begin at each of `begins`, and at the first line. */
function chunkOf(first: number, last: number, begins: readonly number[] = []): TestChunk {
  const starts = [...new Set([first, ...begins.filter((line) => line > first && line < last)])];
  const records = starts
    .toSorted((a, b) => a - b)
    .map((start, index, all): LogRecord => {
      const lines = Array.from({ length: (all[index + 1] ?? last) - start }, (_, at) => start + at);
      return {
        position: start * lineBytes,
        time: '2026-01-15T09:00:00.5Z',
        stream: 'stderr',
        linePositions: lines.slice(1).map((line) => line * lineBytes),
        text: Buffer.from(lines.map(text).join('\n')),
      };
    });
  return {
    start: first * lineBytes,
    end: last * lineBytes,
    bytes: Buffer.concat(records.map(encodeRecord)),
  };
}

const frameOf = async (chunks: readonly TestChunk[], sequence = 0): Promise<Buffer> =>
  logsFrame(chunks, { format: 'records', sequence });

test('records joined otherwise, in any order and overlap: each line exactly once', async () => {
  const chunk = fc
    .record({
      first: fc.nat({ max: 39 }),
      length: fc.integer({ min: 1, max: 12 }),
      begins: fc.array(fc.nat({ max: 50 }), { maxLength: 12 }),
    })
    .map(({ first, length, begins }) => ({ first, last: first + length, begins }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(chunk, { minLength: 1, maxLength: 6 }), { maxLength: 6 }),
      async (batches) => {
        const stored = new Map<string, RangeSet>();
        const told: string[] = [];
        for (const batch of batches) {
          const chunks = batch.map(({ first, last, begins }) => chunkOf(first, last, begins));
          const read = await readFrames({
            frames: [await frameOf(chunks)],
            offsets: [0],
            first: 0,
          });
          const cut = await cutPieces(trimChunks(read.chunks, stored).pieces);
          expect(cut).toMatchObject({ unalignedCuts: 0, unreadable: [] });
          for (const piece of cut.chunks) {
            const payload = (await rawBytesOf(piece)).toString();
            const lines = payload.match(/line \d{4}/g) ?? [];
            told.push(...lines);
            stored.set(piece.file, addRange(stored.get(piece.file) ?? emptyRanges, piece));
          }
        }
        const wanted = new Set(
          batches
            .flat()
            .flatMap(({ first, last }) =>
              Array.from({ length: last - first }, (_, at) => text(first + at)),
            ),
        );
        expect(told.toSorted()).toEqual([...wanted].toSorted());
      },
    ),
    { numRuns: 200 },
  );
});

describe('with the engine', () => {
  test('records are rows with their time, stream and text, escapes undone', async () => {
    await using at = await openTestIngest();
    const record = {
      position: 5,
      time: '2026-01-15T09:00:00.123456789Z',
      stream: 'stdout',
      linePositions: [50],
      text: Buffer.from('BEGIN\ttab \x01\x02 é\n\xffsecond'),
    };
    const untimed = {
      position: 90,
      time: '',
      stream: '',
      linePositions: [],
      text: Buffer.from(''),
    };
    const split = Buffer.from('100\t\tstderr\t200\tone \x01\x05line\x01\x06inner\n');
    const bytes = Buffer.concat([encodeRecord(record), encodeRecord(untimed), split]);
    await at.feed.give([await frameOf([{ start: 0, end: 300, bytes }])]);
    const rows = await at.engine.select<Record<string, unknown>>(
      `SELECT toString(time) AS time, stream, message = unhex('${record.text.toString('hex')}') AS is_same,
         message, position, container_name FROM logs ORDER BY position`,
    );
    expect(rows).toMatchObject([
      {
        time: '2026-01-15 09:00:00.123456789',
        stream: 'stdout',
        is_same: 1,
        position: 5,
        container_name: 'web',
      },
      { time: '2026-01-15 10:00:00.000000000', stream: '', message: '', position: 90 },
      { stream: 'stderr', message: 'one line\ninner', position: 100 },
    ]);
  });

  test('an overlap that was joined otherwise keeps the other lines, as a record of their own', async () => {
    await using at = await openTestIngest();
    await at.feed.give([await frameOf([chunkOf(0, 4, [2])])]);
    await at.feed.give([await frameOf([chunkOf(1, 7, [6])], 1)]);
    await at.restart();
    await at.feed.give([await frameOf([chunkOf(0, 9)], 2)], { first: 2 });
    expect(await at.lines()).toEqual([
      `0: ${text(0)}\n${text(1)}`,
      `20: ${text(2)}\n${text(3)}`,
      `40: ${text(4)}\n${text(5)}`,
      `60: ${text(6)}`,
      `70: ${text(7)}\n${text(8)}`,
    ]);
  });

  test('what was withheld is a range and no row, and stays withheld', async () => {
    await using at = await openTestIngest();
    const empty = { start: 0, end: 100, bytes: '' };
    const batch = await at.feed.give([await frameOf([empty])]);
    await at.feed.give(batch.frames, { first: batch.first, isReplay: true });
    await at.restart();
    await at.feed.give([await frameOf([chunkOf(5, 12)], 1)], { first: 1 });
    expect(await at.lines()).toEqual([`100: ${text(10)}\n${text(11)}`]);
    const ranges = await at.engine.select<{ start: number; end: number }>(
      'SELECT start, end FROM log_ranges ORDER BY start',
    );
    expect(ranges).toEqual([
      { start: 0, end: 100 },
      { start: 100, end: 120 },
    ]);
  });

  test('a chunk of which a cut leaves only what was withheld is a range', async () => {
    await using at = await openTestIngest();
    await at.feed.give([await frameOf([chunkOf(0, 4)])]);
    const withheld = { ...chunkOf(0, 4), end: 100 };
    await at.feed.give([await frameOf([withheld], 1)]);
    expect(await at.lines()).toHaveLength(1);
    const [range] = await at.engine.select<{ end: number }>(
      'SELECT max(end) AS end FROM log_ranges',
    );
    expect(range?.end).toBe(100);
  });

  test('raw bytes and records of one file go together: a rule that came later', async () => {
    await using at = await openTestIngest();
    const raw = Array.from({ length: 5 }, (_, line) => `${text(line)}\n`).join('');
    await at.feed.give([await logsFrame([{ start: 0, bytes: raw }], { format: 'plain' })]);
    await at.feed.give([await frameOf([chunkOf(3, 8)], 1)]);
    expect(await at.lines()).toEqual([
      ...Array.from({ length: 5 }, (_, line) => `${line * lineBytes}: ${text(line)}`),
      `50: ${[5, 6, 7].map(text).join('\n')}`,
    ]);
  });

  test('records that are none and must be cut are set aside; their neighbours are stored', async () => {
    await using at = await openTestIngest();
    await at.feed.give([await frameOf([chunkOf(0, 2)])]);
    const damaged = { start: 0, end: 40, bytes: 'no record\n' };
    await at.feed.give([await frameOf([damaged, { ...chunkOf(4, 6) }], 1)]);
    expect(await at.lines()).toEqual([`0: ${text(0)}\n${text(1)}`, `40: ${text(4)}\n${text(5)}`]);
    expect(await at.deadLetters()).toMatchObject([{ reason: 'record: expected five fields' }]);
  });

  test('records that the engine refuses are a dead letter that can be published again', async () => {
    await using at = await openTestIngest({
      wrap: (engine) => ({
        ...engine,
        insert: async (request) => {
          if (request.table === 'log_chunks_records') {
            throw new StorageError('bad_data', 'refused by the test');
          }
          return engine.insert(request);
        },
        select: engine.select.bind(engine),
        stream: engine.stream.bind(engine),
      }),
    });
    await at.feed.give([await frameOf([{ ...chunkOf(0, 3), end: 500 }])]);
    const [letter] = await at.deadLetters();
    expect(letter).toMatchObject({ id: 'direct-0-0-0' });
    const stored = await at.letters.get('direct-0-0-0');
    const decoded = await decodeFrame(stored?.bytes ?? Buffer.alloc(0));
    expect(decoded).toMatchObject({
      header: { chunks: [{ start: 0, end: 500, bytes: chunkOf(0, 3).bytes.length }] },
      payload: chunkOf(0, 3).bytes,
    });
  });
});
