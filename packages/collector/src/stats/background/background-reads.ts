/**
 * What is too dear for a scrape, a step at a time between scrapes: it does what the budget leaves,
 * and its results go into the next rows. Tasks take turns, so that none starves another.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@plimsoll/runtime';
import { untilBeat } from '../../beat.ts';
import type { CpuBudget, StatsTier } from '../budget/cpu-budget.ts';

/** Longest that the steps of one tick may go on. */
const tickWorkMs = 100;

export interface BackgroundTask {
  readonly tier: StatsTier;
  /** Does some milliseconds of work at most; false when there is nothing to do now. */
  step(): boolean;
  /** Closes what is held. */
  close(): void;
}

export class BackgroundReads {
  readonly #tasks: readonly BackgroundTask[];
  readonly #budget: CpuBudget;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #next = 0;

  constructor(options: {
    tasks: readonly BackgroundTask[];
    budget: CpuBudget;
    clock: Clock;
    /** Told of a step that failed; the others go on. */
    onError: (error: unknown) => void;
  }) {
    this.#tasks = options.tasks;
    this.#budget = options.budget;
    this.#clock = options.clock;
    this.#onError = options.onError;
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(untilBeat(this.#clock), signal).catch(() => undefined);
      await this.tick(signal);
    }
  }

  /** The work of one tick: until nothing is due, the budget or the time is used up. */
  async tick(signal: AbortSignal): Promise<void> {
    const end = this.#clock.monotonic() + tickWorkMs;
    let idle = 0;
    while (idle < this.#tasks.length && !signal.aborted && this.#clock.monotonic() < end) {
      if (!this.#budget.hasBackground()) return;
      idle = this.#step() ? 0 : idle + 1;
      if (idle === 0) await nextTurn();
    }
  }

  close(): void {
    for (const task of this.#tasks) task.close();
  }

  #step(): boolean {
    const task = this.#tasks[this.#next % this.#tasks.length];
    this.#next++;
    if (!task) return false;
    const start = this.#budget.now();
    try {
      return task.step();
    } catch (error) {
      this.#onError(error);
      return false;
    } finally {
      this.#budget.bookBackground(task.tier, start);
    }
  }
}
