import { encodeFrame } from '@plimsoll/model';
import { describe, expect, test } from 'vitest';
import type { DeadLetter, DeadLetterStore } from '../../src/index.ts';

export const frame = await encodeFrame(
  {
    kind: 'rows',
    header: {
      tenant: 'shop',
      host: 'h',
      boot_id: 'b',
      collector_id: 'c',
      epoch: 1,
      sequence: 1,
      created_at_ms: 0,
      table: 'events',
      columns: ['time'],
      rows: 1,
    },
  },
  [Buffer.from('["x"]\n')],
);

export function letter(offset: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    partition: 'plimsoll.logs/3@a1',
    offset,
    part: '',
    cause: 'refused',
    reason: `the engine refused it: "quoted"\n${offset}`,
    timeMs: Date.UTC(2026, 0, 15, 10, 0, offset),
    bytes: frame,
    ...more,
  };
}

/** What every store does. `reopen` gives one that remembers nothing. */
export function describeStore(open: () => Promise<{ reopen: () => DeadLetterStore }>): void {
  describe('a store of dead letters', () => {
    test('keeps letters as they were, oldest first, over a restart', async () => {
      const { reopen } = await open();
      const store = reopen();
      await store.write(letter(2));
      await store.write(
        letter(1, { part: '-0-100', cause: 'unreadable', bytes: Buffer.from('x') }),
      );
      for (const each of [store, reopen()]) {
        expect(await each.list()).toMatchObject([
          {
            id: 'plimsoll.logs_3_a1-1-0-100',
            partition: 'plimsoll.logs/3@a1',
            offset: 1,
            part: '-0-100',
            cause: 'unreadable',
            state: 'waiting',
            size: 1,
            content: { kind: 'unreadable' },
          },
          {
            id: 'plimsoll.logs_3_a1-2',
            reason: letter(2).reason,
            timeMs: letter(2).timeMs,
            content: { kind: 'rows', tenant: 'shop', host: 'h', table: 'events', rows: 1 },
          },
        ]);
        expect(await each.count()).toBe(2);
        expect((await each.get('plimsoll.logs_3_a1-2'))?.bytes).toEqual(frame);
        expect(await each.get('nothing')).toBeNull();
      }
    });

    test('a letter written again, by a replay of its batch, is one letter', async () => {
      const { reopen } = await open();
      const store = reopen();
      await store.write(letter(1));
      await store.write(letter(1, { timeMs: letter(1).timeMs + 60_000 }));
      expect(await store.count()).toBe(1);
      expect(await store.list()).toMatchObject([{ timeMs: letter(1).timeMs }]);
    });

    test('a replayed letter is not counted, stays to be looked at, and does not come back', async () => {
      const { reopen } = await open();
      const store = reopen();
      await store.write(letter(1));
      await store.write(letter(2));
      await store.markReplayed('plimsoll.logs_3_a1-1');
      await store.markReplayed('plimsoll.logs_3_a1-1');
      await store.write(letter(1));
      for (const each of [store, reopen()]) {
        expect(await each.count()).toBe(1);
        expect((await each.list()).map(({ state }) => state)).toEqual(['replayed', 'waiting']);
        expect((await each.get('plimsoll.logs_3_a1-1'))?.bytes).toEqual(frame);
      }
    });

    test('a reason of any length is kept to its limit', async () => {
      const { reopen } = await open();
      await reopen().write(letter(1, { reason: 'é'.repeat(100_000) }));
      expect((await reopen().list())[0]?.reason).toHaveLength(4000);
    });
  });
}
