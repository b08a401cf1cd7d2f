/**
 * Where the event stream is to be read again after a restart: from the oldest event that is not
 * durable yet, and otherwise just behind the last one.
 */
import { timeAfter } from './docker-event.ts';

/** Events under way at once; beyond, the oldest counts as durable. The queue of rows has its own bound. */
const maxOpen = 100_000;

export class EventBookmark {
  readonly #open = new Map<symbol, string>();
  #last: string;

  /** @param since of an earlier run; '' for none */
  constructor(since: string) {
    this.#last = since;
  }

  get value(): string {
    for (const time of this.#open.values()) return time;
    return this.#last;
  }

  /** There is nothing to be told of before this time. */
  begin(time: string): void {
    if (this.#last === '') this.#last = time;
  }

  /** An event that was told of; the function says that its row is durable. */
  tell(time: string): () => void {
    const key = Symbol(time);
    this.#open.set(key, time);
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size > maxOpen) this.#open.delete(oldest);
    this.pass(time);
    return () => {
      this.#open.delete(key);
    };
  }

  /** An event that needs no row. */
  pass(time: string): void {
    this.#last = timeAfter(time);
  }
}
