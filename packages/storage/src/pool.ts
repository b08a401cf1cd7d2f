import { StorageError } from './storage-error.ts';

/**
 * A fixed set of things that each serve one user at a time, with a bounded queue of those who
 * wait. First come, first served.
 */
export class Pool<T> {
  readonly #idle: T[];
  readonly #waiting: Waiter<T>[] = [];
  readonly #name: string;
  readonly #size: number;
  readonly #maxWaiting: number;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(name: string, items: readonly T[], maxWaiting: number) {
    this.#name = name;
    this.#idle = [...items];
    this.#size = items.length;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Runs `work` with an item of its own.
   *
   * @throws {StorageError} `busy` when the queue is full, `aborted` while waiting, `closed`.
   */
  async use<R>(work: (item: T) => Promise<R>, signal?: AbortSignal): Promise<R> {
    const item = await this.acquire(signal);
    try {
      return await work(item);
    } finally {
      this.release(item);
    }
  }

  async acquire(signal?: AbortSignal): Promise<T> {
    if (this.#closed) throw new StorageError('closed', `${this.#name}: the engine is closed`);
    if (signal?.aborted) throw abortedWhileWaiting(this.#name, signal);
    const item = this.#idle.pop();
    if (item !== undefined) return item;
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new StorageError(
        'busy',
        `${this.#name}: all ${this.#size} connections are in use and ${this.#maxWaiting} callers wait; try again`,
      );
    }
    return this.#wait(signal);
  }

  release(item: T): void {
    const next = this.#waiting.shift();
    if (next) {
      next.resolve(item);
      return;
    }
    this.#idle.push(item);
    if (this.#closed && this.#idle.length === this.#size) this.#drained?.();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Refuses new users and those who wait; resolves when the last one in has left. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiting.splice(0)) {
      waiter.reject(new StorageError('closed', `${this.#name}: the engine is closing`));
    }
    if (this.#idle.length < this.#size) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
  }

  async #wait(signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(waiter);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(abortedWhileWaiting(this.#name, signal));
      };
      const leave = (): void => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter<T> = {
        resolve: (item) => {
          leave();
          resolve(item);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }
}

interface Waiter<T> {
  resolve(item: T): void;
  reject(error: StorageError): void;
}

function abortedWhileWaiting(name: string, signal?: AbortSignal): StorageError {
  return new StorageError('aborted', `${name}: aborted while waiting for a connection`, {
    cause: signal?.reason,
  });
}
