import { readdir } from 'node:fs/promises';
import { codeOf, systemClock } from '@plimsoll/runtime';
import type { Clock } from '@plimsoll/runtime';

/** A folder is read again when somebody asks and the last count is older. */
const maxAgeMs = 10_000;

/** How many frames lie in the dead-letter folder; each may have its reason beside it. */
export class DeadLetterCount {
  readonly #directory: string;
  readonly #clock: Clock;
  #count = 0;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(directory: string, clock: Clock = systemClock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** The last count; counts again for the next one when it is old. */
  get(): number {
    if (this.#clock.monotonic() - this.#countedAt > maxAgeMs) void this.refresh();
    return this.#count;
  }

  /** A folder that cannot be read leaves the count as it was. */
  async refresh(): Promise<void> {
    this.#countedAt = this.#clock.monotonic();
    try {
      const names = await readdir(this.#directory);
      this.#count = names.filter((name) => !/\.(reason|tmp)$/.test(name)).length;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') this.#count = 0;
    }
  }
}
