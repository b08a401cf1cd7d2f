/**
 * Several servers that hold the same data (replicas of one shard), of which one is used: the first,
 * until it fails; then the next, until that one fails. All processes that list them in the same order
 * therefore use the same one while it works, and see each other's rows without replication's delay.
 *
 * One that failed is left alone for a while that doubles, unless all others failed as well; a ping
 * brings it back into the choice.
 */
import { messageOf } from '@plimsoll/runtime';
import type { EndpointStatus } from '../engine.ts';
import { toStorageError } from '../engine-error.ts';
import { StorageError, type StorageErrorCode } from '../storage-error.ts';

export interface Endpoint {
  /** Shown to people: no credentials. */
  readonly name: string;
}

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/** What another replica may not suffer from. */
const failoverCodes: ReadonlySet<StorageErrorCode> = new Set([
  'unreachable',
  'timeout',
  'read_only',
  'replication',
  'overloaded',
  'disk_full',
]);

interface Slot<E> {
  endpoint: E;
  /** Null: nothing is known against it. */
  failure: { reason: string; sinceMs: number; retryAtMs: number; pauseMs: number } | null;
}

export class Endpoints<E extends Endpoint> {
  readonly #slots: readonly Slot<E>[];
  readonly #nowMs: () => number;
  #current: Slot<E>;

  constructor(endpoints: readonly E[], nowMs: () => number = () => performance.now()) {
    this.#slots = endpoints.map((endpoint) => ({ endpoint, failure: null }));
    const [first] = this.#slots;
    if (!first) throw new Error('expected at least one endpoint');
    this.#current = first;
    this.#nowMs = nowMs;
  }

  get all(): readonly E[] {
    return this.#slots.map(({ endpoint }) => endpoint);
  }

  get current(): E {
    return this.#current.endpoint;
  }

  status(): EndpointStatus[] {
    return this.#slots.map((slot) => ({
      url: slot.endpoint.name,
      isCurrent: slot === this.#current,
      reason: slot.failure?.reason ?? null,
    }));
  }

  /**
   * Does the work at the current endpoint, and where that one fails and `isRepeatable`, at each other
   * one. An error that another endpoint would give as well is thrown at once.
   *
   * @param first `other`: not the current one, if there are several
   */
  async use<T>(
    work: (endpoint: E) => Promise<T>,
    isRepeatable: boolean,
    first: 'current' | 'other' = 'current',
  ): Promise<T> {
    const tried = new Set<Slot<E>>();
    if (first === 'other' && this.#slots.length > 1) tried.add(this.#current);
    for (;;) {
      const slot = this.#pick(tried);
      tried.add(slot);
      try {
        const result = await work(slot.endpoint);
        this.#succeeded(slot);
        return result;
      } catch (error) {
        const known = toStorageError(error);
        if (!isOfTheEndpoint(known)) throw known;
        this.#failed(slot, known);
        if (!isRepeatable || tried.size === this.#slots.length) throw this.#explain(known);
      }
    }
  }

  /** Asks each: one that answers is no longer left alone. */
  async probe(ask: (endpoint: E) => Promise<void>): Promise<void> {
    const answers = await Promise.all(
      this.#slots.map(async (slot) => {
        try {
          await ask(slot.endpoint);
          slot.failure = null;
          return null;
        } catch (error) {
          const known = toStorageError(error);
          this.#failed(slot, known);
          return known;
        }
      }),
    );
    const [first] = answers;
    if (first && answers.every((answer) => answer !== null)) throw this.#explain(first);
  }

  #pick(tried: ReadonlySet<Slot<E>>): Slot<E> {
    const left = this.#slots.filter((slot) => !tried.has(slot));
    const now = this.#nowMs();
    const usable = left.filter(({ failure }) => failure === null || failure.retryAtMs <= now);
    if (usable.includes(this.#current)) return this.#current;
    const soonest = left.toSorted(
      (one, other) => (one.failure?.retryAtMs ?? 0) - (other.failure?.retryAtMs ?? 0),
    );
    const slot = usable[0] ?? soonest[0];
    if (!slot) throw new Error('expected an endpoint that was not tried');
    return slot;
  }

  #succeeded(slot: Slot<E>): void {
    slot.failure = null;
    this.#current = slot;
  }

  #failed(slot: Slot<E>, error: StorageError): void {
    const now = this.#nowMs();
    const pauseMs = Math.min(longestPauseMs, (slot.failure?.pauseMs ?? firstPauseMs / 2) * 2);
    slot.failure = {
      reason: messageOf(error),
      sinceMs: slot.failure?.sinceMs ?? now,
      retryAtMs: now + pauseMs,
      pauseMs,
    };
  }

  /** With several, which of them said what. */
  #explain(error: StorageError): StorageError {
    if (this.#slots.length === 1) return error;
    const reasons = this.#slots.flatMap(({ endpoint, failure }) =>
      failure ? [`${endpoint.name}: ${failure.reason}`] : [],
    );
    return new StorageError(error.code, reasons.join('; '), {
      cause: error,
      ...(error.clickhouseCode === undefined ? {} : { clickhouseCode: error.clickhouseCode }),
    });
  }
}

/** A statement that ran into its own limit says nothing of the server: that has a number. */
function isOfTheEndpoint(error: StorageError): boolean {
  if (error.code === 'timeout') return error.clickhouseCode === undefined;
  return failoverCodes.has(error.code);
}
