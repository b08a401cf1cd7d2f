/** What happens at each limit of the server. */
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { compressSync } from 'snappy';
import { InFlight } from '../../src/server/in-flight.ts';
import { RateLimit } from '../../src/server/rate-limit.ts';
import { startReceivers, type TestReceivers } from '../support/start-receivers.ts';

let served: TestReceivers | undefined;
afterEach(async () => {
  await served?.[Symbol.asyncDispose]();
  served = undefined;
});

function bodyOf(lines: number, bytes = 10): string {
  const values = Array.from({ length: lines }, (_, index) => [
    String(index + 1),
    'x'.repeat(bytes),
  ]);
  return JSON.stringify({ streams: [{ stream: { a: 'b' }, values }] });
}

async function post(
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const type = { 'content-type': 'application/json' };
  return fetch(`${url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { ...type, ...headers },
    body,
  });
}

describe('bytes under way', () => {
  test('above the limit: 429 with Retry-After, 503 for remote write, nothing is kept', async () => {
    served = await startReceivers({
      limits: { max_body: '64KiB', max_decoded: '64KiB', max_in_flight: '64KiB' },
    });
    const { url, publisher, metric } = served;
    publisher.isHeld = true;
    const first = post(url, bodyOf(1, 40_000));
    while (publisher.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await post(url, bodyOf(1, 40_000));
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await second.text()).toMatch(/^too many bytes are under way/);
    const otlp = await fetch(`${url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceLogs: [], padding: 'x'.repeat(40_000) }),
    });
    expect([otlp.status, otlp.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await otlp.json()).toMatchObject({ code: 8 });
    const remoteWrite = await fetch(`${url}/api/v1/write`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
      body: new Uint8Array(compressSync(Buffer.alloc(40_000))),
    });
    expect([remoteWrite.status, remoteWrite.headers.get('retry-after')]).toEqual([503, '1']);
    expect(
      await metric('plimsoll_receivers_refused_requests_total', { reason: 'overloaded' }),
    ).toBe(3);
    expect(await metric('plimsoll_receivers_in_flight_requests')).toBe(1);
    publisher.acknowledge();
    expect((await first).status).toBe(204);
    publisher.isHeld = false;
    expect((await post(url, bodyOf(1, 40_000))).status).toBe(204);
    expect(await metric('plimsoll_receivers_in_flight_bytes')).toBe(0);
  });

  test('a request that is alone passes, and what is released twice counts once', () => {
    const room = new InFlight(100);
    const first = room.open();
    first.grow(150);
    const second = room.open();
    expect(() => {
      second.grow(1);
    }).toThrow(/too many bytes/);
    first.resize(50);
    second.grow(50);
    first.release();
    first.release();
    expect([room.bytes, room.requests]).toEqual([50, 1]);
    second.release();
    expect([room.bytes, room.requests]).toEqual([0, 0]);
  });
});

describe('rates', () => {
  test('of a token: 429 until it is paid back, others are not concerned', async () => {
    served = await startReceivers({
      tokens: [
        { name: 'slow', token: 'slow-slow-slow-slow', records_per_second: 100 },
        { name: 'fast', token: 'fast-fast-fast-fast' },
      ],
    });
    const { url } = served;
    const slow = { authorization: 'Bearer slow-slow-slow-slow' };
    expect((await post(url, bodyOf(150), slow)).status).toBe(204);
    const answer = await post(url, bodyOf(1), slow);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await answer.text()).toBe(
      'token slow has pushed more records per second than it may (receivers, records_per_second)\n',
    );
    const fast = { authorization: 'Bearer fast-fast-fast-fast' };
    expect((await post(url, bodyOf(1000), fast)).status).toBe(204);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await post(url, bodyOf(1), slow)).status).toBe(204);
  });

  test('of a tenant, over all its tokens', async () => {
    served = await startReceivers({
      limits: { tenant: { bytes_per_second: '1KiB' } },
      tokens: [
        { name: 'one', token: 'one-one-one-one-one', tenant: 'shop' },
        { name: 'two', token: 'two-two-two-two-two', tenant: 'shop' },
      ],
    });
    const { url } = served;
    expect(
      (await post(url, bodyOf(1, 4000), { authorization: 'Bearer one-one-one-one-one' })).status,
    ).toBe(204);
    const answer = await post(url, bodyOf(1), { authorization: 'Bearer two-two-two-two-two' });
    expect([answer.status, Number(answer.headers.get('retry-after'))]).toEqual([429, 3]);
    expect(await answer.text()).toMatch(/^tenant shop has pushed more bytes per second/);
  });

  test('a second’s worth at once, then as much as comes back', () => {
    const limit = new RateLimit('x', { bytes_per_second: 100, records_per_second: 0 }, 0);
    const push = (nowMs: number, bytes: number) => {
      limit.check(nowMs);
      limit.take({ bytes, records: 1_000_000 });
    };
    push(0, 60);
    push(0, 60);
    expect(() => {
      push(0, 1);
    }).toThrow(/more bytes per second/);
    expect(() => {
      push(150, 1);
    }).toThrow(/more bytes per second/);
    push(250, 100);
    expect(() => {
      push(1000, 1);
    }).toThrow(/more bytes per second/);
    push(60_000, 100);
    expect(() => {
      push(60_000, 1);
    }).toThrow(/more bytes per second/);
  });
});

test('a body that does not come in time is 408', { timeout: 10_000 }, async () => {
  served = await startReceivers({ limits: { read_timeout: '1s' } });
  const socket = connect(served.port, '127.0.0.1');
  socket.write(
    'POST /loki/api/v1/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (part) => (text += part.toString()));
    socket.on('close', () => {
      resolve(text);
    });
  });
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toMatch(/connection: close/i);
  expect(await served.metric('plimsoll_receivers_in_flight_bytes')).toBe(0);
});

test('a client that hangs up leaves nothing behind', async () => {
  served = await startReceivers();
  const { metric } = served;
  const socket = connect(served.port, '127.0.0.1');
  socket.write(
    'POST /loki/api/v1/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );
  while ((await metric('plimsoll_receivers_in_flight_bytes')) === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  socket.destroy();
  while ((await metric('plimsoll_receivers_in_flight_requests')) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(await metric('plimsoll_receivers_in_flight_bytes')).toBe(0);
});

test('more connections than the limit are closed', async () => {
  served = await startReceivers({ limits: { max_connections: 2 } });
  const { port } = served;
  const sockets = Array.from({ length: 3 }, () => connect(port, '127.0.0.1'));
  const closed = await Promise.race(
    sockets.map(
      async (socket, index) =>
        new Promise((resolve) => {
          socket.on('close', () => {
            resolve(index);
          });
          socket.on('error', () => undefined);
          socket.resume();
        }),
    ),
  );
  expect(closed).toBe(2);
  for (const socket of sockets) socket.destroy();
});

test('more records than one request may have are 413', async () => {
  served = await startReceivers();
  const values = '["1",""],'.repeat(200_001).slice(0, -1);
  const answer = await post(served.url, `{"streams":[{"stream":{"a":"b"},"values":[${values}]}]}`);
  expect([answer.status, await answer.text()]).toEqual([
    413,
    'body: expected at most 200000 log records in one request; send smaller batches\n',
  ]);
  expect(served.publisher.published).toEqual([]);
});
