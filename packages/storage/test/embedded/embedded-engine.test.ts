import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rejection } from '../support/settled.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine({ isMigrated: false, readConnections: 2, maxWaiting: 4 });
  await opened.engine.command(
    'CREATE TABLE t (id UInt32, text String) ENGINE = MergeTree ORDER BY id',
  );
});
afterAll(async () => opened[Symbol.asyncDispose]());

const endless = 'SELECT sum(cityHash64(number)) AS x FROM numbers(1000000000000)';

describe('select', () => {
  test('more rows than allowed is an error, not a cut', async () => {
    const sql = 'SELECT number FROM numbers(11)';
    expect(await rejection(opened.engine.select(sql, { maxRows: 10 }))).toMatchObject({
      code: 'result_too_large',
    });
    expect(await opened.engine.select(sql, { maxRows: 11 })).toHaveLength(11);
  });

  test('a time limit of one query is not that of the next on the same connection', async () => {
    for (let time = 0; time < 3; time++) {
      expect(await rejection(opened.engine.select(endless, { maxExecutionMs: 200 }))).toMatchObject(
        {
          code: 'timeout',
        },
      );
    }
    await opened.engine.select('SELECT sleepEachRow(0.05) FROM numbers(6)', {
      maxExecutionMs: 5_000,
    });
  });

  test('an aborted query rejects at once and frees its connection soon', async () => {
    const abort = new AbortController();
    const running = [1, 2].map(async () =>
      rejection(opened.engine.select(endless, { signal: abort.signal })),
    );
    setTimeout(() => abort.abort(), 100);
    const started = performance.now();
    expect(await Promise.all(running)).toMatchObject([{ code: 'aborted' }, { code: 'aborted' }]);
    await opened.engine.select('SELECT 1');
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('callers beyond the queue are refused', async () => {
    const abort = new AbortController();
    const running = Array.from({ length: 6 }, async () =>
      rejection(opened.engine.select(endless, { signal: abort.signal })),
    );
    expect(await rejection(opened.engine.select('SELECT 1'))).toMatchObject({ code: 'busy' });
    abort.abort();
    await Promise.all(running);
  });

  test('syntax errors say so', async () => {
    expect(await rejection(opened.engine.select('SELEC 1'))).toMatchObject({
      code: 'invalid_query',
      clickhouseCode: 62,
    });
  });
});

describe('stream', () => {
  test('gives every row, in batches', async () => {
    let rows = 0;
    let batches = 0;
    for await (const batch of opened.engine.stream<{ number: number }>(
      'SELECT number FROM numbers(200000)',
    )) {
      expect(batch[0]?.number).toBe(rows);
      rows += batch.length;
      batches += 1;
    }
    expect(rows).toBe(200_000);
    expect(batches).toBeGreaterThan(10);
  });

  test('leaving early frees the connection', async () => {
    for (let time = 0; time < 5; time++) {
      for await (const batch of opened.engine.stream('SELECT number FROM numbers(100000000000)')) {
        expect(batch.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(await opened.engine.select('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('an abort in the middle ends it', async () => {
    const abort = new AbortController();
    const error = await rejection(
      (async () => {
        for await (const batch of opened.engine.stream('SELECT number FROM numbers(100000000000)', {
          signal: abort.signal,
        })) {
          if (batch.length > 0) abort.abort();
        }
      })(),
    );
    expect(error).toMatchObject({ code: 'aborted' });
    await opened.engine.select('SELECT 1');
  });

  test('an abort before the first row ends it', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 100);
    const error = await rejection(
      (async () => {
        for await (const batch of opened.engine.stream(endless, { signal: abort.signal })) {
          expect(batch).toEqual([]);
        }
      })(),
    );
    expect(error).toMatchObject({ code: 'aborted' });
  });

  test('an error in the middle comes through', async () => {
    const error = await rejection(
      (async () => {
        for await (const batch of opened.engine.stream(
          'SELECT throwIf(number = 500000) FROM numbers(1000000)',
        )) {
          expect(batch.length).toBeGreaterThan(0);
        }
      })(),
    );
    expect(error).toMatchObject({ clickhouseCode: 395 });
  });
});

describe('insert', () => {
  const insert = async (data: string, token?: string): Promise<void> => {
    await opened.engine.insert({
      table: 't',
      columns: ['id', 'text'],
      format: 'JSONCompactEachRow',
      data: Buffer.from(data),
      ...(token === undefined ? {} : { token }),
    });
  };
  const count = async (): Promise<number> =>
    (await opened.engine.select<{ rows: number }>('SELECT count() AS rows FROM t'))[0]?.rows ?? -1;

  test('what cannot be parsed is bad data, and nothing of it is stored', async () => {
    const before = await count();
    expect(await rejection(insert('[1,"a"]\n["no number","b"]\n'))).toMatchObject({
      code: 'bad_data',
    });
    expect(await rejection(insert('{}\n'))).toMatchObject({ code: 'bad_data' });
    expect(await count()).toBe(before);
  });

  test('an unknown column is bad data', async () => {
    const request = { table: 't', columns: ['nothing'], format: 'JSONCompactEachRow' as const };
    expect(
      await rejection(opened.engine.insert({ ...request, data: Buffer.from('[1]\n') })),
    ).toMatchObject({ code: 'bad_data' });
  });

  test.each([
    ['JSONEachRow', '{"id":1,"text":"x"}'],
    ['JSONCompactEachRow', '[1,"x"]'],
    ['CSV', '1,"x"'],
    ['TabSeparated', '1\tx'],
  ] as const)('%s: what stands behind a blank line is never run', async (format, row) => {
    const request = { table: 't', columns: ['id', 'text'], format };
    for (const between of ['\n\n', '\n\n\n', ';\n\n', '\n']) {
      for (const before of [row, '']) {
        const data = Buffer.from(`${before}${between}DROP TABLE t\n`);
        expect(await rejection(opened.engine.insert({ ...request, data }))).toMatchObject({
          code: 'bad_data',
        });
      }
    }
    expect(await count()).toBeGreaterThanOrEqual(0);
  });

  test('compressed data that is damaged is bad data, and nothing of it is stored', async () => {
    const before = await count();
    const row = Buffer.concat([Buffer.from([7, 0, 0, 0, 200, 1]), Buffer.alloc(200, 'ab')]);
    const whole = zstdCompressSync(Buffer.concat(Array.from({ length: 5000 }, () => row)));
    const request = { table: 't', columns: ['id', 'text'], format: 'RowBinary' as const };
    const damaged = Buffer.from(whole).fill(0xff, 12);
    const cutOff = [whole, zstdCompressSync(row.subarray(0, 30))];
    for (const data of [[damaged], [Buffer.from('no zstd at all')], cutOff]) {
      expect(
        await rejection(opened.engine.insert({ ...request, compression: 'zstd', data })),
      ).toMatchObject({ code: 'bad_data' });
    }
    expect(await count()).toBe(before);
    await opened.engine.insert({ ...request, compression: 'zstd', data: [whole, whole] });
    expect(await count()).toBe(before + 10_000);
  });

  test('blank lines between rows of JSON are left out', async () => {
    const before = await count();
    await insert('\n[1,"a\\n\\nb"]\n\n\n[2,"b"]\n\n');
    expect(await count()).toBe(before + 2);
  });
});

describe('settings', () => {
  test("an insert is stored when it is acknowledged, whatever the engine's default", async () => {
    const [row] = await opened.engine.select("SELECT toString(getSetting('async_insert')) AS v");
    expect(row).toEqual({ v: 'false' });
  });

  test('times print in UTC', async () => {
    const [row] = await opened.engine.select('SELECT toString(toDateTime(0)) AS v');
    expect(row).toEqual({ v: '1970-01-01 00:00:00' });
  });
});
