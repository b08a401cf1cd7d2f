import { abortReason } from './abort-reason.ts';
import { PlimsollError } from './errors/plimsoll-error.ts';
import { Semaphore } from './semaphore.ts';

interface Entry<T> {
  item: T;
  release: () => void;
}

/**
 * First in, first out, never above its capacity (items, or whatever the sizes given count). Offering
 * waits when it is full; taking waits when it is empty. An item counts until it is taken.
 */
export class BoundedQueue<T> {
  readonly #budget: Semaphore;
  readonly #entries: Entry<T>[] = [];
  readonly #takers: (() => void)[] = [];
  readonly #closing = new AbortController();

  constructor(capacity: number) {
    this.#budget = new Semaphore(capacity);
  }

  get length(): number {
    return this.#entries.length;
  }

  get size(): number {
    return this.#budget.inUse;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** False when it does not fit now; the caller counts what it drops. */
  tryPush(item: T, size = 1): boolean {
    if (this.isClosed) return false;
    const release = this.#budget.tryAcquire(size);
    if (release === null) return false;
    this.#add({ item, release });
    return true;
  }

  /** Waits for room. Rejects with the signal's reason, or `queue_closed`. */
  async push(item: T, size = 1, signal?: AbortSignal): Promise<void> {
    const either =
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    const release = await this.#budget.acquire(size, either);
    if (this.isClosed) {
      release();
      throw abortReason(this.#closing.signal);
    }
    this.#add({ item, release });
  }

  /** Waits for an item; undefined once the queue is closed and empty. */
  async shift(signal?: AbortSignal): Promise<T | undefined> {
    for (;;) {
      if (signal?.aborted === true) {
        // It may have been woken for an item that it no longer takes.
        if (this.#entries.length > 0) this.#takers.shift()?.();
        throw abortReason(signal);
      }
      const entry = this.#entries.shift();
      if (entry !== undefined) {
        entry.release();
        return entry.item;
      }
      if (this.isClosed) return undefined;
      await this.#somethingNew(signal);
    }
  }

  /** Takes no more; what is inside can still be taken, and waiting takers are woken. */
  close(): void {
    if (this.isClosed) return;
    this.#closing.abort(
      new PlimsollError('queue_closed', 'expected an open queue, got one that is closed'),
    );
    for (const wake of this.#takers.splice(0)) wake();
  }

  #add(entry: Entry<T>): void {
    this.#entries.push(entry);
    this.#takers.shift()?.();
  }

  #somethingNew(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#takers.splice(this.#takers.indexOf(wake), 1);
        reject(abortReason(signal));
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#takers.push(wake);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
