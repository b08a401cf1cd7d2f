import { systemClock } from '@plimsoll/runtime';
import type { Clock } from '@plimsoll/runtime';

/** Letters are counted again when somebody asks and the last count is older. */
const maxAgeMs = 10_000;

/** How many dead letters wait, without making anybody wait for the answer. */
export class DeadLetterCount {
  readonly #countLetters: () => Promise<number>;
  readonly #clock: Clock;
  #count = 0;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(count: () => Promise<number>, clock: Clock = systemClock) {
    this.#countLetters = count;
    this.#clock = clock;
  }

  /** The last count; counts again for the next one when it is old. */
  get(): number {
    if (this.#clock.monotonic() - this.#countedAt > maxAgeMs) void this.refresh();
    return this.#count;
  }

  /** Where letters cannot be counted now, the count stays as it was. */
  async refresh(): Promise<void> {
    this.#countedAt = this.#clock.monotonic();
    this.#count = await this.#countLetters().catch(() => this.#count);
  }
}
