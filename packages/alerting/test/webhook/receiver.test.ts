import { silentLogger, systemClock, type Clock } from '@plimsoll/runtime';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { verify, type WebhookPayload } from '../../src/index.ts';
import type { Alert } from '../../src/state/alert.ts';
import { notificationOf } from '../../src/webhook/payload.ts';
import {
  WebhookReceiver,
  type DeliveryRecord,
  type WebhookConfig,
} from '../../src/webhook/receiver.ts';
import { findingOf } from '../finding.ts';
import { startServer, status } from './test-server.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Waits at most 20 ms wherever the receiver would back off for longer, and notes how long. */
function hurriedClock(waits: number[]): Clock {
  let ahead = 0;
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: async (ms, signal) => {
      waits.push(ms);
      await systemClock.sleep(Math.min(ms, 5), signal);
      ahead += ms;
    },
  };
}

async function setUp(
  answer: Parameters<typeof startServer>[0],
  overrides: Partial<WebhookConfig> & { maxQueued?: number } = {},
) {
  const server = await startServer(answer);
  const records: DeliveryRecord[] = [];
  const waits: number[] = [];
  const { maxQueued, ...config } = overrides;
  const receiver = new WebhookReceiver({
    config: {
      name: 'hook',
      url: server.url,
      timeout: 5000,
      max_attempts: 4,
      send_resolved: true,
      ...config,
    },
    clock: hurriedClock(waits),
    random: () => 0.999,
    fetch: globalThis.fetch,
    logger: silentLogger(),
    record: (record) => records.push(record),
    ...(maxQueued === undefined ? {} : { maxQueued }),
  });
  cleanups.push(() => receiver.stop(), server.close);
  return { server, receiver, records, waits };
}

function alertOf(fingerprint: string, state: Alert['state'] = 'firing'): Alert {
  return {
    ...findingOf(fingerprint, { image: 'shop/checkout:1' }),
    rule: 'memory_leak',
    state,
    severity: 'warning',
    activeAt: 1000,
    firingAt: 2000,
    resolvedAt: state === 'resolved' ? 3000 : null,
    updatedAt: 3000,
    heldMs: 0,
    cleanEvaluations: 0,
  };
}

function ends(records: DeliveryRecord[]): string[] {
  return records.map((record) => record.status).filter((one) => one !== 'queued');
}

