import type { Clock } from '@plimsoll/runtime';

/** A wait that ends early when somebody says so. */
export class Wakeup {
  readonly #clock: Clock;
  #notified = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  notify(): void {
    this.#notified.abort();
  }

  /** Resolves after `ms`, on notify (also one that came before), or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#notified.signal]);
    await this.#clock.sleep(ms, either).catch(() => undefined);
    if (this.#notified.signal.aborted) this.#notified = new AbortController();
  }

  /** Resolves on notify (also one that came before), or when the signal aborts. */
  async untilNotified(signal: AbortSignal): Promise<void> {
    const notified = this.#notified.signal;
    if (!notified.aborted && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const done = (): void => {
        resolve();
      };
      notified.addEventListener('abort', done, { once: true });
      signal.addEventListener('abort', done, { once: true });
      await promise;
      signal.removeEventListener('abort', done);
    }
    if (notified.aborted) this.#notified = new AbortController();
  }
}
