/**
 * How long lines take from being written to being found, from two counts alone: when there are S rows,
 * the line that is S-th was written at the time when S lines had been. Holds as long as nothing is
 * missing or doubled, which is what the run is about.
 */
export class Delays {
  readonly #written: { atMs: number; lines: number }[] = [];
  readonly #delaysMs: number[] = [];
  #from = 0;

  noteWritten(lines: number, atMs: number): void {
    if (this.#written.at(-1)?.lines !== lines) this.#written.push({ atMs, lines });
  }

  /** @returns the delay in milliseconds; null when it cannot be told */
  noteStored(rows: number, atMs: number): number | null {
    while ((this.#written[this.#from]?.lines ?? Infinity) < rows) this.#from += 1;
    const then = this.#written[this.#from];
    if (!then) return null;
    return Math.max(0, atMs - then.atMs);
  }

  keep(delayMs: number): void {
    this.#delaysMs.push(delayMs);
  }

  /** Null without any. */
  quantile(share: number): number | null {
    const sorted = this.#delaysMs.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  }

  get count(): number {
    return this.#delaysMs.length;
  }
}
