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
}
