/** @clickhouse/client against the interface: what it does with a server, it does here. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { TupleParam, type ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve, type Served } from './support/serve.ts';

let served: Served;
let reader: ClickHouseClient;
let writer: ClickHouseClient;
let admin: ClickHouseClient;
beforeAll(async () => {
  served = await serve();
  reader = served.client();
  writer = served.client({ username: 'ingest', password: 'into' });
  admin = served.client({ username: 'admin', password: 'all' });
});
afterAll(async () => served[Symbol.asyncDispose]());

async function makeTable(name: string): Promise<void> {
  await admin.command({
    query: `CREATE OR REPLACE TABLE ${name} (id UInt64, name String, tags Array(String)) ENGINE = MergeTree ORDER BY id`,
  });
}

test('ping, with and without a SELECT', async () => {
  expect(await reader.ping()).toEqual({ success: true });
  expect(await reader.ping({ select: true })).toEqual({ success: true });
});

describe('query', () => {
  test.each([
    'JSONEachRow',
    'JSONStringsEachRow',
    'JSONCompactEachRow',
    'JSONCompactStringsEachRow',
  ] as const)('json of %s', async (format) => {
    const result = await reader.query({ query: 'SELECT number AS n FROM numbers(3)', format });
    const rows = await result.json();
    expect(rows).toHaveLength(3);
  });

  test.each([
    'JSON',
    'JSONCompact',
    'JSONStrings',
    'JSONObjectEachRow',
    'JSONColumnsWithMetadata',
  ] as const)('one document of %s', async (format) => {
    const result = await reader.query({ query: 'SELECT number AS n FROM numbers(1000)', format });
    const document = await result.json();
    expect(document).toBeTypeOf('object');
  });

  test.each([
    'TabSeparated',
    'TabSeparatedWithNamesAndTypes',
    'CSV',
    'CSVWithNames',
    'CustomSeparated',
  ] as const)('text and stream of %s', async (format) => {
    const query = 'SELECT number AS n FROM numbers(100000)';
    const whole = await (await reader.query({ query, format })).text();
    let lines = 0;
    for await (const rows of (await reader.query({ query, format })).stream()) lines += rows.length;
    expect(lines).toBe(whole.split('\n').length - 1);
    expect(lines).toBeGreaterThanOrEqual(100_000);
  });

  test('a JSONEachRow stream with progress rows is one after another', async () => {
    const result = await reader.query({
      query: 'SELECT number FROM numbers(200000)',
      format: 'JSONEachRow',
    });
    let next = 0;
    for await (const rows of result.stream<{ number: number }>()) {
      expect(rows.map((row) => row.json().number)).toEqual(rows.map(() => next++));
    }
    expect(next).toBe(200_000);
  });

  test.each(['Parquet', 'Arrow', 'ArrowStream', 'Native', 'RowBinary', 'ORC', 'Avro', 'MsgPack'])(
    'bytes of %s go back in as they came out',
    async (format) => {
      await makeTable('copies');
      const { stream } = await reader.exec({
        query: `SELECT number AS id, toString(number) AS name, ['a', 'b'] AS tags FROM numbers(5000) FORMAT ${format}`,
      });
      const bytes = await buffer(stream);
      await drain(
        await writer.exec({
          query: `INSERT INTO copies FORMAT ${format}`,
          values: Readable.from([bytes]),
        }),
      );
      const [row] = await (
        await reader.query({
          query:
            "SELECT count() AS rows, sum(id) AS sum, countIf(tags = ['a', 'b']) AS tagged FROM copies",
          format: 'JSONEachRow',
        })
      ).json();
      expect(row).toEqual({ rows: 5000, sum: 12_497_500, tagged: 5000 });
    },
  );

  test('every kind of query_params', async () => {
    const result = await reader.query({
      query: `SELECT {s:String} AS s, {n:Int64} AS n, {f:Float64} AS f, {b:Bool} AS b, {d:DateTime64(3)} AS d,
        {a:Array(String)} AS a, {m:Map(String, UInt8)} AS m, {u:Nullable(String)} AS u, {t:Tuple(String, UInt8)} AS t,
        (SELECT count() FROM {db:Identifier}.{table:Identifier}) AS c`,
      format: 'JSONEachRow',
      query_params: {
        s: "it's a \\ \t tab\nand 'more'",
        n: -5,
        f: 0.5,
        b: true,
        d: new Date('2024-05-06T07:08:09.123Z'),
        a: ["x'y", 'z\\'],
        m: { k: 1 },
        u: null,
        t: new TupleParam(['p', 2]),
        db: 'system',
        table: 'one',
      },
    });
    const [row] = await result.json();
    expect(row).toMatchObject({
      s: "it's a \\ \t tab\nand 'more'",
      n: -5,
      f: 0.5,
      b: true,
      a: ["x'y", 'z\\'],
      m: { k: 1 },
      u: null,
      d: '2024-05-06 07:08:09.123',
    });
  });

  test('parameters in a multipart body', async () => {
    const client = served.client({ use_multipart_params: true });
    const values = Array.from({ length: 2000 }, (_, index) => `value ${index}`);
    const result = await client.query({
      query: 'SELECT length({values:Array(String)}) AS n',
      format: 'JSONEachRow',
      query_params: { values },
    });
    expect(await result.json()).toEqual([{ n: 2000 }]);
  });

  test('response headers and the id of the query', async () => {
    const result = await reader.query({
      query: 'SELECT 1',
      format: 'JSONEachRow',
      query_id: 'mine-1',
    });
    expect(result.query_id).toBe('mine-1');
    expect(result.response_headers).toMatchObject({
      'x-clickhouse-query-id': 'mine-1',
      'x-clickhouse-format': 'JSONEachRow',
      'x-clickhouse-timezone': 'UTC',
    });
    await result.text();
  });

  test('clickhouse_settings are of one query only', async () => {
    const setting = async (settings: Record<string, string>): Promise<unknown> => {
      const result = await reader.query({
        query: "SELECT getSetting('max_block_size') AS v",
        format: 'JSONEachRow',
        clickhouse_settings: settings,
      });
      return result.json();
    };
    expect(await setting({ max_block_size: '1234' })).toEqual([{ v: 1234 }]);
    expect(await setting({})).not.toEqual([{ v: 1234 }]);
  });

  test('an error has its code, type and message', async () => {
    const error: unknown = await reader
      .query({ query: 'SELECT * FROM nothing' })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
    expect(String(error)).toContain('nothing');
    expect(String(error)).not.toMatch(/OUTFILE|plimsoll:|\/proc/);
  });

  test('an error in the middle of a stream is an error of the stream', async () => {
    const result = await reader.query({
      query: 'SELECT number, throwIf(number = 800000) FROM numbers(1000000)',
      format: 'JSONCompactEachRow',
    });
    let rows = 0;
    const read = async (): Promise<void> => {
      for await (const some of result.stream()) rows += some.length;
    };
    await expect(read()).rejects.toThrow(/throwIf/);
    expect(rows).toBeGreaterThan(0);
  });

  test('the same with a compressed response', async () => {
    const client = served.client({ compression: { response: true } });
    const result = await client.query({
      query: 'SELECT number, throwIf(number = 800000) FROM numbers(1000000)',
      format: 'JSONCompactEachRow',
    });
    await expect(
      (async () => {
        for await (const some of result.stream()) void some;
      })(),
    ).rejects.toThrow(/throwIf|unexpected|aborted|terminated|end of file/i);
  });
});

describe('sessions', () => {
  test('settings and parameters stay in their session', async () => {
    const client = served.client({ session_id: 'settings' });
    await client.command({ query: 'SET max_block_size = 777' });
    await client.command({ query: "SET param_who = 'me'" });
    const query = "SELECT getSetting('max_block_size') AS v, {who:String} AS who";
    expect(await (await client.query({ query, format: 'JSONEachRow' })).json()).toEqual([
      { v: 777, who: 'me' },
    ]);
    await expect(reader.query({ query })).rejects.toMatchObject({ code: '456' });
  });

  test('one request after the other never finds its session locked', async () => {
    const client = served.client({ session_id: 'in-a-row' });
    for (let index = 0; index < 30; index++) {
      const result = await client.query({ query: 'SELECT 1', query_id: 'in-a-row' });
      await result.text();
      await client.query({ query: 'SELECT nothing', query_id: 'in-a-row' }).catch(() => undefined);
    }
    expect(
      await (await client.query({ query: 'SELECT 2 AS n', format: 'JSONEachRow' })).json(),
    ).toEqual([{ n: 2 }]);
  });

  test('USE stays in its session', async () => {
    const client = served.client({ session_id: 'use' });
    await client.command({ query: 'USE system' });
    const query = 'SELECT currentDatabase() AS d';
    expect(await (await client.query({ query, format: 'JSONEachRow' })).json()).toEqual([
      { d: 'system' },
    ]);
    expect(await (await reader.query({ query, format: 'JSONEachRow' })).json()).toEqual([
      { d: 'plimsoll' },
    ]);
    await expect(client.command({ query: 'USE nowhere' })).rejects.toMatchObject({ code: '81' });
  });

  test('temporary tables live in their session, and settings of a request do not', async () => {
    const client = served.client({ username: 'admin', password: 'all', session_id: 'temporary' });
    await client.command({ query: 'CREATE TEMPORARY TABLE mine (id UInt64)' });
    await client.insert({ table: 'mine', values: [{ id: 7 }], format: 'JSONEachRow' });
    const result = await client.query({
      query: "SELECT id, getSetting('max_block_size') AS v FROM mine",
      format: 'JSONEachRow',
      clickhouse_settings: { max_block_size: '99' },
    });
    expect(await result.json()).toEqual([{ id: 7, v: 99 }]);
    const after = await client.query({
      query: "SELECT getSetting('max_block_size') AS v FROM mine",
      format: 'JSONEachRow',
    });
    expect(await after.json()).not.toEqual([{ v: 99 }]);
    await expect(admin.query({ query: 'SELECT * FROM mine' })).rejects.toMatchObject({
      code: '60',
    });
  });
});

describe('abort', () => {
  test('the query is gone from the engine', async () => {
    const controller = new AbortController();
    const running = reader.query({
      query: 'SELECT sum(cityHash64(number)) AS endless FROM numbers(100000000000)',
      abort_signal: controller.signal,
      query_id: 'to-abort',
    });
    const failed = running.catch((error: unknown) => error);
    await expect.poll(async () => countRunning('endless')).toBe(1);
    controller.abort();
    expect(String(await failed)).toMatch(/abort/);
    await expect.poll(async () => countRunning('endless'), { timeout: 5_000 }).toBe(0);
  });

  test('closing a stream early ends the query, and its place is free', async () => {
    for (let round = 0; round < 4; round++) {
      const result = await reader.query({
        query: 'SELECT number AS endless_stream FROM numbers(100000000000)',
        format: 'JSONEachRow',
      });
      for await (const rows of result.stream()) {
        expect(rows.length).toBeGreaterThan(0);
        break;
      }
      result.close();
    }
    await expect.poll(async () => countRunning('endless_stream'), { timeout: 5_000 }).toBe(0);
    expect(await reader.ping({ select: true })).toEqual({ success: true });
  });

  test('KILL QUERY by its id, of one’s own only', async () => {
    const query = 'SELECT sum(cityHash64(number)) AS killed FROM numbers(100000000000)';
    const running = admin.query({ query, query_id: 'to-kill' });
    const failed = running.catch((error: unknown) => error);
    await expect.poll(async () => countRunning('killed')).toBe(1);
    const kill = {
      query: "KILL QUERY WHERE query_id = 'to-kill' SYNC",
      format: 'JSONEachRow',
    } as const;
    expect(await (await reader.query(kill)).json()).toEqual([]);
    expect(await (await admin.query(kill)).json()).toMatchObject([
      { kill_status: 'waiting', query_id: 'to-kill' },
    ]);
    expect(await failed).toMatchObject({ code: '394' });
  });
});

test('wrong credentials', async () => {
  const client = served.client({ username: 'locked', password: 'wrong' });
  await expect(client.query({ query: 'SELECT 1' })).rejects.toMatchObject({ code: '516' });
  expect(await client.ping({ select: true })).toMatchObject({ success: false });
});

async function countRunning(word: string): Promise<number> {
  const rows = await served.engine.select<{ n: number }>(
    "SELECT count() AS n FROM system.processes WHERE query LIKE {like:String} AND query NOT LIKE '%system.processes%'",
    { params: { like: `%${word}%` } },
  );
  return rows[0]?.n ?? 0;
}

async function drain({ stream }: { stream: Readable }): Promise<void> {
  await buffer(stream);
}
