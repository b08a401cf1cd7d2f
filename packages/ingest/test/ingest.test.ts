import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { setTimeout as wait } from 'node:timers/promises';
import { decodeFrame } from '@plimsoll/model';
import { StorageError, type Engine } from '@plimsoll/storage';
import { afterEach, describe, expect, test } from 'vitest';
import { logsFrame, rowsFrame } from './support/frames.ts';
import { openTestIngest, type TestIngest } from './support/test-ingest.ts';

let it: TestIngest;
afterEach(async () => it[Symbol.asyncDispose]());

const eventColumns = [
  'time',
  'event_id',
  'tenant',
  'host',
  'kind',
  'severity',
  'message',
  'attributes',
];
const event = (id: string): unknown[] => [
  '2026-01-15 10:00:00.123',
  id,
  'default',
  'host1',
  'kernel',
  'info',
  'it "happened"\n\n; DROP TABLE logs',
  { pid: '7' },
];
const events = async (): Promise<string[]> => {
  const rows = await it.engine.select<{ event_id: string }>(
    'SELECT event_id FROM events ORDER BY event_id',
  );
  return rows.map((row) => row.event_id);
};

describe('frames become rows', () => {
  test('lines with labels, ranges with their batch, rows in their tables', async () => {
    it = await openTestIngest();
    await it.feed.give([
      await logsFrame([{ start: 0, bytes: 'one\ntwo\n' }], {
        containerName: 'we"b\n\n; DROP TABLE logs',
      }),
      await rowsFrame(
        { table: 'events', columns: eventColumns, rows: [event('a'), event('b')] },
        { sequence: 1 },
      ),
    ]);
    expect(await it.lines()).toEqual(['0: one', '4: two']);
    expect(
      await it.engine.select(
        'SELECT DISTINCT tenant, host, container_id, container_name, toString(time) AS time, toString(ingested_at) AS ingested_at FROM logs',
      ),
    ).toEqual([
      {
        tenant: 'default',
        host: 'host1',
        container_id: 'c1',
        container_name: 'we"b\n\n; DROP TABLE logs',
        time: '2026-01-15 10:00:00.000000000',
        ingested_at: '2026-01-15 10:00:00',
      },
    ]);
    expect(
      await it.engine.select(
        'SELECT file_id, start, end, partition, batch FROM log_ranges ORDER BY file_id',
      ),
    ).toEqual([
      { file_id: 'f1', start: 0, end: 8, partition: 'direct', batch: 0 },
      { file_id: 'rows/collector1/1', start: 1, end: 2, partition: 'direct', batch: 0 },
    ]);
    expect(await events()).toEqual(['a', 'b']);
    expect(
      await it.engine.select("SELECT message, attributes FROM events WHERE event_id = 'a'"),
    ).toEqual([{ message: 'it "happened"\n\n; DROP TABLE logs', attributes: { pid: '7' } }]);
    const text = await it.metrics.render();
    expect(text).toContain('plimsoll_ingest_stored_log_lines_total 2');
    expect(text).toContain('plimsoll_ingest_stored_rows_total{table="events"} 2');
  });

  test('a batch of many inserts at once, all chunks whole', async () => {
    it = await openTestIngest({ concurrency: 2 });
    const line = `${'x'.repeat(4000)}\n`;
    const chunk = line.repeat(65);
    const frames = await Promise.all(
      Array.from({ length: 5 }, async (_, frame) =>
        logsFrame(
          Array.from({ length: 28 }, (__, index) => ({
            start: (frame * 28 + index) * chunk.length,
            bytes: chunk,
          })),
          { sequence: frame },
        ),
      ),
    );
    await it.feed.give(frames);
    const [row] = await it.engine.select<{ rows: number; distinct: number }>(
      'SELECT count() AS rows, uniqExact(position) AS distinct FROM logs',
    );
    expect(row).toEqual({ rows: 5 * 28 * 65, distinct: 5 * 28 * 65 });
  });
});

