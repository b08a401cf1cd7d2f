import { StorageError } from '@plimsoll/storage';
import { expect, test } from 'vitest';
import { logsFrame } from './support/frames.ts';
import { openStubIngest, until } from './support/stub-ingest.ts';
import { TestLease } from './support/test-ingest.ts';

const frame = await logsFrame([{ start: 0, bytes: 'a\nb\n' }]);
const isRanges = ({ table }: { table: string }): boolean => table === 'log_ranges';

test('every insert carries the end of the lease as it is then', async () => {
  const lease = new TestLease();
  lease.notAfter = 1000;
  await using it = await openStubIngest({
    insert: async () => {
      lease.notAfter = 2000;
    },
  });
  await it.feed.give([frame], {}, lease);
  expect(it.asked.map(({ table, notAfterMs }) => [table, notAfterMs])).toEqual([
    ['log_chunks_plain', 1000],
    ['log_ranges', 2000],
  ]);
});

test('without an end there is none', async () => {
  await using it = await openStubIngest();
  await it.feed.give([frame]);
  expect(it.asked.every((request) => !('notAfterMs' in request))).toBe(true);
});

test('a lease that ran out is renewed, and the insert made again', async () => {
  const lease = new TestLease();
  lease.notAfter = 1000;
  lease.onRenew = () => {
    lease.notAfter = 61_000;
  };
  await using it = await openStubIngest({
    insert: async ({ notAfterMs = 0 }) => {
      if (notAfterMs < 5000) throw new StorageError('lease_expired', 'too late');
    },
  });
  await it.feed.give([frame], {}, lease);
  expect(lease.renewals).toBe(1);
  expect(it.asked.map(({ table, notAfterMs }) => [table, notAfterMs])).toEqual([
    ['log_chunks_plain', 1000],
    ['log_chunks_plain', 61_000],
    ['log_ranges', 61_000],
  ]);
  expect(await it.metrics.render()).toContain(
    'plimsoll_ingest_lease_renewals_total{outcome="renewed"} 1',
  );
  expect(it.ingest.health()).toEqual({ ok: true });
});

test('a lease that cannot be renewed ends the batch: no insert more, no ranges', async () => {
  const lease = new TestLease();
  lease.onRenew = () => {
    throw new Error('another member has the partition');
  };
  await using it = await openStubIngest({
    insert: async () => {
      throw new StorageError('lease_expired', 'too late');
    },
  });
  await expect(it.feed.give([frame], {}, lease)).rejects.toThrow('another member');
  expect(it.asked).toHaveLength(1);
  expect(await it.metrics.render()).toContain(
    'plimsoll_ingest_lease_renewals_total{outcome="lost"} 1',
  );
  expect(it.ingest.health()).toEqual({ ok: true });
});

test('a lost lease ends the wait between tries, and nothing is inserted any more', async () => {
  const lease = new TestLease();
  await using it = await openStubIngest({
    insert: async () => {
      throw new StorageError('too_many_parts', 'merges are behind');
    },
  });
  const storing = it.feed.give([frame], {}, lease).catch((error: unknown) => error);
  await until(() => it.asked.length === 1);
  lease.lose();
  expect(String(await storing)).toContain('belongs to another process');
  expect(it.asked).toHaveLength(1);
  expect(it.ingest.health()).toEqual({ ok: true });
});

test('a lost lease ends an insert under way', async () => {
  const lease = new TestLease();
  await using it = await openStubIngest({
    insert: async ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new StorageError('aborted', 'cancelled')));
      }),
  });
  const storing = it.feed.give([frame], {}, lease).catch((error: unknown) => error);
  await until(() => it.asked.length === 1);
  lease.lose();
  expect(String(await storing)).toContain('belongs to another process');
  expect(it.asked.some(isRanges)).toBe(false);
});

test('a lease lost behind the lines leaves their ranges unwritten', async () => {
  const lease = new TestLease();
  await using it = await openStubIngest({ insert: async () => lease.lose() });
  await expect(it.feed.give([frame], {}, lease)).rejects.toThrow('belongs to another process');
  expect(it.asked.map(({ table }) => table)).toEqual(['log_chunks_plain']);
});

test('who stops lets an insert under way end, and begins no other', async () => {
  const gate = Promise.withResolvers<void>();
  let isAborted = false;
  await using it = await openStubIngest({
    insert: async ({ signal }) => {
      signal?.addEventListener('abort', () => {
        isAborted = true;
      });
      await gate.promise;
    },
  });
  const storing = it.feed.give([frame]).catch((error: unknown) => error);
  await until(() => it.asked.length === 1);
  const stopped = it.ingest.stop();
  gate.resolve();
  expect(await storing).toBeInstanceOf(Error);
  await stopped;
  expect(isAborted).toBe(false);
  expect(it.asked.some(isRanges)).toBe(false);
});
