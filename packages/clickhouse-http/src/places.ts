/** A bounded number of places, first come, first served, each wait bounded. */
import { ClickHouseException } from './exception.ts';

interface Waiter {
  take(): void;
}

/** Those that wait at once; a further one is refused without waiting. */
const maxWaiting = 100;

export class Places {
  readonly #name: string;
  readonly #size: number;
  readonly #maxWaitMs: number;
  readonly #waiting: Waiter[] = [];
  #taken = 0;

  constructor(name: string, size: number, maxWaitMs: number) {
    this.#name = name;
    this.#size = size;
    this.#maxWaitMs = maxWaitMs;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @throws {ClickHouseException} TOO_MANY_SIMULTANEOUS_QUERIES; QUERY_WAS_CANCELLED by the signal */
  async enter(signal: AbortSignal): Promise<void> {
    if (this.#taken < this.#size) {
      this.#taken += 1;
      return;
    }
    if (this.#waiting.length >= maxWaiting) throw this.#full();
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        const index = this.#waiting.indexOf(waiter);
        if (index >= 0) this.#waiting.splice(index, 1);
      };
      const fail = (error: ClickHouseException): void => {
        leave();
        reject(error);
      };
      const onAbort = (): void =>
        fail(new ClickHouseException('QUERY_WAS_CANCELLED', 'Query was cancelled while it waited'));
      const timer = setTimeout(() => fail(this.#full()), this.#maxWaitMs);
      const waiter: Waiter = {
        take: () => {
          leave();
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  leave(): void {
    const next = this.#waiting[0];
    if (next) next.take();
    else this.#taken -= 1;
  }

  #full(): ClickHouseException {
    return new ClickHouseException(
      'TOO_MANY_SIMULTANEOUS_QUERIES',
      `Too many simultaneous ${this.#name}. Maximum: ${this.#size}`,
    );
  }
}
