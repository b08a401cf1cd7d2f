import { abortReason } from '@plimsoll/runtime';

/**
 * Bytes of frames in memory, of all partitions together. Who wants more waits in turn. What is
 * larger than all there is waits until nothing else is there, so that nobody waits for ever.
 */
export class ByteBudget {
  readonly capacity: number;
  #used = 0;
  readonly #waiting: { bytes: number; grant: () => void }[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get used(): number {
    return this.#used;
  }

  /** Rejects with the signal's reason. */
  reserve(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortReason(signal));
        return;
      }
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(abortReason(signal));
        this.#grant();
      };
      const waiter = {
        bytes,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          this.#used += bytes;
          resolve();
        },
      };
      this.#waiting.push(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#grant();
    });
  }

  /** What came in place of what was reserved. */
  add(bytes: number): void {
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
    this.#grant();
  }

  #grant(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      if (this.#used > 0 && this.#used + first.bytes > this.capacity) return;
      this.#waiting.shift();
      first.grant();
    }
  }
}
