import type { Clock } from '@plimsoll/runtime';

/** One moment that was due. */
export interface Tick {
  /** Moments before this one that had passed already. */
  missed: number;
}

/**
 * Moments on whole multiples of an interval by the wall clock, waited for by the monotonic clock.
 * A step of the wall clock shifts one moment by at most half an interval; it never makes a burst
 * or a long silence.
 */
export class AlignedSchedule {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #dueAt: number;

  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    const now = clock.monotonic();
    this.#dueAt = now + intervalMs - (clock.now() % intervalMs);
  }

  /** Waits for the next moment; rejects when the signal aborts. */
  async next(signal: AbortSignal): Promise<Tick> {
    await this.#clock.sleep(Math.max(0, this.#dueAt - this.#clock.monotonic()), signal);
    const now = this.#clock.monotonic();
    const missed = Math.max(0, Math.floor((now - this.#dueAt) / this.#intervalMs));
    this.#dueAt += (missed + 1) * this.#intervalMs;
    this.#dueAt -= this.#misalignment(now);
    return { missed };
  }

  /** How far the next moment is from the wall clock's grid, within half an interval. */
  #misalignment(now: number): number {
    const wall = this.#clock.now() + (this.#dueAt - now);
    return wall - Math.round(wall / this.#intervalMs) * this.#intervalMs;
  }
}
