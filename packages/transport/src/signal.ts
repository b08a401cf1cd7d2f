import { abortReason } from '@plimsoll/runtime';

/** Wakes everybody who waits at this moment; each then looks for itself. */
export class Signal {
  #waiters = new Set<() => void>();

  raise(): void {
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const wake of waiters) wake();
  }

  /** Rejects with the abort signal's reason. */
  async wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortReason(signal);
    await new Promise<void>((resolve, reject) => {
      const wake = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiters.delete(wake);
        reject(abortReason(signal));
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
