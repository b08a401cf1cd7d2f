/** Where the parts of a collector hand in rows: events, targets, statistics. */
import type { EventRow } from '@plimsoll/model';
import { abortReason } from '@plimsoll/runtime';
import { targetColumns, targetRow } from '../discovery/target-row.ts';
import { eventColumns } from '../events.ts';
import { encodeRows, RowQueue, type RowBatch, type RowQueueOptions } from '../publish/row-queue.ts';
import type { Target } from '../target.ts';

export class RowDesk {
  readonly #queue: RowQueue;
  readonly #wallMs: () => number;

  constructor(options: RowQueueOptions & { wallMs: () => number }) {
    this.#queue = new RowQueue(options);
    this.#wallMs = options.wallMs;
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
    const row = targetRow(target, this.#wallMs(), actual);
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

  /** Makes frames of what waits. */
  flush(): void {
    this.#queue.flush();
  }
}
