/**
 * Bytes per second on average over a minute: a bucket that holds a minute's worth and is full at
 * first. It runs by the time of the log, not by when it is read: what was written within the quota
 * is kept however late and however fast it is read.
 */
export interface BucketLevel {
  bytes: number;
  /** Milliseconds; NaN before the first record. */
  atMs: number;
}

const windowSeconds = 60;

export class Quota {
  readonly #bytesPerSecond: number;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  full(): BucketLevel {
    return { bytes: this.#bytesPerSecond * windowSeconds, atMs: NaN };
  }

  /** Takes a record's bytes from the bucket, when there are as many; changes the level given. */
  take(level: BucketLevel, bytes: number, timeMs: number): boolean {
    // What is a little late gives nothing, a clock that was set back begins anew.
    const elapsedMs = timeMs > level.atMs ? timeMs - level.atMs : 0;
    const isSetBack = timeMs < level.atMs - windowSeconds * 1000;
    if (elapsedMs > 0 || isSetBack || Number.isNaN(level.atMs)) level.atMs = timeMs;
    const filled = level.bytes + (this.#bytesPerSecond * elapsedMs) / 1000;
    level.bytes = Math.min(filled, this.#bytesPerSecond * windowSeconds);
    if (level.bytes < bytes) return false;
    level.bytes -= bytes;
    return true;
  }
}

const minuteBytes = 'YYYY-MM-DDThh:mm'.length;
const leastBytes = 'YYYY-MM-DDThh:mm:ssZ'.length;

/** Reads times of log lines; those of one minute differ in few digits, so the rest is read once. */
export class TimeReader {
  readonly #minute = Buffer.alloc(minuteBytes);
  #minuteMs = NaN;

  /** @returns milliseconds since 1970, to the second at least; NaN for what is no time */
  read(block: Buffer, start: number, end: number): number {
    if (end - start < leastBytes || block[end - 1] !== 0x5a) {
      return Date.parse(block.toString('latin1', start, end));
    }
    if (!this.#isSameMinute(block, start)) {
      block.copy(this.#minute, 0, start, start + minuteBytes);
      this.#minuteMs = Date.parse(`${this.#minute.toString('latin1')}:00Z`);
    }
    const tens = (block[start + minuteBytes + 1] ?? 0) - 0x30;
    const ones = (block[start + minuteBytes + 2] ?? 0) - 0x30;
    return this.#minuteMs + (tens * 10 + ones) * 1000;
  }

  #isSameMinute(block: Buffer, start: number): boolean {
    let same = minuteBytes;
    // From behind: that is where times differ.
    while (same > 0 && block[start + same - 1] === this.#minute[same - 1]) same -= 1;
    return same === 0;
  }
}
