import { encodeFrame } from '@plimsoll/model';
import { ManualClock } from '@plimsoll/runtime';
import { beforeEach, describe, expect, test } from 'vitest';
import { ByteBudget } from '../../src/kafka/byte-budget.ts';
import { FrameQueue, maxBatchFrames } from '../../src/kafka/frame-queue.ts';

let clock: ManualClock;
let budget: ByteBudget;
beforeEach(() => {
  clock = new ManualClock();
  budget = new ByteBudget(1_000_000);
});

const queueOf = (limits = {}): FrameQueue =>
  new FrameQueue({
    next: 0,
    limits: { batchMaxBytes: 1000, batchMaxRows: 100, flushIntervalMs: 1000, ...limits },
    budget,
    clock,
    maxBytes: 500_000,
  });
const records = (from: number, ...values: Buffer[]) =>
  values.map((value, index) => ({ offset: from + index, key: null, value }));
const bytes = (length: number): Buffer => Buffer.alloc(length, 1);
const { signal } = new AbortController();

describe('a batch', () => {
  test('is closed by the time since its first frame came', async () => {
    const queue = queueOf();
    queue.add(records(0, bytes(10)), 1);
    await clock.advance(600);
    queue.add(records(1, bytes(10)), 2);
    const taken = queue.take(signal);
    await clock.advance(399);
    expect(queue.takeNow()).toBeNull();
    await clock.advance(1);
    expect(await taken).toMatchObject({ first: 0, last: 1, bytes: 20, offsets: [0, 1] });
  });

  test('is closed by bytes, before the frame that is too much', () => {
    const queue = queueOf();
    queue.add(records(0, bytes(600), bytes(399), bytes(2)), 3);
    expect(queue.takeNow()).toMatchObject({ first: 0, last: 1 });
    expect(queue.takeNow()).toBeNull();
  });

  test('is one frame when that is larger than a batch', () => {
    const queue = queueOf();
    queue.add(records(0, bytes(5000), bytes(1)), 2);
    expect(queue.takeNow()).toMatchObject({ first: 0, last: 0, bytes: 5000 });
  });

  test('is closed by frames', () => {
    const queue = queueOf({ batchMaxBytes: 1e9, batchMaxRows: 1e9 });
    queue.add(records(0, ...Array.from({ length: maxBatchFrames + 1 }, () => bytes(1))), 20_000);
    expect(queue.takeNow()?.frames.length).toBe(maxBatchFrames);
  });

  test('is closed by the rows that frames say they have', async () => {
    const header = {
      tenant: 't',
      host: 'h',
      boot_id: '',
      collector_id: 'c',
      epoch: 1,
      sequence: 1,
    };
    const rows = await encodeFrame(
      {
        kind: 'rows',
        header: { ...header, created_at_ms: 0, table: 'events', columns: ['a'], rows: 60 },
      },
      [Buffer.from('[1]\n')],
    );
    const queue = queueOf({ batchMaxBytes: 1e9 });
    queue.add(records(0, rows, rows), 2);
    expect(queue.takeNow()).toMatchObject({ first: 0, last: 0 });
  });
});

describe('what is fetched ahead', () => {
  test('is about two batches', () => {
    const queue = queueOf();
    queue.add(records(0, bytes(1000)), 1);
    expect(queue.wantsMore).toBe(true);
    queue.add(records(1, bytes(1000)), 2);
    expect(queue.wantsMore).toBe(false);
    queue.takeNow();
    expect(queue.wantsMore).toBe(true);
  });

  test('counts in the budget until whoever took it gives it back', () => {
    const queue = queueOf();
    queue.add(records(0, bytes(1000), bytes(500)), 2);
    expect(budget.used).toBe(1500);
    const batch = queue.takeNow();
    queue.close();
    expect(budget.used).toBe(1000);
    budget.release(batch?.bytes ?? 0);
    queue.add(records(2, bytes(100)), 3);
    expect(budget.used).toBe(0);
  });

  test('is given out before a failure is', async () => {
    const queue = queueOf();
    queue.add(records(0, bytes(10)), 1);
    queue.fail(new Error('gone'));
    expect(await queue.take(signal)).toMatchObject({ first: 0 });
    await expect(queue.take(signal)).rejects.toThrow('gone');
  });

  test('is not waited for when the partition is lost', async () => {
    const abort = new AbortController();
    const taken = queueOf().take(abort.signal);
    abort.abort(new Error('lost'));
    await expect(taken).rejects.toThrow('lost');
  });
});

describe('the budget', () => {
  test('is given out in turn', async () => {
    const order: string[] = [];
    await budget.reserve(900_000, signal);
    const large = budget.reserve(500_000, signal).then(() => order.push('large'));
    const small = budget.reserve(1, signal).then(() => order.push('small'));
    budget.release(900_000);
    await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
  });

  test('lets what is larger than all of it wait until it is alone', async () => {
    await budget.reserve(1, signal);
    let isGranted = false;
    const large = budget.reserve(5_000_000, signal).then(() => (isGranted = true));
    await Promise.resolve();
    expect(isGranted).toBe(false);
    budget.release(1);
    await large;
    expect(budget.used).toBe(5_000_000);
  });

  test('goes on without who gave up waiting', async () => {
    const abort = new AbortController();
    await budget.reserve(1_000_000, signal);
    const given = budget.reserve(10, abort.signal);
    const kept = budget.reserve(10, signal);
    abort.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    budget.release(1_000_000);
    await kept;
    expect(budget.used).toBe(10);
  });
});
