import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compress, storedFrame } from '@plimsoll/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate, openEngine, type Engine } from '../../src/index.ts';
import { serveClickHouseHttp, type ClickHouseHttp } from '../support/clickhouse-http.ts';
import { dockerLine, insertChunks, storedLines } from '../support/log-chunks.ts';
import { rejection } from '../support/settled.ts';

let folder: string;
let http: ClickHouseHttp;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-server-'));
  http = await serveClickHouseHttp(join(folder, 'engine'));
  engine = await openEngine({ mode: 'server', path: '', url: http.url, database: 'fleet' });
  await migrate(engine);
});
afterAll(async () => {
  await engine.close();
  await http[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const limits = { maxExecutionMs: 5_000, maxMemoryBytes: 1e9, maxRows: 10, maxResultBytes: 1e6 };

test('the same migrations, chunks and rows as embedded', async () => {
  await insertChunks(engine, [{ bytes: dockerLine('hello\n') }], { token: 'token-1' });
  await insertChunks(engine, [{ bytes: dockerLine('hello\n') }], { token: 'token-1' });
  expect(await storedLines(engine)).toMatchObject([{ message: 'hello', stream: 'stdout' }]);
  const insert = http.requests.find(({ query }) =>
    query.startsWith('INSERT INTO `log_chunks_docker`'),
  );
  expect(insert?.settings).toMatchObject({
    insert_deduplication_token: 'token-1',
    async_insert: '0',
  });
});

test('a server remembers more tokens than a process that is its own engine, and a second run changes nothing', async () => {
  const rows = await engine.select<{ name: string; ddl: string }>(
    `SELECT name, engine_full AS ddl FROM system.tables
     WHERE database = 'fleet' AND engine_full LIKE '%deduplication_window%'`,
  );
  expect(rows.length).toBeGreaterThan(10);
  for (const { name, ddl } of rows) {
    expect([name, /deduplication_window = (\d+)/.exec(ddl)?.[1]]).toEqual([name, '100000']);
  }
  const before = http.requests.filter(({ query }) => query.startsWith('ALTER')).length;
  expect(await migrate(engine)).toMatchObject({ statementsRun: 0 });
  expect(http.requests.filter(({ query }) => query.startsWith('ALTER'))).toHaveLength(before);
});

test('parameters, streams and limits', async () => {
  expect(
    await engine.select('SELECT {a:String} AS a, {b:Array(UInt8)} AS b', {
      params: { a: "it's\t\\", b: [1, 2] },
    }),
  ).toEqual([{ a: "it's\t\\", b: [1, 2] }]);
  let rows = 0;
  for await (const batch of engine.stream('SELECT number FROM numbers(50000)'))
    rows += batch.length;
  expect(rows).toBe(50_000);
  expect(
    await rejection(engine.select('SELECT number FROM numbers(11)', { maxRows: 10 })),
  ).toMatchObject({
    code: 'result_too_large',
  });
  expect(
    await rejection(
      engine.select('SELECT sum(cityHash64(number)) FROM numbers(100000000000)', {
        maxExecutionMs: 200,
      }),
    ),
  ).toMatchObject({ code: 'timeout' });
});

test('an aborted query rejects', async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  const sql = 'SELECT sum(cityHash64(number)) FROM numbers(3000000000)';
  expect(await rejection(engine.select(sql, { signal: abort.signal }))).toMatchObject({
    code: 'aborted',
  });
});

test('ad-hoc: answers, cuts and refuses as embedded does', async () => {
  const result = await engine.adhoc('SELECT number FROM numbers(100)', limits);
  expect(result).toMatchObject({
    columns: [{ name: 'number', type: 'UInt64' }],
    truncated: true,
    limit: 'rows',
  });
  expect(result.rows).toHaveLength(10);
  expect((await engine.adhoc('SHOW TABLES', limits)).rows.length).toBe(10);
  for (const sql of [
    "SELECT file('/etc/passwd')",
    'DROP TABLE logs',
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    'SELECT * FROM system.users',
  ]) {
    expect(await rejection(engine.adhoc(sql, limits))).toMatchObject({ code: 'forbidden' });
  }
  expect(
    http.requests.filter(({ settings }) => settings['readonly'] === '1').length,
  ).toBeGreaterThan(0);
});

test('ping and errors', async () => {
  await engine.ping();
  expect(await rejection(engine.select('SELECT nothing'))).toMatchObject({
    code: 'invalid_query',
    clickhouseCode: 47,
  });
  await engine.command('CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = Memory');
});

test('data may come in several compressed parts', async () => {
  await engine.command('CREATE TABLE numbers_of (n UInt64) ENGINE = MergeTree ORDER BY n');
  const eight = (n: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(n));
    return bytes;
  };
  await engine.insert({
    table: 'numbers_of',
    columns: ['n'],
    format: 'RowBinary',
    compression: 'zstd',
    data: [...storedFrame(eight(1)), compress(Buffer.concat([eight(2), eight(3)]))],
  });
  expect(await engine.select('SELECT sum(n) AS sum FROM numbers_of')).toEqual([{ sum: 6 }]);
  expect(http.requests.at(-2)?.query).toContain('FORMAT RowBinary');
});
