/** @clickhouse/client writes, in each way that it has. */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ClickHouseClient } from '@clickhouse/client';
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

async function rowsOf(name: string): Promise<unknown[]> {
  const result = await reader.query({
    query: `SELECT * FROM ${name} ORDER BY id`,
    format: 'JSONCompactEachRow',
  });
  return result.json();
}

describe('insert', () => {
  const expected = [
    [1, 'one', ['a']],
    [2, "t'w\to", []],
  ];
  const objects = [
    { id: 1, name: 'one', tags: ['a'] },
    { id: 2, name: "t'w\to", tags: [] },
  ];

  test('an array of objects', async () => {
    await makeTable('inserts');
    const { summary, executed } = await writer.insert({
      table: 'inserts',
      values: objects,
      format: 'JSONEachRow',
    });
    expect(executed).toBe(true);
    expect(summary).toMatchObject({ written_rows: '2' });
    expect(await rowsOf('inserts')).toEqual(expected);
  });

  test('a stream of objects, and of arrays with chosen columns', async () => {
    await makeTable('inserts');
    await writer.insert({
      table: 'inserts',
      values: Readable.from(objects, { objectMode: true }),
      format: 'JSONEachRow',
    });
    expect(await rowsOf('inserts')).toEqual(expected);
    await writer.insert({
      table: 'inserts',
      values: Readable.from([['three', 3]], { objectMode: true }),
      columns: ['name', 'id'],
      format: 'JSONCompactEachRow',
    });
    await writer.insert({
      table: 'inserts',
      values: [{ id: 4, name: 'four' }],
      columns: { except: ['tags'] },
      format: 'JSONEachRow',
    });
    expect(await rowsOf('inserts')).toEqual([...expected, [3, 'three', []], [4, 'four', []]]);
  });

  test('one document: JSON, JSONColumnsWithMetadata, JSONObjectEachRow', async () => {
    await makeTable('inserts');
    await writer.insert({
      table: 'inserts',
      format: 'JSONObjectEachRow',
      values: { row_1: objects[0], row_2: objects[1] },
    });
    expect(await rowsOf('inserts')).toEqual(expected);
  });

  test.each([
    ['CSV', '1,one,"[\'a\']"\n2,"t\'w\to",[]\n'],
    ['CSVWithNames', 'id,name,tags\n1,one,"[\'a\']"\n2,"t\'w\to",[]\n'],
    ['TabSeparated', "1\tone\t['a']\n2\tt'w\\to\t[]\n"],
    ['TabSeparatedWithNames', "id\tname\ttags\n1\tone\t['a']\n2\tt'w\\to\t[]\n"],
  ] as const)('a raw stream of %s', async (format, data) => {
    await makeTable('inserts');
    const values = Readable.from(data.split(/(?<=\n)/), { objectMode: false });
    await writer.insert({ table: 'inserts', values, format });
    expect(await rowsOf('inserts')).toEqual(expected);
  });

  test('what looks like SQL in the data is data', async () => {
    await makeTable('inserts');
    const name = "'); DROP TABLE inserts; --\n\nDROP TABLE inserts;\n\n";
    await writer.insert({
      table: 'inserts',
      values: [{ id: 1, name, tags: [] }],
      format: 'JSONEachRow',
    });
    const data = `2\tx\t[]\n\n\nDROP TABLE inserts;\n`;
    await expect(
      writer.insert({
        table: 'inserts',
        values: Readable.from([data], { objectMode: false }),
        format: 'TabSeparated',
      }),
    ).rejects.toThrow(/Cannot parse/);
    expect(await rowsOf('inserts')).toEqual([[1, name, []]]);
  });

  test.each(['gzip', 'zstd', 'br'] as const)('compressed by %s, both ways', async (codec) => {
    await makeTable('inserts');
    const client = served.client({
      username: 'ingest',
      password: 'into',
      compression: { request: { codec }, response: { codec } },
    });
    const values = Array.from({ length: 20_000 }, (_, id) => ({
      id,
      name: `name ${id}`,
      tags: ['x'],
    }));
    await client.insert({ table: 'inserts', values, format: 'JSONEachRow' });
    const result = await client.query({
      query: 'SELECT id FROM inserts ORDER BY id',
      format: 'JSONCompactEachRow',
    });
    expect(result.response_headers['content-encoding']).toBe(codec);
    expect(await result.json()).toHaveLength(20_000);
  });

  test('a token that is repeated adds nothing', async () => {
    await admin.command({
      query:
        'CREATE OR REPLACE TABLE tokens (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100',
    });
    for (const token of ['one', 'one', 'two']) {
      await writer.insert({
        table: 'tokens',
        values: [{ id: 1 }],
        format: 'JSONEachRow',
        clickhouse_settings: { insert_deduplication_token: token, async_insert: 0 },
      });
    }
    const [row] = await (
      await reader.query({ query: 'SELECT count() AS n FROM tokens', format: 'JSONEachRow' })
    ).json();
    expect(row).toEqual({ n: 2 });
  });

  test('nothing to insert is no error', async () => {
    await makeTable('inserts');
    expect(
      await writer.insert({ table: 'inserts', values: [], format: 'JSONEachRow' }),
    ).toMatchObject({ executed: false });
  });

  test('rows that do not fit are refused, all of them', async () => {
    await makeTable('inserts');
    const values = Readable.from(['1\tx\t[]\nno number\tx\t[]\n'], { objectMode: false });
    const error: unknown = await writer
      .insert({ table: 'inserts', values, format: 'TabSeparated' })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: '27' });
    expect(await rowsOf('inserts')).toEqual([]);
  });
});

describe('command and exec', () => {
  test('INSERT … SELECT and INSERT … VALUES say what they wrote', async () => {
    await makeTable('commands');
    const select = await writer.command({
      query: "INSERT INTO commands SELECT number, 'x', [] FROM numbers(1000)",
    });
    expect(select.summary).toMatchObject({ written_rows: '1000' });
    const values = await writer.command({
      query: "INSERT INTO commands (id, name) VALUES (5000, 'a'), (5001, concat('b', upper('c')))",
    });
    expect(values.summary).toMatchObject({ written_rows: '2' });
    expect((await rowsOf('commands')).slice(-2)).toEqual([
      [5000, 'a', []],
      [5001, 'bC', []],
    ]);
  });

  test('exec gives the stream of the answer', async () => {
    const { stream } = await reader.exec({ query: 'SELECT 42 AS answer FORMAT CSV' });
    expect(await text(stream)).toBe('42\n');
  });

  test('the summary of a long read is what was read', async () => {
    const { stream, summary } = await reader.exec({
      query: 'SELECT sum(cityHash64(number)) FROM numbers(500000000) FORMAT Null',
    });
    await text(stream);
    expect(Number(summary?.read_rows)).toBeGreaterThan(1_000_000);
    expect(Number(summary?.elapsed_ns)).toBeGreaterThan(10_000_000);
  });
});
