/** The engine that the other roles open by URL, for each user that they may be. */
import { performance } from 'node:perf_hooks';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, openEngine, StorageError, type Engine } from '@plimsoll/storage';
import { serve, type Served } from './support/serve.ts';

let served: Served;
const engines: Engine[] = [];
const passwords = { default: '', ingest: 'into', admin: 'all' } as const;

async function open(username: keyof typeof passwords): Promise<Engine> {
  const engine = await openEngine({
    mode: 'server',
    path: '',
    url: served.url,
    username,
    password: passwords[username],
    database: 'plimsoll',
  });
  engines.push(engine);
  return engine;
}

beforeAll(async () => {
  served = await serve({ max_wait: 20_000 });
  await migrate(await open('admin'));
}, 60_000);
afterAll(async () => {
  for (const engine of engines) await engine.close();
  await served[Symbol.asyncDispose]();
});

async function code(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((caught: unknown) => caught);
  return error instanceof StorageError ? error.code : `no StorageError: ${String(error)}`;
}

describe.each(['default', 'ingest', 'admin'] as const)('as %s', (username) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open(username);
  });

  test('ping, parameters, streams and limits', async () => {
    await engine.ping();
    const params = { a: "it's\t\\", b: [1, 2] };
    expect(
      await engine.select('SELECT {a:String} AS a, {b:Array(UInt8)} AS b', { params }),
    ).toEqual([params]);
    let rows = 0;
    for await (const batch of engine.stream('SELECT number FROM numbers(50000)'))
      rows += batch.length;
    expect(rows).toBe(50_000);
    expect(await code(engine.select('SELECT number FROM numbers(11)', { maxRows: 10 }))).toBe(
      'result_too_large',
    );
    const endless = 'SELECT sum(cityHash64(number)) FROM numbers(100000000000)';
    expect(await code(engine.select(endless, { maxExecutionMs: 200 }))).toBe('timeout');
    expect(await code(engine.select('SELECT nothing'))).toBe('invalid_query');
    expect(await code(engine.select(endless, { signal: AbortSignal.timeout(200) }))).toBe(
      'aborted',
    );
  });

  test('ad-hoc SQL: answers, cuts and refuses as embedded does', async () => {
    const limits = { maxExecutionMs: 5_000, maxMemoryBytes: 1e9, maxRows: 10, maxResultBytes: 1e6 };
    const result = await engine.adhoc('SELECT number FROM numbers(100)', limits);
    expect(result).toMatchObject({
      columns: [{ name: 'number', type: 'UInt64' }],
      truncated: true,
      limit: 'rows',
    });
    expect(result.rows).toHaveLength(10);
    expect((await engine.adhoc('SHOW TABLES', limits)).rows).toHaveLength(10);
    expect((await engine.adhoc('DESCRIBE logs', limits)).rows.length).toBeGreaterThan(5);
    expect((await engine.adhoc('EXPLAIN SELECT 1', limits)).rows.length).toBeGreaterThan(0);
    for (const sql of [
      "SELECT file('/etc/passwd')",
      'DROP TABLE logs',
      "SELECT 1 INTO OUTFILE '/tmp/x'",
      'SELECT * FROM system.users',
    ]) {
      expect(await code(engine.adhoc(sql, limits))).toBe('forbidden');
    }
  });
});

describe('inserts', () => {
  const data = zstdCompressSync(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
  const request = {
    table: 'numbers',
    columns: ['n'],
    format: 'RowBinary',
    compression: 'zstd',
    data,
  } as const;
  beforeAll(async () => {
    const admin = await open('admin');
    await admin.command(
      `CREATE TABLE numbers (n UInt64,
         CONSTRAINT lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ')
           OR toUnixTimestamp64Milli(now64(3)) <= toInt64OrZero(substring(getSetting('log_comment'), 7)))
       ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100`,
    );
  });

  test('RowBinary of zstd frames one behind the other, under a token, within a lease', async () => {
    const engine = await open('ingest');
    const frames = [data, zstdCompressSync(Buffer.concat([Buffer.from([2]), Buffer.alloc(7)]))];
    const notAfterMs = performance.now() + 60_000;
    for (let round = 0; round < 2; round++) {
      await engine.insert({ ...request, data: frames, token: 'one', notAfterMs });
    }
    expect(await engine.select('SELECT count() AS rows, sum(n) AS sum FROM numbers')).toEqual([
      { rows: 2, sum: 3 },
    ]);
  });

  test('behind the end of its lease, or by a user who reads, nothing is stored', async () => {
    const engine = await open('ingest');
    expect(
      await code(
        engine.insert({ ...request, token: 'late', notAfterMs: performance.now() - 1_000 }),
      ),
    ).toBe('lease_expired');
    const reader = await open('default');
    expect(await code(reader.insert(request))).toBe('forbidden');
    expect(await code(reader.command('DROP TABLE numbers'))).toBe('forbidden');
    expect(await code(engine.command('DROP TABLE numbers'))).toBe('forbidden');
    expect(await engine.select('SELECT count() AS rows FROM numbers')).toEqual([{ rows: 2 }]);
  });

  test('an insert does not wait behind long selects', async () => {
    const [reader, engine] = [await open('default'), await open('ingest')];
    const abort = new AbortController();
    const sql = 'SELECT sum(cityHash64(number)) FROM numbers(100000000000)';
    const long = [1, 2].map(async () => code(reader.select(sql, { signal: abort.signal })));
    await expect
      .poll(async () =>
        served.engine.select(
          "SELECT count() AS n FROM system.processes WHERE query LIKE '/* plimsoll:http%'",
        ),
      )
      .toEqual([{ n: 2 }]);
    await engine.insert({ ...request, token: 'beside' });
    abort.abort();
    expect(await Promise.all(long)).toEqual(['aborted', 'aborted']);
  });
});
