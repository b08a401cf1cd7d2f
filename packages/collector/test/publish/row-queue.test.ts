import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeFrame, limits, type RowTable } from '@plimsoll/model';
import { expect, test } from 'vitest';
import { DropLedger } from '../../src/drops.ts';
import { Outbox } from '../../src/publish/outbox.ts';
import { encodeRows, RowQueue } from '../../src/publish/row-queue.ts';
import { FakePublisher } from './fake-publisher.ts';

const identity = { tenant: 't', host: 'h', boot_id: 'b', collector_id: 'c', epoch: 3 };

function begin(
  bounds: { maxStatsBytes?: number; maxEventsBytes?: number } = {},
  acknowledgesAtOnce = true,
) {
  const publisher = new FakePublisher({ acknowledgesAtOnce });
  const outbox = new Outbox({ publisher, identity, wallMs: () => 5 });
  const drops = new DropLedger();
  const queue = new RowQueue({ outbox, drops, ...bounds });
  const add = (table: RowTable, values: unknown[][], columns = ['a']): void => {
    const bytes = Buffer.from(values.map((row) => `${JSON.stringify(row)}\n`).join(''));
    queue.add({ table, columns, bytes, rows: values.length });
  };
  const frames = async () => {
    await outbox.drain();
    return await Promise.all(publisher.published.map(({ bytes }) => decodeFrame(bytes)));
  };
  return { publisher, outbox, drops, queue, add, frames };
}

test('rows of one table and the same columns share a frame', async () => {
  const { queue, add, frames } = begin();
  add('container_stats', [[1], [2]]);
  add('host_stats', [[3]]);
  add('container_stats', [[4]]);
  add('container_stats', [[5, 6]], ['a', 'b']);
  queue.flush();
  const got = await frames();
  expect(got.map(({ header, payload }) => [header, payload.toString()])).toMatchObject([
    [{ table: 'container_stats', rows: 3, columns: ['a'] }, '[1]\n[2]\n[4]\n'],
    [{ table: 'host_stats', rows: 1 }, '[3]\n'],
    [{ table: 'container_stats', rows: 1, columns: ['a', 'b'] }, '[5,6]\n'],
  ]);
});

test('a batch above the limit of a frame becomes several', async () => {
  const { queue, add, frames } = begin();
  add(
    'container_stats',
    Array.from({ length: limits.maxFrameRows + 1 }, (_, index) => [index]),
  );
  queue.flush();
  const rows = (await frames()).map(({ header }) => ('rows' in header ? header.rows : 0));
  expect(rows).toEqual([limits.maxFrameRows, 1]);
});

test('when the transport stalls the oldest statistics are dropped and counted, events are kept', async () => {
  const { publisher, queue, add, drops } = begin({ maxStatsBytes: 1000 }, false);
  for (let index = 0; index < 400; index += 1) {
    add('container_stats', [[`stats ${String(index).padStart(4, '0')}`]]);
    add('events', [[`event ${index}`]]);
    queue.flush();
    await nextTurn();
  }
  expect(publisher.published.length).toBeLessThanOrEqual(8);
  const dropped = drops.snapshot().stats_queue_full_rows ?? 0;
  expect(dropped).toBeGreaterThan(200);
  expect(drops.snapshot().events_queue_full_rows).toBeUndefined();
  expect(queue.queuedRows).toBeGreaterThan(300);
});

test('events have a bound too, and what is beyond it is counted', () => {
  const { add, drops, queue } = begin({ maxEventsBytes: 100 });
  for (let index = 0; index < 50; index += 1) add('events', [[index + 1000]]);
  expect(drops.snapshot().events_queue_full_rows).toBe(50 - queue.queuedRows);
  expect(queue.queuedRows).toBeGreaterThan(10);
});

test('refused rows are counted', async () => {
  const { publisher, queue, add, drops, frames } = begin();
  publisher.refusal = new Error('never');
  add('targets', [[1], [2]]);
  queue.flush();
  await frames();
  expect(drops.snapshot()).toEqual({ publish_refused_rows: 2 });
});

test('rows are written in the order of the columns', () => {
  const batch = encodeRows('events', ['b', 'a'], [{ a: 1, b: 'x"\n' }]);
  expect(batch.bytes.toString()).toBe('["x\\"\\n",1]\n');
});
