/**
 * What a server's clock shows, as far as it can be known from here.
 *
 * The server's time is asked for between two readings of our monotonic clock. It was read somewhere
 * in between; it is taken as read at the end. So the clock shown here is never ahead of the server's,
 * and behind it by at most the time of the request. A lease by it therefore never ends too late, and
 * too early by at most that time. What can make it too late is only what the two clocks drift apart
 * (some 500 ppm while they are slewed: 15 ms), or the server's clock is set back, within `maxAgeMs`.
 */
import type { EngineClock } from '../lease.ts';

/** Milliseconds since 1970, as the server has it. */
export type AskTime = (signal: AbortSignal | undefined) => Promise<number>;

interface Measured {
  /** Server's time minus our monotonic clock's. */
  offsetMs: number;
  atMs: number;
}

/** A measurement is used this long. */
export const maxAgeMs = 30_000;
/** A slower answer is asked for again, so that a lease does not lose seconds to one slow request. */
const slowAnswerMs = 1_000;
const maxTries = 3;

export class ServerClock {
  readonly #ask: AskTime;
  readonly #monotonic: () => number;
  #measured: Measured | undefined;

  constructor(ask: AskTime, monotonic: () => number = () => performance.now()) {
    this.#ask = ask;
    this.#monotonic = monotonic;
  }

  /** Asks the server when what is known is too old. */
  async read(signal?: AbortSignal): Promise<EngineClock> {
    let known = this.#measured;
    if (!known || this.#monotonic() - known.atMs > maxAgeMs) {
      known = await this.#measure(signal);
      this.#measured = known;
    }
    const { offsetMs } = known;
    return (monotonicMs) => monotonicMs + offsetMs;
  }

  /** After the server refused a lease: its clock may have been set. */
  forget(): void {
    this.#measured = undefined;
  }

  async #measure(signal: AbortSignal | undefined): Promise<Measured> {
    let best: (Measured & { tookMs: number }) | undefined;
    for (let tries = 0; tries < maxTries; tries++) {
      const before = this.#monotonic();
      const serverMs = await this.#ask(signal);
      const atMs = this.#monotonic();
      const tookMs = atMs - before;
      if (!best || tookMs < best.tookMs) best = { offsetMs: serverMs - atMs, atMs, tookMs };
      if (tookMs <= slowAnswerMs) break;
    }
    if (!best) throw new Error('expected at least one measurement');
    return best;
  }
}
