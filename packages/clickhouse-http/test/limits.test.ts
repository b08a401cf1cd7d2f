/** What happens at each limit. */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureWindowMs, maxFailures, Users } from '../src/auth/users.ts';
import { maxMultipartBytes } from '../src/request/multipart.ts';
import { serve, users, type Served } from './support/serve.ts';

let served: Served;
beforeAll(async () => {
  served = await serve({
    max_connections: 40,
    max_queries: 1,
    max_wait: 300,
    max_body: 1024 * 1024,
    max_execution_time: 2_000,
    receive_timeout: 300,
    send_timeout: 500,
    max_sessions: 2,
  });
  await served.engine.command('CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a');
});
afterAll(async () => served[Symbol.asyncDispose]());

async function told(
  answer: Response,
): Promise<{ status: number; code: string | null; text: string }> {
  const code = answer.headers.get('x-clickhouse-exception-code');
  return { status: answer.status, code, text: await answer.text() };
}

const endless = 'SELECT sum(cityHash64(number)) FROM numbers(1000000000000)';

async function rows(): Promise<number> {
  const [row] = await served.engine.select<{ n: number }>('SELECT count() AS n FROM t');
  return row?.n ?? 0;
}

test('queries at once: the next one waits, then is refused; an insert has a place of its own', async () => {
  const first = served.ask(endless);
  await expect.poll(async () => running()).toBe(1);
  const started = performance.now();
  const second = told(await served.ask('SELECT 1'));
  expect(await second).toMatchObject({ status: 503, code: '202' });
  expect((await second).text).toMatch(
    /^Code: 202\. DB::Exception: Too many simultaneous queries\. Maximum: 1\. \(TOO_MANY_SIMULTANEOUS_QUERIES\)/,
  );
  expect(performance.now() - started).toBeGreaterThan(250);
  const insert = await served.ask("INSERT INTO t VALUES (1, 'x')", { user: 'ingest' });
  expect(insert.status).toBe(200);
  expect(await told(await first)).toMatchObject({ status: 408, code: '159' });
});

test('who waits gets the place that becomes free', async () => {
  const first = served.ask(endless, { params: { max_execution_time: '0.15' } });
  await expect.poll(async () => running()).toBe(1);
  const second = await served.ask('SELECT 2');
  expect(await second.text()).toBe('2\n');
  await (await first).text();
});

test('execution time', async () => {
  const answer = await told(await served.ask(endless, { params: { max_execution_time: '0.2' } }));
  expect(answer).toMatchObject({ status: 408, code: '159' });
});

test('memory', async () => {
  const sql = 'SELECT groupArray(number) FROM numbers(100000000)';
  expect(
    await told(await served.ask(sql, { params: { max_memory_usage: '50000000' } })),
  ).toMatchObject({ code: '241' });
});

test('a statement is as long as 256 KiB', async () => {
  const long = `SELECT 1 -- ${'x'.repeat(250_000)}`;
  expect(await (await served.ask('', { body: long })).text()).toBe('1\n');
  const longer = `SELECT 1 -- ${'x'.repeat(300_000)}`;
  expect(await told(await served.ask('', { body: longer }))).toMatchObject({
    status: 400,
    code: '62',
  });
  expect(
    await told(
      await served.ask('', { body: gzipSync(longer), headers: { 'Content-Encoding': 'gzip' } }),
    ),
  ).toMatchObject({ code: '62' });
  expect((await served.ask('x'.repeat(500_000))).status).toBe(431);
});

test('the data of an insert: as it comes, and unpacked', async () => {
  const before = await rows();
  const big = '7\tseven\n'.repeat(200_000);
  const sql = 'INSERT INTO t FORMAT TSV';
  expect(await told(await served.ask(sql, { user: 'ingest', body: big }))).toMatchObject({
    status: 413,
    code: '223',
  });
  const packed = zstdCompressSync(big);
  expect(packed.length).toBeLessThan(1_000);
  const headers = { 'Content-Encoding': 'zstd' };
  expect(
    await told(await served.ask(sql, { user: 'ingest', body: packed, headers })),
  ).toMatchObject({ status: 413 });
  expect(await rows()).toBe(before);
});

