import { ManualClock } from '@plimsoll/runtime';
import { StorageError, storageErrorCodes } from '@plimsoll/storage';
import type { DeadLetterStore } from '@plimsoll/transport';
import { describe, expect, test } from 'vitest';
import { logsFrame } from './support/frames.ts';
import { openStubIngest, until } from './support/stub-ingest.ts';

const frame = await logsFrame([{ start: 0, bytes: 'a\nb\n' }]);
/** Whatever passes: everything but a refusal, and the lease, which has its own tests. */
const passing = storageErrorCodes.filter((code) => code !== 'bad_data' && code !== 'lease_expired');

describe('whatever the engine fails with', () => {
  test.each(passing)(
    '%s: the batch waits, health says why and since when, then all is well',
    async (code) => {
      let left = 2;
      const clock = new ManualClock();
      await using it = await openStubIngest({
        clock,
        insert: async () => {
          if (left-- > 0) throw new StorageError(code, 'the reason of the engine');
        },
      });
      const storing = it.feed.give([frame]);
      await until(() => !it.ingest.health().ok);
      expect(it.ingest.health().reason).toContain(`the reason of the engine (${code})`);
      expect(it.ingest.health().reason).toContain('since 1970-01-01T00:00:00.000Z');
      while (!it.ingest.health().ok) await clock.advance(1000);
      expect(await storing).toMatchObject({ first: 0 });
      expect(it.ingest.health()).toEqual({ ok: true });
      const text = await it.metrics.render();
      expect(text).toContain(`plimsoll_ingest_insert_retries_total{code="${code}"} 2`);
      expect(text).toContain('plimsoll_ingest_waiting_seconds 0');
      expect(text).toContain('plimsoll_ingest_stored_log_lines_total 2');
      // What is tried again is the same, under the same token.
      const lines = it.asked.filter(({ table }) => table !== 'log_ranges');
      expect(new Set(lines.map(({ token }) => token)).size).toBe(1);
      expect(lines).toHaveLength(3);
    },
  );
});

test('the wait is that of the engine’s trouble: others may insert behind one that fails alone', async () => {
  const clock = new ManualClock();
  await using it = await openStubIngest({
    clock,
    concurrency: 1,
    insert: async () => {
      throw new StorageError('disk_full', 'no space left');
    },
  });
  const storing = [0, 1].map(async (partition) =>
    it.feed.give([frame], { partition: `t/${partition}` }).catch(() => undefined),
  );
  await until(() => clock.sleeping === 1);
  // The second waits for the first one's slot: a full disk is full for it too.
  expect(it.asked).toHaveLength(1);
  await clock.advance(10_000);
  expect(it.ingest.health().reason).toMatch(/for 10 s/);
  expect(await it.metrics.render()).toContain('plimsoll_ingest_waiting_seconds 10');
  await it.ingest.stop();
  await Promise.all(storing);
});

test('while dead letters cannot be kept the batch waits, and nothing is dropped', async () => {
  const clock = new ManualClock();
  const kept: string[] = [];
  let isAway = true;
  const letters: Pick<DeadLetterStore, 'place' | 'write'> = {
    place: 'kafka:9092',
    write: async ({ reason }) => {
      if (isAway) throw new Error('no leader');
      kept.push(reason);
    },
  };
  await using it = await openStubIngest({ clock, letters: letters as DeadLetterStore });
  const storing = it.feed.give([frame, Buffer.from('no frame')]);
  await until(() => clock.sleeping === 1);
  expect(it.ingest.health().reason).toContain(
    'a dead letter cannot be kept at kafka:9092: no leader',
  );
  expect(it.asked).toHaveLength(0);
  isAway = false;
  await clock.advance(10_000);
  await storing;
  expect(kept).toEqual([expect.stringContaining('prelude')]);
  expect(it.ingest.health()).toEqual({ ok: true });
  const text = await it.metrics.render();
  expect(text).toContain('plimsoll_ingest_dead_letters_total{reason="unreadable"} 1');
  expect(text).toContain('plimsoll_ingest_dead_letter_retries_total 1');
});
