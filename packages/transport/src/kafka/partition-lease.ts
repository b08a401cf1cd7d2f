import { abortReason, type Clock } from '@plimsoll/runtime';
import type { Lease } from '../transport.ts';
import type { GroupMember } from './group-member.ts';

/**
 * How long an insert may be accepted after the last sign of the broker that the partition is ours.
 * Longer than a session, so that it outlasts a broker that is slow to answer; and shorter than the
 * deduplication window keeps a token, so that what comes so late is known.
 */
const leaseMs = 60_000;

/**
 * The right to one partition, from when it was assigned until it is lost. When the transport stops
 * nothing new is begun, but what was stored is still committed: so that is told apart.
 */
export class PartitionLease implements Lease {
  readonly #member: GroupMember;
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();

  constructor(member: GroupMember, clock: Clock) {
    this.#member = member;
    this.#clock = clock;
  }

  /** Aborts when it is lost, or the transport stops. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Aborts when it is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  notAfterMs(): number {
    // Of an injected clock, on the axis of performance.now(): what is left is the same on both.
    const leftMs = this.#member.confirmedAtMs + leaseMs - this.#clock.monotonic();
    return performance.now() + leftMs;
  }

  async renew(): Promise<void> {
    if (this.signal.aborted) throw abortReason(this.signal);
    await this.#member.renew(this.signal);
  }

  lose(reason: Error): void {
    this.#lost.abort(reason);
    this.#ended.abort(reason);
  }

  stop(reason: Error): void {
    this.#ended.abort(reason);
  }
}
