import { abortReason } from './abort-reason.ts';
import { PlimsollError } from './errors/plimsoll-error.ts';

interface Waiter {
  amount: number;
  grant: () => void;
}

/** A budget such as bytes in flight: takers wait in order until there is enough of it. */
export class Semaphore {
  readonly capacity: number;
  #inUse = 0;
  readonly #waiters: Waiter[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** Takes at once or not at all; null when there is not enough or others wait. */
  tryAcquire(amount = 1): (() => void) | null {
    if (this.#waiters.length > 0 || this.#inUse + amount > this.capacity) return null;
    return this.#take(amount);
  }

  /**
   * Resolves with the function that gives the amount back (idempotent). Rejects with the signal's
   * reason, or with `item_too_large` for more than there ever is.
   */
  acquire(amount = 1, signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortReason(signal));
        return;
      }
      if (amount > this.capacity) {
        const message = `expected at most ${this.capacity}, got ${amount}`;
        reject(new PlimsollError('item_too_large', message));
        return;
      }
      const atOnce = this.tryAcquire(amount);
      if (atOnce !== null) {
        resolve(atOnce);
        return;
      }
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(abortReason(signal));
        this.#grant();
      };
      const waiter: Waiter = {
        amount,
        grant: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve(this.#take(amount));
        },
      };
      this.#waiters.push(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #take(amount: number): () => void {
    this.#inUse += amount;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#inUse -= amount;
      this.#grant();
    };
  }

  #grant(): void {
    for (;;) {
      const first = this.#waiters[0];
      if (first === undefined || this.#inUse + first.amount > this.capacity) return;
      this.#waiters.shift();
      first.grant();
    }
  }
}
