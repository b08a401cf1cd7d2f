import { decodeFrame, hostLabels, limits, type LogFormat } from '@plimsoll/model';
import { expect, test } from 'vitest';
import { LogFrames } from '../../src/publish/log-frames.ts';
import type { OutboundChunk } from '../../src/publish/outbound-chunk.ts';
import { Outbox } from '../../src/publish/outbox.ts';
import { FakePublisher } from './fake-publisher.ts';

interface World {
  publisher: FakePublisher;
  outbox: Outbox;
  frames: LogFrames;
  /** What happened, in order. */
  told: string[];
}

interface Waits {
  nowMs: () => number;
  flushIntervalMs: number;
  smallFrameWaitMs: number;
}

const noWait: Waits = { nowMs: () => 0, flushIntervalMs: 0, smallFrameWaitMs: 0 };

function open(maxInFlightBytes = 64 * 1024 * 1024, waits = noWait): World {
  const told: string[] = [];
  const publisher = new FakePublisher();
  const outbox = new Outbox({
    publisher,
    identity: { tenant: 'default', host: 'host-a', boot_id: 'b', collector_id: 'c', epoch: 1 },
    wallMs: () => 0,
  });
  const frames = new LogFrames({
    outbox,
    ...waits,
    maxInFlightBytes,
    persist: async () => {
      told.push('persist');
    },
    onRoom: () => undefined,
    onAcknowledged: ({ bytes, lines }) => told.push(`counted ${bytes} bytes ${lines} lines`),
  });
  return { publisher, outbox, frames, told };
}

function chunkOf(
  { told }: World,
  { start, end, format = 'records' }: { start: number; end: number; format?: LogFormat },
): OutboundChunk {
  return {
    source: {
      labels: hostLabels('default', 'host-a'),
      format,
      file_id: 'f',
      path: '/log',
      stream: '',
    },
    start,
    end,
    lines: 1,
    origin: { isPersisted: false },
    onAcknowledged: () => told.push(`acknowledged ${end}`),
    onRefused: () => told.push(`refused ${end}`),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('ready payloads and bytes read in place share a frame, each source by its format', async () => {
  const world = open();
  const { frames, publisher, told } = world;
  expect(frames.commitPayload(chunkOf(world, { start: 0, end: 100 }), Buffer.from('abc'))).toBe(
    true,
  );
  frames.reserve(10)?.write('raw bytes\n');
  frames.commit(chunkOf(world, { start: 100, end: 110, format: 'plain' }));
  expect(frames.commitPayload(chunkOf(world, { start: 110, end: 120 }), Buffer.alloc(0))).toBe(
    true,
  );
  frames.seal();
  await until(() => publisher.pending.length === 1);
  const [frame] = publisher.acknowledge(1);
  await until(() => told.length === 7);
  expect(told).toEqual([
    'persist',
    'acknowledged 100',
    'acknowledged 110',
    'acknowledged 120',
    'counted 100 bytes 1 lines',
    'counted 10 bytes 1 lines',
    'counted 10 bytes 1 lines',
  ]);
  const decoded = await decodeFrame(frame?.bytes ?? Buffer.alloc(0));
  expect(decoded).toMatchObject({
    payload: Buffer.from('abcraw bytes\n'),
    header: {
      sources: [{ format: 'records' }, { format: 'plain' }],
      chunks: [
        { source: 0, start: 0, end: 100, bytes: 3 },
        { source: 1, start: 100, end: 110 },
        { source: 0, start: 110, end: 120, bytes: 0 },
      ],
    },
  });
});

test('a small frame waits for more as long as the transport likes, a larger one as configured', async () => {
  let nowMs = 1000;
  const waits = { nowMs: () => nowMs, flushIntervalMs: 100, smallFrameWaitMs: 500 };
  const world = open(64 * 1024 * 1024, waits);
  const { frames, publisher } = world;
  const put = (start: number, bytes: number): boolean =>
    frames.commitPayload(chunkOf(world, { start, end: start + 1 }), Buffer.alloc(bytes, 'x'));
  expect(frames.sealWhenDue()).toBeNull();
  put(0, 10);
  nowMs += 150;
  expect(frames.sealWhenDue()).toBe(350);
  // What comes makes it large enough to go.
  put(1, 40_000);
  expect(frames.sealWhenDue()).toBeNull();
  await until(() => publisher.pending.length === 1);
  put(2, 40_000);
  expect(frames.sealWhenDue()).toBe(100);
  nowMs += 100;
  expect(frames.sealWhenDue()).toBeNull();
  await until(() => publisher.pending.length === 2);
  put(3, 10);
  nowMs += 500;
  expect(frames.sealWhenDue()).toBeNull();
  await until(() => publisher.pending.length === 3);
});

test('without room nothing is taken, and what waits is sent so that there will be', async () => {
  const world = open(1000);
  const { frames, publisher, outbox } = world;
  const payload = Buffer.alloc(600, 'x');
  expect(frames.commitPayload(chunkOf(world, { start: 0, end: 1 }), payload)).toBe(true);
  expect(frames.commitPayload(chunkOf(world, { start: 1, end: 2 }), payload)).toBe(false);
  await until(() => publisher.pending.length === 1);
  publisher.acknowledge(1);
  await until(() => outbox.inFlightFrames === 0);
  expect(frames.commitPayload(chunkOf(world, { start: 1, end: 2 }), payload)).toBe(true);
});

test('a payload that no frame can hold is a fault of the caller', () => {
  const world = open();
  const payload = Buffer.alloc(limits.maxFrameBytes + 1);
  expect(() => world.frames.commitPayload(chunkOf(world, { start: 0, end: 1 }), payload)).toThrow(
    'a payload fits a frame',
  );
});
