import { toStorageError } from '../engine-error.ts';
import { StorageError } from '../storage-error.ts';

/** A caller's signal and a time limit as one signal, and which of the two it was that ended a wait. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #limitMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#controller.abort(this.#caller?.reason);
  #isOver = false;

  constructor(limitMs: number, caller?: AbortSignal) {
    this.signal = this.#controller.signal;
    this.#caller = caller;
    this.#limitMs = limitMs;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort();
    }, limitMs);
    if (caller?.aborted) this.#onAbort();
    caller?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The time limit counts no more; the caller's signal still does. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }

  /** What an error of the work under this deadline means. */
  explain(error: unknown): StorageError {
    if (this.#caller?.aborted) {
      return new StorageError('aborted', 'the query was cancelled', { cause: this.#caller.reason });
    }
    if (!this.#isOver) return toStorageError(error);
    const text = `expected an answer of the server within ${this.#limitMs} ms, got none`;
    return new StorageError('timeout', text, { cause: error });
  }
}
