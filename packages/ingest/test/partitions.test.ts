import { describe, expect, test } from 'vitest';
import { logsFrame } from './support/frames.ts';
import { openStubIngest, until } from './support/stub-ingest.ts';

const frameOf = async (fileId: string, bytes: number): Promise<Buffer> =>
  logsFrame([{ fileId, start: 0, bytes: `${'x'.repeat(bytes - 1)}\n` }]);

describe('several partitions at once', () => {
  test('share the inserts that may be under way', async () => {
    const gates: (() => void)[] = [];
    let underWay = 0;
    let most = 0;
    await using it = await openStubIngest({
      concurrency: 2,
      insert: async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise<void>((resolve) => gates.push(resolve));
        underWay -= 1;
      },
    });
    const storing = Promise.all(
      ['a', 'b', 'c', 'd'].map(async (name) =>
        it.feed.give([await frameOf(name, 10)], { partition: `t/${name}` }),
      ),
    );
    // Of each partition the chunk and its ranges.
    for (let inserts = 0; inserts < 8; inserts++) {
      await until(() => gates.length > 0);
      gates.shift()?.();
    }
    await storing;
    expect(most).toBe(2);
    expect(it.asked.filter(({ table }) => table === 'log_ranges')).toHaveLength(4);
  });

  test('wait for memory, in order; one that is larger than all of it goes alone', async () => {
    const gates: (() => void)[] = [];
    await using it = await openStubIngest({
      maxInFlightBytes: 1000,
      concurrency: 8,
      insert: async ({ table }) => {
        if (table !== 'log_ranges') await new Promise<void>((resolve) => gates.push(resolve));
      },
    });
    const inFlight = async (): Promise<string | undefined> =>
      /plimsoll_ingest_in_flight_bytes (\d+)/.exec(await it.metrics.render())?.[1];
    const give = async (name: string, bytes: number) =>
      it.feed.give([await frameOf(name, bytes)], { partition: name });
    const first = give('a', 600);
    await until(() => gates.length === 1);
    const second = give('b', 600);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const third = give('c', 5000);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const fourth = give('d', 100);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(it.asked).toHaveLength(1);
    expect(await inFlight()).toBe('600');
    for (const [storing, bytes] of [
      [first, '600'],
      [second, '600'],
      [third, '1000'],
      [fourth, '100'],
    ] as const) {
      await until(() => gates.length === 1);
      expect(await inFlight()).toBe(bytes);
      gates.shift()?.();
      await storing;
    }
    expect(await inFlight()).toBe('0');
  });

  test('one whose engine work fails does not hold up the others', async () => {
    await using it = await openStubIngest({
      concurrency: 1,
      insert: async ({ token }) => {
        if (token?.startsWith('bad')) throw new Error('something of its own');
      },
    });
    const bad = it.feed.give([await frameOf('a', 10)], { partition: 'bad' }).catch(() => undefined);
    await until(() => it.asked.length > 0);
    await it.feed.give([await frameOf('b', 10)], { partition: 'good' });
    expect(it.ingest.health().ok).toBe(false);
    await it.ingest.stop();
    await bad;
  });
});

test('of a partition that was away nothing is remembered', async () => {
  let stored: object[] = [];
  await using it = await openStubIngest({ select: () => stored });
  const give = async (start: number, options: object) =>
    it.feed.give([await logsFrame([{ start, bytes: 'a\nb\n' }])], { partition: 't/0', ...options });
  const chunks = () => it.asked.filter(({ table }) => table === 'log_chunks_plain').length;
  await give(0, { epoch: 1 });
  // Another process stores the next bytes, and the partition comes back.
  stored = [{ tenant: 'default', file_id: 'f1', range_start: 0, range_end: 8 }];
  await give(4, { epoch: 1 });
  expect(chunks()).toBe(2);
  stored = [{ tenant: 'default', file_id: 'f1', range_start: 0, range_end: 12 }];
  await give(8, { epoch: 2 });
  expect(chunks()).toBe(2);
  // A handler of before, still running, takes no part in it.
  stored = [{ tenant: 'default', file_id: 'f1', range_start: 0, range_end: 4 }];
  await give(12, { epoch: 1 });
  stored = [];
  await give(8, { epoch: 2 });
  expect(chunks()).toBe(3);
});
