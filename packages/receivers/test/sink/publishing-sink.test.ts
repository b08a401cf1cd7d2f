import { decodeFrame, hostLabels, type Frame } from '@plimsoll/model';
import { beforeEach, expect, test } from 'vitest';
import { ReceiverError } from '../../src/receiver-error.ts';
import type { PushedLogs, RowsPayload } from '../../src/sink/frame-sink.ts';
import { logLanes, PublishingSink } from '../../src/sink/publishing-sink.ts';
import { FakePublisher } from '../support/fake-publisher.ts';

let publisher: FakePublisher;
beforeEach(() => {
  publisher = new FakePublisher();
});

function open(instance = 'h'): PublishingSink {
  return new PublishingSink({ publisher, instance, maxWaitMs: 5 });
}

function logs(identity: string, bytes = 1): PushedLogs {
  const labels = hostLabels('t', '');
  const source = { labels, format: 'pushed' as const, file_id: identity, path: '', stream: '' };
  const text = 'x'.repeat(bytes);
  const payload = Buffer.from(`0\t1\t\t\t\t${text}\n`);
  return { identity, chunks: [{ source, start: 0, end: 1, payload }] };
}

const rows: RowsPayload = {
  table: 'events',
  columns: ['time'],
  rows: 1,
  payload: Buffer.from('[1]\n'),
};

async function frames(): Promise<(Frame & { key: string })[]> {
  return Promise.all(
    publisher.published.map(async ({ key, bytes }) => ({ ...(await decodeFrame(bytes)), key })),
  );
}

test('pushes of a few milliseconds share a frame of their key, each resolves', async () => {
  const sink = open();
  await Promise.all([
    ...Array.from({ length: 50 }, async (_, index) => sink.publishLogs('t', logs(`push/${index}`))),
    sink.publishRows('t', [rows]),
    sink.publishRows('t', [rows]),
  ]);
  const all = await frames();
  const byKind = (kind: string) => all.filter((frame) => frame.kind === kind);
  expect(byKind('rows').map(({ key, header }) => [key, header.sequence])).toEqual([['t/h', 1]]);
  expect(byKind('logs')).toHaveLength(logLanes);
  expect(new Set(byKind('logs').map(({ key }) => key)).size).toBe(logLanes);
  const chunks = byKind('logs').flatMap((frame) =>
    frame.kind === 'logs' ? frame.header.chunks : [],
  );
  expect(chunks).toHaveLength(50);
});

test('a frame that is large enough does not wait', async () => {
  const sink = new PublishingSink({ publisher, instance: 'h', maxWaitMs: 1_000_000 });
  await sink.publishLogs('t', logs('push/1', 1024 * 1024));
  expect(publisher.published).toHaveLength(1);
});

test('keys of logs are of their identity alone, whichever process and tenant’s other pushes', async () => {
  await open('one').publishLogs('t', logs('push/x'));
  await open('two').publishLogs('t', logs('push/x'));
  const [first, second] = await frames();
  expect(first?.key).toMatch(/^t\/push\/[0-3]$/);
  expect(second?.key).toBe(first?.key);
  expect(second?.header.collector_id).not.toBe(first?.header.collector_id);
});

test('each tenant has frames and sequence numbers of its own, two processes of one name too', async () => {
  const [one, two] = [open(), open()];
  for (const sink of [one, two]) {
    for (const tenant of ['a', 'b', 'a']) await sink.publishRows(tenant, [rows]);
  }
  const seen = (await frames()).map(({ header }) => [header.tenant, header.sequence]);
  expect(seen).toEqual([
    ['a', 1],
    ['b', 1],
    ['a', 2],
    ['a', 1],
    ['b', 1],
    ['a', 2],
  ]);
  expect(new Set((await frames()).map(({ header }) => header.collector_id)).size).toBe(4);
});

test('frames of a key are handed over in the order of their numbers', async () => {
  const sink = open();
  publisher.isHeld = true;
  const pushes: Promise<void>[] = [];
  for (let at = 0; at < 20; at += 1) {
    pushes.push(sink.publishRows('t', [rows]));
    sink.flush();
  }
  while (publisher.waiting < 20) await new Promise((resolve) => setTimeout(resolve, 1));
  expect((await frames()).map(({ header }) => header.sequence)).toEqual(
    Array.from({ length: 20 }, (_, at) => at + 1),
  );
  publisher.acknowledge();
  await Promise.all(pushes);
});

test('the oldest wait is told until it is over', async () => {
  let nowMs = 1000;
  const sink = new PublishingSink({ publisher, instance: 'h', maxWaitMs: 1, nowMs: () => nowMs });
  publisher.isHeld = true;
  const first = sink.publishRows('a', [rows]);
  nowMs += 500;
  const second = sink.publishLogs('b', logs('push/1'));
  while (publisher.waiting < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  nowMs += 500;
  expect(sink.waitedMs).toBe(1000);
  publisher.acknowledge();
  await Promise.all([first, second]);
  expect(sink.waitedMs).toBe(0);
});

test('a refusal is unavailable for all who share the frame, and the next goes on', async () => {
  const sink = open();
  publisher.refusal = new Error('broken');
  const pushes = [sink.publishRows('t', [rows]), sink.publishRows('t', [rows])];
  for (const push of pushes) {
    await expect(push).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 });
  }
  publisher.refusal = null;
  await sink.publishRows('t', [rows]);
});

test('an abort ends what waits', async () => {
  const sink = open();
  publisher.isHeld = true;
  const waiting = sink.publishRows('t', [rows]);
  waiting.catch(() => undefined);
  while (publisher.waiting < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  const later = sink.publishRows('t', [rows]);
  sink.abort();
  await expect(waiting).rejects.toBeInstanceOf(ReceiverError);
  await expect(later).rejects.toMatchObject({ code: 'stopping' });
});

test('nothing to publish is durable at once', async () => {
  await open().publishRows('t', []);
  expect(publisher.published).toEqual([]);
});
