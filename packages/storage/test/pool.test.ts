import { describe, expect, test } from 'vitest';
import { Pool } from '../src/pool.ts';
import { rejection } from './support/settled.ts';

describe('a pool', () => {
  test('serves waiting callers in their order, one per item', async () => {
    const pool = new Pool('test', ['a'], 10);
    const order: number[] = [];
    const item = await pool.acquire();
    const waiting = [1, 2, 3].map(async (number) => {
      const mine = await pool.acquire();
      order.push(number);
      pool.release(mine);
    });
    pool.release(item);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  test('refuses the caller that would make the queue too long', async () => {
    const pool = new Pool('test', ['a'], 1);
    const item = await pool.acquire();
    const waiting = pool.acquire();
    expect(await rejection(pool.acquire())).toMatchObject({ code: 'busy' });
    pool.release(item);
    pool.release(await waiting);
  });

  test('an aborted caller leaves the queue', async () => {
    const pool = new Pool('test', ['a'], 5);
    const item = await pool.acquire();
    const abort = new AbortController();
    const waiting = rejection(pool.acquire(abort.signal));
    abort.abort();
    expect(await waiting).toMatchObject({ code: 'aborted' });
    expect(pool.waiting).toBe(0);
    expect(await rejection(pool.acquire(abort.signal))).toMatchObject({ code: 'aborted' });
    pool.release(item);
  });

  test('close refuses those who wait and lets those who work end', async () => {
    const pool = new Pool('test', ['a'], 5);
    const item = await pool.acquire();
    const waiting = rejection(pool.acquire());
    let isClosed = false;
    const closing = (async () => {
      await pool.close();
      isClosed = true;
    })();
    expect(await waiting).toMatchObject({ code: 'closed' });
    expect(isClosed).toBe(false);
    pool.release(item);
    await closing;
    expect(await rejection(pool.acquire())).toMatchObject({ code: 'closed' });
  });

  test('gives the item back when the work fails', async () => {
    const pool = new Pool('test', ['a'], 5);
    await rejection(pool.use(() => Promise.reject(new Error('no'))));
    expect(await pool.use((item) => Promise.resolve(item))).toBe('a');
  });
});
