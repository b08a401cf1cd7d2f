/**
 * What every transport must hold, whatever carries the frames. A transport's own test calls this
 * with a way to open it; `reopen` is a restart: what was not committed must come again.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Batch, Publisher, Subscriber } from '../src/index.ts';

export interface OpenTransport {
  publisher: Publisher;
  subscriber: Subscriber;
  /** Ends it as a stop of the process does. */
  close(): Promise<void>;
}

export interface TransportUnderTest {
  name: string;
  open(): Promise<OpenTransport>;
  /** Removes everything that `open` made. */
  clear(): Promise<void>;
}

/** Batches that a handler was given, until `count` frames have come. */
async function collect(
  { subscriber }: OpenTransport,
  count: number,
  handler: (batch: Batch) => Promise<void> = () => Promise.resolve(),
): Promise<Batch[]> {
  const batches: Batch[] = [];
  const stop = new AbortController();
  let frames = 0;
  const running = subscriber.run(async (batch) => {
    await handler(batch);
    batches.push(batch);
    frames += batch.frames.length;
    if (frames >= count) stop.abort();
  }, stop.signal);
  await running;
  return batches;
}

const frame = (text: string): { key: string; kind: 'logs'; bytes: Buffer } => ({
  key: 'host',
  kind: 'logs',
  bytes: Buffer.from(text),
});
const texts = (batches: readonly Batch[]): string[] =>
  batches.flatMap((batch) => batch.frames.map(String));

export function describeTransport(transport: TransportUnderTest): void {
  describe(`${transport.name}: a transport`, () => {
    let opened: OpenTransport | undefined;
    const open = async (): Promise<OpenTransport> => {
      opened = await transport.open();
      return opened;
    };
    const reopen = async (): Promise<OpenTransport> => {
      await opened?.close();
      return open();
    };
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
      await transport.clear();
    });

    test('delivers what was published, in order, with growing offsets', async () => {
      const it = await open();
      const sent = Array.from({ length: 50 }, (_, index) => `frame ${index}`);
      const publishing = Promise.all(sent.map(async (text) => it.publisher.publish(frame(text))));
      const batches = await collect(it, sent.length);
      await publishing;
      expect(texts(batches)).toEqual(sent);
      let next = batches[0]?.first ?? -1;
      for (const { first, last, frames } of batches) {
        expect(first).toBeGreaterThanOrEqual(next);
        expect(last - first + 1).toBe(frames.length);
        next = last + 1;
      }
    });

    test('gives any bytes back as they were', async () => {
      const it = await open();
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
      const publishing = it.publisher.publish({ key: 'host', kind: 'rows', bytes });
      const [batch] = await collect(it, 1);
      await publishing;
      expect(batch?.frames[0]?.equals(bytes)).toBe(true);
    });

    test('delivers one batch at a time', async () => {
      const it = await open();
      let underWay = 0;
      let most = 0;
      const publishing = Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          await wait(index * 3);
          await it.publisher.publish(frame(String(index)));
        }),
      );
      await collect(it, 20, async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await wait(5);
        underWay -= 1;
      });
      await publishing;
      expect(most).toBe(1);
    });

    test('delivers again after a restart what was not handled, with the same bounds and bytes', async () => {
      const it = await open();
      await Promise.all(['a', 'b', 'c'].map(async (text) => it.publisher.publish(frame(text))));
      const stop = new AbortController();
      const seen: Batch[] = [];
      await it.subscriber
        .run((batch) => {
          seen.push(batch);
          stop.abort();
          return Promise.reject(new Error('the process dies here'));
        }, stop.signal)
        .catch(() => undefined);
      const batches = await collect(await reopen(), 3);
      expect(texts(batches)).toEqual(['a', 'b', 'c']);
      expect(batches[0]).toMatchObject({
        partition: seen[0]?.partition,
        first: seen[0]?.first,
        last: seen[0]?.last,
        isReplay: true,
      });
      expect(texts(batches.slice(0, 1))).toEqual(texts(seen.slice(0, 1)));
    });

    test('does not deliver again what was handled', async () => {
      const it = await open();
      await it.publisher.publish(frame('old'));
      await collect(it, 1);
      const again = await reopen();
      await again.publisher.publish(frame('new'));
      expect(texts(await collect(again, 1))).toEqual(['new']);
    });

    test('never uses an offset twice, over restarts too', async () => {
      const offsets: number[] = [];
      for (let time = 0; time < 3; time++) {
        const it = await reopen();
        const publishing = Promise.all(
          ['x', 'y'].map(async (text) => it.publisher.publish(frame(text))),
        );
        for (const { first, last } of await collect(it, 2)) {
          for (let offset = first; offset <= last; offset++) offsets.push(offset);
        }
        await publishing;
      }
      expect(new Set(offsets).size).toBe(6);
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    });

    test('tries a batch again whose handler failed', async () => {
      const it = await open();
      await it.publisher.publish(frame('once more'));
      let tries = 0;
      const batches = await collect(it, 1, () => {
        tries += 1;
        return tries < 3 ? Promise.reject(new Error('not now')) : Promise.resolve();
      });
      expect(tries).toBe(3);
      expect(batches[0]).toMatchObject({ isReplay: true });
    });

    test('an aborted publish rejects', async () => {
      const it = await open();
      const abort = new AbortController();
      abort.abort(new Error('no more'));
      await expect(it.publisher.publish(frame('x'), abort.signal)).rejects.toThrow('no more');
    });
  });
}
