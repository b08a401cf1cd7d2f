/** Events of one pattern in one minute of the kernel's time; more are counted, not told. */
const maxPerMinute = 30;
const minuteUs = 60_000_000;

/** Keeps a kernel that repeats itself (a crash loop, a dying disk) from flooding the events. */
export class EventLimiter {
  readonly #windows = new Map<string, { minute: number; count: number }>();
  #dropped = 0;

  get droppedTotal(): number {
    return this.#dropped;
  }

  /** False when this pattern has had its share of the minute. */
  admit(pattern: string, microseconds: number): boolean {
    const minute = Math.floor(microseconds / minuteUs);
    const window = this.#windows.get(pattern);
    if (!window || window.minute !== minute) {
      this.#windows.set(pattern, { minute, count: 1 });
      return true;
    }
    window.count++;
    if (window.count <= maxPerMinute) return true;
    this.#dropped++;
    return false;
  }
}
