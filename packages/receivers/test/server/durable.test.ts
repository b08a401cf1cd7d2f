/** A success means durable, and nothing else does. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rowsOfFrames } from '../support/pushed-rows.ts';
import { startReceivers, type TestReceivers } from '../support/start-receivers.ts';

let served: TestReceivers;
beforeEach(async () => {
  served = await startReceivers({ limits: { publish_timeout: '1s' } });
});
afterEach(async () => served[Symbol.asyncDispose]());

const push = { streams: [{ stream: { app: 'web' }, values: [['1700000000000000001', 'hello']] }] };

async function post(body: object = push, path = '/loki/api/v1/push'): Promise<Response> {
  return fetch(`${served.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('the answer waits until the transport has acknowledged', async () => {
  served.publisher.isHeld = true;
  let isAnswered = false;
  const answered = post().finally(() => {
    isAnswered = true;
  });
  await until(() => served.publisher.waiting === 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isAnswered).toBe(false);
  expect(await served.metric('plimsoll_receivers_in_flight_requests')).toBe(1);
  served.publisher.acknowledge();
  expect((await answered).status).toBe(204);
  expect(await served.metric('plimsoll_receivers_in_flight_bytes')).toBe(0);
  expect(await rowsOfFrames(served.publisher.published)).toEqual([
    { tenant: 'default', time: '1700000000000000001', labels: { app: 'web' }, text: 'hello' },
  ]);
});

test('a transport that refuses is 503 with Retry-After', async () => {
  served.publisher.refusal = new Error('broken');
  const answer = await post();
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await answer.text()).toBe('the data could not be made durable; send it again later\n');
});

test('a publish that takes too long is 503, and its bytes stay counted until it is over', async () => {
  served.publisher.isHeld = true;
  const answer = await post();
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await served.metric('plimsoll_receivers_in_flight_bytes')).toBeGreaterThan(0);
  expect(served.receivers.health().ok).toBe(false);
  expect((await fetch(`${served.url}/ready`)).status).toBe(503);
  const started = performance.now();
  expect((await post()).status).toBe(503);
  expect(performance.now() - started, 'refused at once').toBeLessThan(500);
  expect(served.publisher.published).toHaveLength(1);
  served.publisher.isHeld = false;
  served.publisher.acknowledge();
  await until(() => served.receivers.health().ok);
  expect(await served.metric('plimsoll_receivers_in_flight_bytes')).toBe(0);
  expect((await post()).status).toBe(204);
});

test('many small pushes share frames, each as its own file', async () => {
  const bodies = Array.from({ length: 200 }, (_, index) => ({
    streams: [
      {
        stream: { app: 'web' },
        values: [[String(1_700_000_000_000_000_000n + BigInt(index)), `line ${index}`]],
      },
    ],
  }));
  const answers = await Promise.all(bodies.map(async (body) => post(body)));
  expect(answers.every(({ status }) => status === 204)).toBe(true);
  const rows = await rowsOfFrames(served.publisher.published);
  expect(new Set(rows.map(({ text }) => text)).size).toBe(200);
  expect(served.publisher.published.length).toBeLessThan(100);
});

test('the same push has the same key and file, another has another', async () => {
  const { decodeFrame } = await import('@plimsoll/model');
  const other = {
    streams: [{ stream: { app: 'web' }, values: [['1700000000000000002', 'hello']] }],
  };
  for (const body of [push, push, other]) expect((await post(body)).status).toBe(204);
  const seen = await Promise.all(
    served.publisher.published.map(async ({ key, bytes }) => {
      const frame = await decodeFrame(bytes);
      if (frame.kind !== 'logs') throw new Error('expected logs');
      return { key, file: frame.header.sources[0]?.file_id, sequence: frame.header.sequence };
    }),
  );
  expect(seen.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(seen[0]?.file).toMatch(/^push\/1700000000\/[0-9a-f]{32}$/);
  expect(seen[1]).toEqual({ ...seen[0], sequence: 2 });
  expect(seen[2]?.file).not.toBe(seen[0]?.file);
});

test('stopping lets requests under way end, and takes no others', async () => {
  served.publisher.isHeld = true;
  const answered = post();
  await until(() => served.publisher.waiting === 1);
  const stopped = served.receivers.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(post()).rejects.toThrow(/fetch failed/);
  served.publisher.acknowledge();
  expect((await answered).status).toBe(204);
  await stopped;
});

test('what never becomes durable does not hold the stop up', { timeout: 10_000 }, async () => {
  await served[Symbol.asyncDispose]();
  served = await startReceivers({ limits: { publish_timeout: '60s' } });
  served.publisher.isHeld = true;
  const answered = post().then(
    ({ status }) => status,
    () => 'closed',
  );
  await until(() => served.publisher.waiting === 1);
  const started = performance.now();
  await served.receivers.stop();
  expect(performance.now() - started).toBeLessThan(6000);
  expect([503, 'closed']).toContain(await answered);
});