test('a body that stops coming', async () => {
  const before = await rows();
  const answer = await new Promise<{ status: number; text: string; isClosed: boolean }>(
    (resolve, reject) => {
      const request = httpRequest(
        `${served.url}/?query=INSERT+INTO+t+FORMAT+TSV`,
        {
          method: 'POST',
          headers: {
            'X-ClickHouse-User': 'ingest',
            'X-ClickHouse-Key': 'into',
            'Transfer-Encoding': 'chunked',
          },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('close', () =>
            resolve({
              status: response.statusCode ?? 0,
              text,
              isClosed: response.headers.connection === 'close',
            }),
          );
        },
      );
      request.on('error', reject);
      request.write('1\tx\n');
    },
  );
  expect(answer).toMatchObject({ status: 503, isClosed: true });
  expect(answer.text).toMatch(/^Code: 209\. .*SOCKET_TIMEOUT/);
  expect(await rows()).toBe(before);
});

test('a body that trickles is waited for', async () => {
  const before = await rows();
  const body = new ReadableStream({
    async start(controller) {
      for (let index = 0; index < 5; index++) {
        controller.enqueue(Buffer.from(`${index}\tx\n`));
        await sleep(150);
      }
      controller.close();
    },
  });
  const answer = await served.ask('INSERT INTO t FORMAT TSV', {
    user: 'ingest',
    body,
    duplex: 'half',
  });
  expect(answer.status).toBe(200);
  expect(await rows()).toBe(before + 5);
});

test('a client that leaves in the middle of its data inserts nothing', async () => {
  const before = await rows();
  await new Promise<void>((resolve) => {
    const request = httpRequest(`${served.url}/?query=INSERT+INTO+t+FORMAT+TSV`, {
      method: 'POST',
      headers: {
        'X-ClickHouse-User': 'ingest',
        'X-ClickHouse-Key': 'into',
        'Content-Length': '1000',
      },
    });
    request.on('error', () => resolve());
    request.write('1\tx\n', () => setTimeout(() => request.destroy(), 50));
    request.on('close', resolve);
  });
  await sleep(100);
  expect(await rows()).toBe(before);
});

test('compressed text that was cut off inserts nothing', async () => {
  const before = await rows();
  const packed = gzipSync('1\tx\n'.repeat(10_000));
  const headers = { 'Content-Encoding': 'gzip' };
  const body = packed.subarray(0, packed.length - 10);
  const sql = 'INSERT INTO t FORMAT TSV';
  expect(await told(await served.ask(sql, { user: 'ingest', body, headers }))).toMatchObject({
    status: 400,
    code: '272',
  });
  expect(await rows()).toBe(before);
});

test('a client that does not take its result is given up, and its place is free', async () => {
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET /?query=SELECT+number+FROM+numbers(100000000000) HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(async () => running()).toBe(1);
  await expect.poll(async () => running(), { timeout: 5_000 }).toBe(0);
  socket.destroy();
  expect(await (await served.ask('SELECT 3')).text()).toBe('3\n');
});

test('sessions', async () => {
  const session = async (id: string, more: Record<string, string> = {}): Promise<Response> =>
    served.ask('SELECT 1', { params: { session_id: id, ...more } });
  expect((await session('one', { session_timeout: '1' })).status).toBe(200);
  expect((await session('two')).status).toBe(200);
  expect(await told(await session('three'))).toMatchObject({ status: 503, code: '202' });
  expect(await told(await session('four', { session_check: '1' }))).toMatchObject({
    status: 404,
    code: '372',
  });
  expect((await session('one', { session_check: '1', session_timeout: '0' })).status).toBe(200);
  await sleep(100);
  expect((await session('one', { session_check: '1' })).status).toBe(404);
  expect(await told(await session('x', { session_timeout: '10000' }))).toMatchObject({
    status: 400,
    code: '374',
  });
  const busy = served.ask(endless, { params: { session_id: 'two', max_execution_time: '1' } });
  await expect.poll(async () => running()).toBe(1);
  expect(await told(await session('two'))).toMatchObject({ code: '373' });
  // Another user's session of the same name is another one.
  expect(
    await told(
      await served.ask('SELECT 1', {
        user: 'admin',
        params: { session_id: 'two', session_check: '1' },
      }),
    ),
  ).toMatchObject({ code: '372' });
  await busy;
});

