import { gunzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlResult, SqlSchema } from '@plimsoll/model/api';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJson, logRow, now, openFixture, type Fixture } from '../support/fixture.ts';

let fixture: Fixture;
let app: FastifyInstance;
let address: string;

const endless = 'SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))';

beforeAll(async () => {
  fixture = await openFixture();
  app = await fixture.serve({
    config: { query: { sql: { max_rows: 1000, max_result_bytes: '64KiB', max_concurrent: 1 } } },
  });
  address = await app.listen({ host: '127.0.0.1', port: 0 });
  await fixture.insert('logs', [
    logRow({ ns: BigInt(now) * 1_000_000n, message: 'one', position: 0 }),
    logRow({ ns: BigInt(now) * 1_000_000n, message: 'two', position: 1 }),
  ]);
});

afterAll(async () => fixture.close());

async function run(query: string, more: object = {}) {
  return app.inject({
    method: 'POST',
    url: '/api/plimsoll/v1/sql',
    payload: { query, ...more },
  });
}

describe('a statement', () => {
  it('answers with columns, rows and what it cost', async () => {
    const response = await run('SELECT message, position FROM logs ORDER BY position');
    expect(response.statusCode).toBe(200);
    expect(response.json<SqlResult>()).toMatchObject({
      columns: [
        { name: 'message', type: 'String' },
        { name: 'position', type: 'UInt64' },
      ],
      rows: [
        ['one', '0'],
        ['two', '1'],
      ],
      truncated: false,
      limit: null,
    });
  });

  it('is cut at the rows asked for, and at the limit whatever is asked for', async () => {
    const some = (
      await run('SELECT number FROM numbers(5000)', { max_rows: 10 })
    ).json<SqlResult>();
    expect(some).toMatchObject({ truncated: true, limit: 'rows' });
    expect(some.rows).toHaveLength(10);
    const many = (
      await run('SELECT number FROM numbers(5000)', { max_rows: 4000 })
    ).json<SqlResult>();
    expect(many.rows).toHaveLength(1000);
  });

  it('is cut at the limit of bytes', async () => {
    const result = (await run("SELECT repeat('x', 10000) FROM numbers(100)")).json<SqlResult>();
    expect(result).toMatchObject({ truncated: true, limit: 'bytes' });
    expect(result.rows.length).toBeLessThan(10);
  });

  it('that is wrong is refused at its place', async () => {
    const response = await run('SELECT message FORM logs WHERE');
    expect(response.statusCode).toBe(400);
    const { error } = response.json<{ error: { code: string; position?: number } }>();
    expect(error.code).toBe('invalid_sql');
    expect(error.position).toBeGreaterThan(10);
  });

  it.each([
    "INSERT INTO logs (message) VALUES ('x')",
    'DROP TABLE logs',
    'ALTER TABLE logs DELETE WHERE 1',
    'CREATE TABLE x (a UInt8) ENGINE = Memory',
    'SET readonly = 0',
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    'SELECT 1; DROP TABLE logs',
  ])('%s is refused and changes nothing', async (query) => {
    const response = await run(query);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ error: { code: 'invalid_sql' } });
    expect((await run('SELECT count() FROM logs')).json<SqlResult>().rows).toEqual([['2']]);
  });
});

describe('one statement at a time', () => {
  it('refuses the next with the time to wait; a client that leaves makes room', async () => {
    const leaving = new AbortController();
    const first = fetch(`${address}/api/plimsoll/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: endless }),
      signal: leaving.signal,
    }).catch(() => 'left');
    await sleep(300);
    const second = await run('SELECT 1');
    expect(second.statusCode).toBe(429);
    expect(second.headers['retry-after']).toBe('1');
    expect(second.json()).toMatchObject({
      error: { code: 'too_many_requests', retry_after_seconds: 1 },
    });
    leaving.abort();
    expect(await first).toBe('left');
    await expect.poll(async () => (await run('SELECT 1')).statusCode, { timeout: 5000 }).toBe(200);
  });

  it('ends a statement at its limit of time', async () => {
    const quick = await fixture.serve({ config: { query: { sql: { max_execution_time: '1s' } } } });
    const response = await quick.inject({
      method: 'POST',
      url: '/api/plimsoll/v1/sql',
      payload: { query: endless },
    });
    expect(response.statusCode).toBe(504);
    expect(response.json()).toMatchObject({ error: { code: 'timeout' } });
  });
});

it('lists tables with their columns, rows and meaning', async () => {
  const schema = await getJson<SqlSchema>(app, 'sql/schema');
  const logs = schema.tables.find(({ name }) => name === 'logs');
  expect(logs?.rows).toBe(2);
  expect(logs?.columns.map(({ name }) => name)).toContain('message');
  expect(schema.tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['container_stats', 'events', 'targets']),
  );
  // Views and Null tables hold no rows to ask for.
  expect(schema.tables.map(({ name }) => name)).not.toContain('log_chunks_docker');
  expect(schema.tables.find(({ name }) => name === 'container_stats')?.comment).not.toBe('');
  expect(schema.functions).toContain('quantile');
});

it('packs large answers for those who take them packed', async () => {
  const url = '/api/plimsoll/v1/sql/schema';
  const plain = await app.inject({ url });
  const packed = await app.inject({ url, headers: { 'accept-encoding': 'br, gzip' } });
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
  expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body);
});
