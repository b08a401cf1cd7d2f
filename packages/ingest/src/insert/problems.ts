import type { Clock } from '@plimsoll/runtime';

interface Problem {
  text: string;
  sinceMs: number;
}

/** What keeps work from going on, for health and for a metric: by whoever waits because of it. */
export class Problems {
  readonly #clock: Clock;
  readonly #open = new Map<object, Problem>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Again for one who waits already: the text may change, the time stays. */
  report(waiting: object, text: string): void {
    const sinceMs = this.#open.get(waiting)?.sinceMs ?? this.#clock.now();
    this.#open.set(waiting, { text, sinceMs });
  }

  /** Whether there was one. */
  clear(waiting: object): boolean {
    return this.#open.delete(waiting);
  }

  /** The oldest one, with its age; null when nobody waits. */
  reason(): string | null {
    const oldest = this.#oldest();
    if (oldest === null) return null;
    const since = new Date(oldest.sinceMs).toISOString();
    return `${oldest.text} (since ${since}, for ${Math.round(this.ageSeconds())} s)`;
  }

  /** 0 when nobody waits. */
  ageSeconds(): number {
    const oldest = this.#oldest();
    return oldest === null ? 0 : Math.max(0, this.#clock.now() - oldest.sinceMs) / 1000;
  }

  #oldest(): Problem | null {
    let oldest: Problem | null = null;
    for (const problem of this.#open.values()) {
      if (oldest === null || problem.sinceMs < oldest.sinceMs) oldest = problem;
    }
    return oldest;
  }
}