describe('WebhookReceiver', () => {
  it('sends a signed body that the receiver can check', async () => {
    const { server, receiver, records } = await setUp(status(204), { secret: 's3cret' });
    receiver.start();
    const alert = alertOf('a');
    receiver.enqueue(notificationOf(alert, [alert, alertOf('b')]));
    await vi.waitFor(() => expect(ends(records)).toEqual(['delivered']));
    const [request] = server.received;
    const payload = JSON.parse(request?.body ?? '') as WebhookPayload;
    expect(payload).toMatchObject({
      version: '1',
      status: 'firing',
      receiver: 'hook',
      alert: { fingerprint: 'a', rule: 'memory_leak', state: 'firing', resolved_at: null },
      group: { firing: 2, labels: { rule: 'memory_leak', image: 'shop/checkout:1' } },
    });
    expect(request?.headers['x-plimsoll-delivery']).toBe(payload.id);
    const signed = {
      timestamp: String(request?.headers['x-plimsoll-timestamp']),
      signature: String(request?.headers['x-plimsoll-signature']),
      body: request?.body ?? '',
    };
    expect(verify('s3cret', signed, { nowMs: Date.now(), maxAgeSeconds: 60 })).toBe(true);
  });

  it('tries again with growing waits and the same id until it is taken', async () => {
    let calls = 0;
    const { server, receiver, records, waits } = await setUp((response) =>
      response.writeHead(++calls < 4 ? 503 : 200).end(),
    );
    receiver.start();
    receiver.enqueue(notificationOf(alertOf('a'), []));
    await vi.waitFor(() =>
      expect(ends(records)).toEqual(['failed', 'failed', 'failed', 'delivered']),
    );
    expect(waits.map((ms) => Math.round(ms / 1000))).toEqual([1, 2, 4]);
    const ids = new Set(server.received.map(({ headers }) => headers['x-plimsoll-delivery']));
    expect(ids.size).toBe(1);
  });

  it('waits as long as Retry-After says', async () => {
    let calls = 0;
    const { receiver, records, waits } = await setUp((response) =>
      response.writeHead(++calls === 1 ? 429 : 200, { 'retry-after': '120' }).end(),
    );
    receiver.start();
    receiver.enqueue(notificationOf(alertOf('a'), []));
    await vi.waitFor(() => expect(ends(records)).toEqual(['failed', 'delivered']));
    expect(Math.round((waits[0] ?? 0) / 1000)).toBe(120);
  });

  it('gives up after the last attempt', async () => {
    const { receiver, records } = await setUp(status(500), { max_attempts: 2 });
    receiver.start();
    receiver.enqueue(notificationOf(alertOf('a'), []));
    await vi.waitFor(() => expect(ends(records)).toEqual(['failed', 'abandoned']));
    expect(receiver.queued).toBe(0);
  });

  it.each([
    { code: 302, reason: 'redirects are not followed' },
    { code: 404, reason: 'got 404' },
  ])('does not try again after $code, and follows nothing', async ({ code, reason }) => {
    const { server, receiver, records } = await setUp(status(code, { location: '/elsewhere' }));
    receiver.start();
    receiver.enqueue(notificationOf(alertOf('a'), []));
    await vi.waitFor(() => expect(ends(records)).toEqual(['abandoned']));
    expect(records.at(-1)?.error).toContain(reason);
    expect(server.received.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('counts no answer in time as a failure', async () => {
    const { receiver, records } = await setUp(() => undefined, { timeout: 50, max_attempts: 1 });
    receiver.start();
    receiver.enqueue(notificationOf(alertOf('a'), []));
    await vi.waitFor(() => expect(ends(records)).toEqual(['abandoned']));
    expect(records.at(-1)?.error).toBe('expected an answer within 50 ms, got none');
  });

  it('tells of one alert in order, though the first attempt fails', async () => {
    let calls = 0;
    const { server, receiver, records } = await setUp((response) =>
      response.writeHead(++calls === 1 ? 500 : 200).end(),
    );
    receiver.start();
    receiver.enqueue(notificationOf(alertOf('a'), []));
    receiver.enqueue(notificationOf(alertOf('a', 'resolved'), []));
    await vi.waitFor(() => expect(ends(records)).toHaveLength(3));
    const told = server.received.map(({ body }) => (JSON.parse(body) as WebhookPayload).status);
    expect(told).toEqual(['firing', 'firing', 'resolved']);
  });

  it('drops the oldest above its limit, and says so', async () => {
    const { receiver, records } = await setUp(status(200), { maxQueued: 2 });
    for (const name of ['a', 'b', 'c']) receiver.enqueue(notificationOf(alertOf(name), []));
    expect(receiver.queued).toBe(2);
    const dropped = records.filter((record) => record.status === 'dropped');
    expect(dropped.map((record) => record.notification.alert.fingerprint)).toEqual(['a']);
  });

  it('does not tell of the end where that is not wanted', async () => {
    const { receiver } = await setUp(status(200), { send_resolved: false });
    expect(receiver.enqueue(notificationOf(alertOf('a', 'resolved'), []))).toBe(false);
    expect(receiver.queued).toBe(0);
  });

  it('stops in the middle of an attempt, and leaves it owed', async () => {
    const { server, receiver, records } = await setUp(() => undefined, { timeout: 60_000 });
    receiver.start();
    receiver.enqueue(notificationOf(alertOf('a'), []));
    await vi.waitFor(() => expect(server.received).toHaveLength(1));
    await receiver.stop();
    await receiver.stop();
    expect(ends(records)).toEqual([]);
  });
});
