/** Where the parts of a collector hand in rows: events, targets, statistics. */
import type { EventRow } from '@plimsoll/model';
import { abortReason, type Clock } from '@plimsoll/runtime';
import { targetColumns, targetRow } from '../discovery/target-row.ts';
import { eventColumns } from '../events.ts';
import { encodeRows, RowQueue, type RowBatch, type RowQueueOptions } from '../publish/row-queue.ts';
import type { Target } from '../target.ts';
import { Wakeup } from '../wakeup.ts';

export class RowDesk {
  readonly #queue: RowQueue;
  readonly #clock: Clock;
  readonly #waiting: Wakeup;

  constructor({ clock, ...options }: Omit<RowQueueOptions, 'onWaiting'> & { clock: Clock }) {
    this.#clock = clock;
    this.#waiting = new Wakeup(clock);
    this.#queue = new RowQueue({
      ...options,
      onWaiting: () => {
        this.#waiting.notify();
      },
    });
  }

  get queuedRows(): number {
    return this.#queue.queuedRows;
  }

  add(rows: RowBatch): void {
    this.#queue.add(rows);
  }

  addEvent(event: EventRow, onDurable?: () => void): void {
    const batch = encodeRows('events', eventColumns, [event]);
    this.#queue.add(onDurable ? { ...batch, onSettled: onDurable } : batch);
  }

  /** @param actual what the kernel gives it: the `actual_…` keys of its security */
  addTarget(target: Target, actual: Readonly<Record<string, string>>): void {
    const row = targetRow(target, this.#clock.now(), actual);
    this.#queue.add(encodeRows('targets', targetColumns, [row]));
  }

  /** Resolves when the events are durable, refused or dropped. */
  async publishEvents(events: readonly EventRow[], signal: AbortSignal): Promise<void> {
    if (events.length === 0) return;
    const durable = Promise.withResolvers<void>();
    const onAbort = (): void => {
      durable.reject(abortReason(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#queue.add({ ...encodeRows('events', eventColumns, events), onSettled: durable.resolve });
    await durable.promise.finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  }

  /** Makes frames of rows that have waited for others to come with them, until the signal aborts. */
  async keepFlushing(waitMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#waiting.untilNotified(signal);
      await this.#clock.sleep(waitMs, signal).catch(() => undefined);
      if (!signal.aborted) this.flush();
    }
  }

  /** Makes frames of what waits. */
  flush(): void {
    this.#queue.flush();
  }
}
