/**
 * When a collector that is to run once is done: all that was there when it had looked around was
 * read, or nothing moves any more. Logs may grow for ever, and the last line of one may have no end.
 */
export interface Progress {
  /** Everything that runs is known, or there is nothing to find containers by. */
  isFound: boolean;
  scrapes: number;
  lagBytes: number;
  readBytes: number;
  acknowledgedBytes: number;
  /** Monotonic. */
  nowMs: number;
}

/** Two looks at every path and more have been made by then. */
const settleMs = 2500;
const idleMs = 3000;

export class CatchUp {
  readonly #wantsScrape: boolean;
  #foundAtMs: number | null = null;
  /** Bytes acknowledged when all that was there is. */
  #goalBytes: number | null = null;
  #movedAtMs = 0;
  #moved = -1;

  constructor(wantsScrape: boolean) {
    this.#wantsScrape = wantsScrape;
  }

  look(progress: Progress): boolean {
    const { isFound, scrapes, lagBytes, readBytes, acknowledgedBytes, nowMs } = progress;
    if (!isFound) return false;
    this.#foundAtMs ??= nowMs;
    if (readBytes + acknowledgedBytes !== this.#moved) {
      this.#moved = readBytes + acknowledgedBytes;
      this.#movedAtMs = nowMs;
    }
    if (nowMs - this.#foundAtMs < settleMs) return false;
    this.#goalBytes ??= acknowledgedBytes + lagBytes;
    if (this.#wantsScrape && scrapes === 0) return false;
    return acknowledgedBytes >= this.#goalBytes || nowMs - this.#movedAtMs >= idleMs;
  }
}
