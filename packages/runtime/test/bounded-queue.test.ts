import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedQueue, Semaphore } from '../src/index.ts';

describe('Semaphore', () => {
  test('grants in order, a large request is not overtaken by small ones', async () => {
    const budget = new Semaphore(10);
    const first = await budget.acquire(8);
    const order: string[] = [];
    const large = budget.acquire(9).then((release) => (order.push('large'), release));
    const small = budget.acquire(1).then((release) => (order.push('small'), release));
    expect(budget.tryAcquire(1)).toBeNull();
    first();
    const releases = await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
    for (const release of releases) release();
    expect([budget.inUse, budget.waiting]).toEqual([0, 0]);
  });

  test('gives back once, however often it is released', async () => {
    const budget = new Semaphore(2);
    const release = await budget.acquire(1);
    release();
    release();
    expect(budget.inUse).toBe(0);
  });

  test('refuses more than there ever is', async () => {
    await expect(new Semaphore(4).acquire(5)).rejects.toMatchObject({ code: 'item_too_large' });
  });

  test('a waiter that gives up lets those behind it in', async () => {
    const budget = new Semaphore(2);
    await budget.acquire(1);
    const stop = new AbortController();
    const impatient = budget.acquire(2, stop.signal);
    const patient = budget.acquire(1);
    stop.abort(new Error('gave up'));
    await expect(impatient).rejects.toThrow('gave up');
    await expect(patient).resolves.toBeTypeOf('function');
  });
});

describe('BoundedQueue', () => {
  test('never holds more than its capacity, keeps order and loses nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 10 })), async (sizes) => {
        const queue = new BoundedQueue<number>(16);
        const taken: number[] = [];
        const producer = (async () => {
          for (const [index, size] of sizes.entries()) await queue.push(index, size);
          queue.close();
        })();
        for (;;) {
          expect(queue.size).toBeLessThanOrEqual(16);
          const item = await queue.shift();
          if (item === undefined) break;
          taken.push(item);
        }
        await producer;
        expect(taken).toEqual(sizes.map((_, index) => index));
      }),
    );
  });

  test('says at its limit that nothing fits, and takes again after something left', async () => {
    const queue = new BoundedQueue<string>(2);
    expect([queue.tryPush('a'), queue.tryPush('b'), queue.tryPush('c')]).toEqual([
      true,
      true,
      false,
    ]);
    await queue.shift();
    expect(queue.tryPush('c')).toBe(true);
    expect(queue.length).toBe(2);
  });

  test('after close it takes nothing, gives what it has, then undefined', async () => {
    const queue = new BoundedQueue<string>(1);
    await queue.push('a');
    const waiting = queue.push('b');
    queue.close();
    await expect(waiting).rejects.toMatchObject({ code: 'queue_closed' });
    await expect(queue.push('c')).rejects.toMatchObject({ code: 'queue_closed' });
    expect(queue.tryPush('d')).toBe(false);
    expect([await queue.shift(), await queue.shift()]).toEqual(['a', undefined]);
  });

  test('a taker that gave up does not swallow what another waits for', async () => {
    const queue = new BoundedQueue<string>(1);
    const stop = new AbortController();
    const first = queue.shift(stop.signal);
    const second = queue.shift();
    // The first is woken by the item and aborted before it runs.
    queue.tryPush('a');
    stop.abort(new Error('gave up'));
    await expect(first).rejects.toThrow('gave up');
    await expect(second).resolves.toBe('a');
  });
});