describe('what comes again is stored once', () => {
  test('in one batch, in later ones, in part, and after a restart', async () => {
    it = await openTestIngest();
    const first = await logsFrame([
      { start: 0, bytes: 'a\nb\n' },
      { start: 0, bytes: 'a\nb\n' },
    ]);
    const overlap = await logsFrame([{ start: 2, bytes: 'b\nc\n' }]);
    await it.feed.give([first, first]);
    await it.feed.give([overlap]);
    await it.restart();
    await it.feed.give([first, overlap, await logsFrame([{ start: 0, bytes: 'a\nb\nc\nd\n' }])], {
      first: 100,
    });
    expect(await it.lines()).toEqual(['0: a', '2: b', '4: c', '6: d']);
    expect(await it.metrics.render()).toContain('plimsoll_ingest_trimmed_log_bytes_total 18');
    expect(await it.metrics.render()).toContain('plimsoll_ingest_stored_log_lines_total 1\n');
  });

  test('a gap that is filled later', async () => {
    it = await openTestIngest();
    await it.feed.give([
      await logsFrame([
        { start: 0, bytes: 'a\n' },
        { start: 4, bytes: 'c\n' },
      ]),
    ]);
    await it.feed.give([await logsFrame([{ start: 0, bytes: 'a\nb\nc\nd\n' }])]);
    expect(await it.lines()).toEqual(['0: a', '2: b', '4: c', '6: d']);
  });

  test('a batch replayed after it was stored, at once and after a restart', async () => {
    it = await openTestIngest();
    const batch = await it.feed.give([
      await logsFrame([{ start: 0, bytes: 'a\nb\n' }]),
      await rowsFrame(
        {
          table: 'host_stats',
          columns: ['time', 'tenant', 'host', 'load1'],
          rows: [['2026-01-15 10:00:00.000', 'default', 'host1', 0.5]],
        },
        { sequence: 1 },
      ),
    ]);
    await it.restart();
    await it.feed.give(batch.frames, { first: batch.first, isReplay: true });
    expect(await it.lines()).toEqual(['0: a', '2: b']);
    expect(await it.engine.select('SELECT load1 FROM host_stats')).toEqual([{ load1: 0.5 }]);
  });

  test('a replay is not trimmed by ranges that its first try left', async () => {
    it = await openTestIngest();
    const frames = [await logsFrame([{ start: 0, bytes: 'a\nb\n' }])];
    // The first try died between its ranges and its lines.
    await it.engine.insert({
      table: 'log_ranges',
      columns: ['time', 'tenant', 'file_id', 'start', 'end', 'partition', 'batch'],
      format: 'CSV',
      data: Buffer.from('2026-01-15 10:00:00,default,f1,0,4,direct,7\n'),
    });
    await it.feed.give(frames, { first: 7, isReplay: true });
    expect(await it.lines()).toEqual(['0: a', '2: b']);
  });

  test('rows frames delivered twice', async () => {
    it = await openTestIngest();
    const row = [['2026-01-15 10:00:00.000', 'default', 'host1', 1]];
    const columns = ['time', 'tenant', 'host', 'load1'];
    const frame = await rowsFrame({ table: 'host_stats', columns, rows: row }, { sequence: 4 });
    await it.feed.give([frame, frame]);
    await it.feed.give([
      frame,
      await rowsFrame({ table: 'host_stats', columns, rows: row }, { sequence: 5 }),
    ]);
    expect(await it.engine.select('SELECT load1 FROM host_stats')).toHaveLength(2);
    expect(await it.metrics.render()).toContain('plimsoll_ingest_doubled_frames_total 2');
  });

  test('files beyond those kept in memory are looked up again', async () => {
    it = await openTestIngest({ maxFiles: 2 });
    const frames = await Promise.all(
      Array.from({ length: 6 }, async (_, index) =>
        logsFrame([{ fileId: `f${index}`, start: 0, bytes: 'a\nb\n' }]),
      ),
    );
    for (let round = 0; round < 3; round++) {
      for (const frame of frames) await it.feed.give([frame]);
    }
    for (let index = 0; index < 6; index++)
      expect(await it.lines(`f${index}`)).toEqual(['0: a', '2: b']);
  });
});

