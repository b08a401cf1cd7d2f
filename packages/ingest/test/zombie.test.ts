/** Two processes and one batch: one was paused in the middle, the other took its partition over. */
import { Metrics, silentLogger } from '@plimsoll/runtime';
import type { Engine, InsertRequest } from '@plimsoll/storage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Ingest } from '../src/index.ts';
import { logsFrame, rowsFrame } from './support/frames.ts';
import { until } from './support/stub-ingest.ts';
import { HandFed, openTestIngest, TestLease, type TestIngest } from './support/test-ingest.ts';

let it: TestIngest;
beforeAll(async () => {
  it = await openTestIngest();
});
afterAll(async () => it[Symbol.asyncDispose]());

/** A process whose inserts wait, one after another, until the test lets each of them go. */
async function pausable() {
  const held: (() => void)[] = [];
  const seen: string[] = [];
  const engine = Object.create(it.engine, {
    insert: {
      value: async (request: InsertRequest) => {
        await new Promise<void>((resolve, reject) => {
          held.push(resolve);
          request.signal?.addEventListener('abort', () => reject(new Error('cancelled')));
        });
        seen.push(request.table);
        return it.engine.insert(request);
      },
    },
    stream: { value: it.engine.stream.bind(it.engine) },
  }) as Engine;
  const feed = new HandFed();
  const ingest = new Ingest({
    engine,
    subscriber: feed,
    logger: silentLogger(),
    metrics: new Metrics(),
    concurrency: 1,
    deadLetters: it.letters,
  });
  await ingest.start();
  const release = async (inserts: number): Promise<void> => {
    for (let released = 0; released < inserts; released++) {
      await until(() => held.length > 0);
      held.shift()?.();
    }
  };
  return { feed, seen, held, release, stop: async () => ingest.stop() };
}

const columns = ['time', 'tenant', 'host', 'load1'];
const framesOf = async (fileId: string, epoch: number): Promise<Buffer[]> => [
  await logsFrame([{ fileId, start: 0, bytes: 'one\ntwo\n' }]),
  await rowsFrame(
    { table: 'host_stats', columns, rows: [['2026-01-15 10:00:00.000', 't', fileId, 1]] },
    { sequence: 1, epoch },
  ),
];
const stored = async (fileId: string) => ({
  lines: await it.lines(fileId),
  rows: await it.engine.select('SELECT load1 FROM host_stats WHERE host = {host:String}', {
    params: { host: fileId },
  }),
  ranges: await it.engine.select<{ count: number }>(
    "SELECT count() AS count FROM log_ranges WHERE partition = {partition:String} AND NOT startsWith(file_id, 'rows/')",
    { params: { partition: `t/${fileId}` } },
  ),
});
const once = {
  lines: ['0: one', '4: two'],
  rows: [{ load1: 1 }],
  ranges: [{ count: 1 }],
};

test('inserts that come late and within the lease are repeats', async () => {
  const zombie = await pausable();
  const lease = new TestLease();
  lease.notAfter = performance.now() + 60_000;
  const frames = await framesOf('late', 1000);
  const batch = { partition: 't/late', first: 10 };
  const paused = zombie.feed.give(frames, batch, lease);
  await until(() => zombie.held.length > 0);
  await it.feed.give(frames, { ...batch, epoch: 1, isReplay: true }, lease);
  expect(await stored('late')).toEqual(once);
  await zombie.release(3);
  await paused;
  expect(zombie.seen.toSorted()).toEqual(['host_stats', 'log_chunks_plain', 'log_ranges']);
  expect(await stored('late')).toEqual(once);
  await zombie.stop();
});

test('inserts that come behind the lease are refused, and no range is written', async () => {
  const zombie = await pausable();
  const lease = new TestLease();
  lease.notAfter = performance.now() + 50;
  lease.onRenew = () => {
    throw new Error('another member has the partition');
  };
  const frames = await framesOf('behind', 1001);
  const batch = { partition: 't/behind', first: 10 };
  const paused = zombie.feed.give(frames, batch, lease).catch((error: unknown) => error);
  await until(() => zombie.held.length > 0 && performance.now() > (lease.notAfter ?? 0));
  await zombie.release(1);
  expect(String(await paused)).toContain('another member has the partition');
  expect(lease.renewals).toBe(1);
  expect(await stored('behind')).toEqual({ lines: [], rows: [], ranges: [{ count: 0 }] });
  await it.feed.give(frames, { ...batch, epoch: 1, isReplay: true });
  expect(await stored('behind')).toEqual(once);
  expect(zombie.seen).not.toContain('log_ranges');
  await zombie.stop();
});

test('a lease that is renewed in time goes on where it was', async () => {
  const zombie = await pausable();
  const lease = new TestLease();
  lease.notAfter = performance.now() + 50;
  lease.onRenew = () => {
    lease.notAfter = performance.now() + 60_000;
  };
  const giving = zombie.feed.give(
    await framesOf('renewed', 1002),
    { partition: 't/renewed' },
    lease,
  );
  await until(() => zombie.held.length > 0 && performance.now() > (lease.notAfter ?? 0));
  await zombie.release(4);
  await giving;
  expect(lease.renewals).toBe(1);
  expect(await stored('renewed')).toEqual(once);
  await zombie.stop();
});
