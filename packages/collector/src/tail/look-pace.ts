/**
 * When to look at a path again. What grew lately is looked at every poll interval, so that its next
 * line is not late; what is idle ever more seldom. What floods or rotates while it grows may rotate
 * again, and soon its oldest file is gone: Docker's 1 MB in 3 files are written over in 100 ms at
 * 200,000 lines/s.
 */
export interface LookIntervals {
  pollIntervalMs: number;
  maxPollIntervalMs: number;
}

export interface LookOutcome {
  /** There is something to read. */
  isGrowing: boolean;
  unreadBytes: number;
  /** Something other than growth happened. */
  isChanged: boolean;
  nowMs: number;
}

/** A path that was quiet for as long is idle. */
const idleAfterMs = 2000;
/** A path that grows is looked at often for as long after it changed, */
const changedLatelyMs = 1000;
/** and after it was idle: it may be a flood that begins. */
const awokeLatelyMs = 50;
const floodBytesPerSecond = 4_000_000;
const floodDelayMs = 10;

export class LookPace {
  #outcome: LookOutcome = { isGrowing: false, unreadBytes: 0, isChanged: false, nowMs: 0 };
  #delayMs = 0;
  #grewAtMs = -Infinity;
  #changedAtMs = -Infinity;
  #awokeAtMs = -Infinity;
  #bytesPerSecond = 0;

  note(outcome: LookOutcome): void {
    const { isGrowing, isChanged, unreadBytes, nowMs } = outcome;
    const elapsedMs = Math.max(1, nowMs - this.#outcome.nowMs);
    this.#bytesPerSecond = (unreadBytes / elapsedMs) * 1000;
    if (isChanged) this.#changedAtMs = nowMs;
    if (isGrowing && this.isIdle) this.#awokeAtMs = nowMs;
    if (isGrowing) this.#grewAtMs = nowMs;
    this.#outcome = outcome;
  }

  /** Nothing came for some time. */
  get isIdle(): boolean {
    return this.#outcome.nowMs - this.#grewAtMs >= idleAfterMs;
  }

  /** Milliseconds until the next look. */
  chooseDelay(intervals: LookIntervals): number {
    this.#delayMs = this.#choose(intervals);
    return this.#delayMs;
  }

  #choose({ pollIntervalMs, maxPollIntervalMs }: LookIntervals): number {
    const { isGrowing, nowMs } = this.#outcome;
    const mayRotate =
      nowMs - this.#changedAtMs < changedLatelyMs || this.#bytesPerSecond >= floodBytesPerSecond;
    const isAwake = nowMs - this.#awokeAtMs < awokeLatelyMs;
    if (isAwake || (isGrowing && mayRotate)) return Math.min(floodDelayMs, pollIntervalMs);
    if (!this.isIdle) return pollIntervalMs;
    const longest = Math.max(pollIntervalMs, maxPollIntervalMs);
    return Math.min(longest, Math.max(pollIntervalMs, this.#delayMs * 1.5));
  }
}

/**
 * Looks that are due within a part of their own delay are made together with one that is due now:
 * each wake-up costs more than many looks.
 */
export function earliestMs(dueMs: number, delayMs: number): number {
  return dueMs - delayMs / 4;
}