describe('what cannot be stored is set aside, and nothing else with it', () => {
  test('frames that cannot be read', async () => {
    it = await openTestIngest();
    const good = await logsFrame([{ start: 0, bytes: 'good\n' }]);
    const broken = Buffer.from(good);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    const unknown = await rowsFrame({ table: 'nothing' as 'events', columns: ['a'], rows: [[1]] });
    const injected = await rowsFrame({
      table: 'events',
      columns: ['time) VALUES (1); DROP TABLE logs --'],
      rows: [[1]],
    });
    await it.feed.give([Buffer.from('no frame'), good, broken, unknown, injected, Buffer.alloc(0)]);
    expect(await it.lines()).toEqual(['0: good']);
    const letters = await it.deadLetters();
    expect(letters.map(({ id }) => id)).toEqual([
      'direct-0',
      'direct-2',
      'direct-3',
      'direct-4',
      'direct-5',
    ]);
    expect(letters.map(({ reason }) => reason.split(':')[0])).toEqual([
      'prelude',
      'checksum',
      'table',
      'columns',
      'prelude',
    ]);
    expect(await readFile(join(it.folder, 'dead-letters', 'direct-0.frame'), 'utf8')).toBe(
      'no frame',
    );
  });

  test('rows that the engine refuses; their neighbours are stored', async () => {
    it = await openTestIngest();
    await it.feed.give([
      await rowsFrame(
        { table: 'events', columns: eventColumns, rows: [event('a')] },
        { sequence: 1 },
      ),
      await rowsFrame(
        { table: 'events', columns: eventColumns, rows: [['no time', 'b']] },
        { sequence: 2 },
      ),
      await rowsFrame(
        { table: 'events', columns: eventColumns, rows: [event('c')] },
        { sequence: 3 },
      ),
      await rowsFrame(
        {
          table: 'events',
          columns: ['time', 'of_a_newer_version'],
          rows: [['2026-01-15 10:00:00', 1]],
        },
        { sequence: 4 },
      ),
    ]);
    expect(await events()).toEqual(['a', 'c']);
    const letters = await it.deadLetters();
    expect(letters.map(({ id }) => id)).toEqual(['direct-1', 'direct-3']);
    for (const { reason } of letters) expect(reason).toContain('the engine refused it');
    const frame = await decodeFrame(
      await readFile(join(it.folder, 'dead-letters', 'direct-1.frame')),
    );
    expect(frame).toMatchObject({ kind: 'rows', header: { table: 'events', rows: 1 } });
    expect(it.ingest.health()).toEqual({ ok: true });
  });

  test('a chunk that does not decompress is set aside; its neighbours are stored', async () => {
    it = await openTestIngest();
    const good = await logsFrame([{ start: 0, bytes: 'a\n' }]);
    const large = Buffer.from(
      Array.from({ length: 20_000 }, (_, index) => `line ${(index * 7919) % 20_011}\n`).join(''),
    );
    const damaged = await logsFrame([{ fileId: 'f2', start: 0, bytes: large }]);
    damaged.fill(0xff, damaged.length - 60);
    // As if the collector itself had made it so: the checksum fits.
    damaged.writeUInt32LE(crc32(damaged.subarray(28), crc32(damaged.subarray(0, 24))), 24);
    await it.feed.give([good, damaged, await logsFrame([{ start: 2, bytes: 'b\n' }])]);
    expect(await it.lines()).toEqual(['0: a', '2: b']);
    const letters = await it.deadLetters();
    expect(letters.map(({ id }) => id)).toEqual(['direct-1-0-0-zstd']);
    expect(letters[0]?.reason).toContain('ZSTD');
  });

  test('what stands behind a blank line of a payload is never run', async () => {
    it = await openTestIngest();
    const frame = await rowsFrame({ table: 'events', columns: eventColumns, rows: [event('a')] });
    const evil = await decodeFrame(frame);
    const { encodeFrame } = await import('@plimsoll/model');
    if (evil.kind !== 'rows') throw new Error('expected rows');
    const payload = Buffer.concat([evil.payload, Buffer.from('\n\nDROP TABLE logs\n')]);
    await it.feed.give([await encodeFrame({ kind: 'rows', header: evil.header }, [payload])]);
    expect(await it.lines()).toEqual([]);
    expect(await it.deadLetters()).toHaveLength(1);
  });
});

describe('an engine that fails', () => {
  const failing = (engine: Engine, failure: () => StorageError | null): Engine =>
    Object.create(engine, {
      insert: {
        value: async (request: Parameters<Engine['insert']>[0]) => {
          const error = failure();
          if (error) throw error;
          return engine.insert(request);
        },
      },
      select: { value: engine.select.bind(engine) },
      stream: { value: engine.stream.bind(engine) },
    }) as Engine;

  test('is tried again until it takes the rows; health says why meanwhile', async () => {
    let isBroken = true;
    const failure = (): StorageError | null =>
      isBroken ? new StorageError('disk_full', 'no space left') : null;
    it = await openTestIngest({ wrap: (engine) => failing(engine, failure) });
    const storing = it.feed.give([await logsFrame([{ start: 0, bytes: 'a\n' }])]);
    while (it.ingest.health().ok) await wait(5);
    expect(it.ingest.health().reason).toContain('no space left');
    expect(await it.metrics.render()).toContain(
      'plimsoll_ingest_insert_retries_total{code="disk_full"}',
    );
    isBroken = false;
    await storing;
    expect(it.ingest.health()).toEqual({ ok: true });
    expect(await it.lines()).toEqual(['0: a']);
  });

  test('stop does not wait for it', async () => {
    const failure = (): StorageError => new StorageError('engine', 'always');
    it = await openTestIngest({ wrap: (engine) => failing(engine, failure) });
    const storing = it.feed
      .give([await logsFrame([{ start: 0, bytes: 'a\n' }])])
      .catch((error: unknown) => error);
    await wait(50);
    await it.ingest.stop();
    expect(await storing).toBeInstanceOf(Error);
  });
});
