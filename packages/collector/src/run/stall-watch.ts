/**
 * Tells when log is not taken off this host any more, and when it is again. Reading stops while the
 * transport has no room: nothing is lost by that, until containers rotate away what was not read.
 */
import { hostLabels, type EventRow } from '@plimsoll/model';
import type { Clock } from '@plimsoll/runtime';
import { makeEvent } from '../events.ts';

export interface StallWatchOptions {
  tenant: string;
  host: string;
  clock: Clock;
  /** Monotonic time since when there is no room; null when there is. */
  blockedSinceMs: () => number | null;
  lag: () => { bytes: number; seconds: number };
  onEvent: (event: EventRow) => void;
}

/** A pause as long is told. */
const toldAfterMs = 30_000;

export class StallWatch {
  readonly #options: StallWatchOptions;
  /** By the wall clock; null while all is well. */
  #stalledAtMs: number | null = null;

  constructor(options: StallWatchOptions) {
    this.#options = options;
  }

  get isStalled(): boolean {
    return this.#stalledAtMs !== null;
  }

  /** To be called every few seconds. */
  look(): void {
    const { blockedSinceMs, clock } = this.#options;
    const since = blockedSinceMs();
    const waitedMs = since === null ? 0 : clock.monotonic() - since;
    if (this.#stalledAtMs === null && waitedMs >= toldAfterMs) this.#tellStalled(waitedMs);
    else if (this.#stalledAtMs !== null && since === null) this.#tellResumed(this.#stalledAtMs);
  }

  #tellStalled(waitedMs: number): void {
    const { tenant, host, clock, lag, onEvent } = this.#options;
    const stalledAtMs = clock.now() - waitedMs;
    this.#stalledAtMs = stalledAtMs;
    const { bytes } = lag();
    onEvent(
      makeEvent({
        labels: hostLabels(tenant, host),
        timeMs: clock.now(),
        kind: 'log_stalled',
        severity: 'warning',
        message: `Logs of this host are not taken by the transport for ${Math.round(waitedMs / 1000)} s; ${bytes} bytes wait in their files.`,
        attributes: { source: 'collector', lag_bytes: String(bytes) },
        occurrence: String(stalledAtMs),
      }),
    );
  }

  #tellResumed(stalledAtMs: number): void {
    const { tenant, host, clock, onEvent } = this.#options;
    this.#stalledAtMs = null;
    const seconds = Math.round((clock.now() - stalledAtMs) / 1000);
    onEvent(
      makeEvent({
        labels: hostLabels(tenant, host),
        timeMs: clock.now(),
        kind: 'log_resumed',
        severity: 'info',
        message: `Logs of this host are taken again after ${seconds} s.`,
        attributes: { source: 'collector', stalled_seconds: String(seconds) },
        occurrence: String(stalledAtMs),
      }),
    );
  }
}