test('one id for two queries', async () => {
  const params = { query_id: 'twice', max_execution_time: '0.5' };
  const first = served.ask(endless, { params });
  await expect.poll(async () => running()).toBe(1);
  expect(await told(await served.ask('SELECT 1', { params }))).toMatchObject({ code: '216' });
  await first;
});

test('a multipart body', async () => {
  const form = new FormData();
  form.set('param_x', 'y'.repeat(maxMultipartBytes + 1));
  expect(await told(await served.ask('SELECT {x:String}', { body: form }))).toMatchObject({
    status: 413,
    code: '223',
  });
  const file = new FormData();
  file.set('external', new Blob(['1\n']), 'external.tsv');
  expect(await told(await served.ask('SELECT * FROM external', { body: file }))).toMatchObject({
    status: 501,
    code: '48',
  });
});

test('connections', async () => {
  const sockets = Array.from({ length: 60 }, () =>
    connect(Number(new URL(served.url).port), '127.0.0.1'),
  );
  let closed = 0;
  for (const socket of sockets)
    socket.on('error', () => undefined).on('close', () => (closed += 1));
  await expect.poll(() => closed, { timeout: 5_000 }).toBeGreaterThanOrEqual(20);
  for (const socket of sockets) socket.destroy();
  await expect
    .poll(async () => (await fetch(`${served.url}/ping`).catch(() => null))?.status)
    .toBe(200);
});

describe('failed logins', () => {
  const list = users;
  const wrong = { name: 'locked', password: 'wrong' };
  const right = { name: 'locked', password: 'secret' };

  test('are refused unseen after some, for a while', () => {
    let now = 0;
    const all = new Users({ users: list, now: () => now });
    for (let index = 0; index < maxFailures; index++) {
      expect(() => all.authenticate(wrong, '1.1.1.1')).toThrow(/password is incorrect/);
    }
    expect(() => all.authenticate(right, '1.1.1.1')).toThrow(
      /too many failures, try again in 60 s/,
    );
    expect(all.authenticate(right, '2.2.2.2')).toMatchObject({ name: 'locked' });
    now += failureWindowMs;
    expect(all.authenticate(right, '1.1.1.1')).toMatchObject({ name: 'locked' });
  });

  test('do not keep out who was right before', () => {
    const all = new Users({ users: list, now: () => 0 });
    all.authenticate(right, '1.1.1.1');
    for (let index = 0; index <= maxFailures; index++) {
      expect(() => all.authenticate(wrong, '1.1.1.1')).toThrow(/Authentication failed/);
    }
    expect(all.authenticate(right, '1.1.1.1')).toMatchObject({ name: 'locked' });
  });

  test('say the same of a user that is not there', () => {
    const all = new Users({ users: list, now: () => 0 });
    const message =
      'Authentication failed: password is incorrect, or there is no user with such name';
    expect(() => all.authenticate({ name: 'nobody', password: 'x' }, '1')).toThrow(
      `nobody: ${message}`,
    );
    expect(() => all.authenticate({ name: 'nobody', password: '' }, '1')).toThrow(
      `nobody: ${message}`,
    );
    expect(() => all.authenticate(wrong, '1')).toThrow(`locked: ${message}`);
  });
});

async function running(): Promise<number> {
  const found = await served.engine.select<{ n: number }>(
    "SELECT count() AS n FROM system.processes WHERE query LIKE '/* plimsoll:http%'",
  );
  return found[0]?.n ?? 0;
}
