/**
 * Which arrived lines a poller has already handed out, and how many it has not.
 *
 * A line carries the second in which its frame was closed, but becomes visible when its insert is
 * complete: seconds later, and not in order. So each poll looks at a window of seconds again, and
 * the ledger tells new from known. Per second it holds how many lines matched (as counted by the
 * store) and which were sent; the difference is what was left out.
 *
 * Bounded: 53-bit hashes of lines, for the window only, and no more per second than were sent.
 */
export class ArrivalLedger {
  readonly #seconds = new Map<number, { matched: number; sent: Set<number> }>();
  /** Matched less sent of the seconds that have left the window. */
  #closedMissing = 0;
  #reported = 0;

  /** Takes the store's count of matching lines per second; returns the seconds that grew. */
  grown(counts: readonly { second: number; lines: number }[]): number[] {
    const grown: number[] = [];
    for (const { second, lines } of counts) {
      const entry = this.#entry(second);
      if (lines <= entry.matched) continue;
      entry.matched = lines;
      grown.push(second);
    }
    return grown;
  }

  /** Lines that were there before anybody asked: neither to be sent nor missing. */
  skip(second: number, ids: readonly number[]): void {
    const entry = this.#entry(second);
    for (const id of ids) entry.sent.add(id);
    entry.matched = Math.max(entry.matched, entry.sent.size);
  }

  /** Lines already sent of these seconds: a statement must reach past them to new ones. */
  sentWithin(seconds: readonly number[]): number {
    let sent = 0;
    for (const second of seconds) sent += this.#seconds.get(second)?.sent.size ?? 0;
    return sent;
  }

  isKnown(second: number, id: number): boolean {
    return this.#seconds.get(second)?.sent.has(id) ?? false;
  }

  /** The line counts as sent from here on. */
  take(second: number, id: number): void {
    this.#entry(second).sent.add(id);
  }

  /** Lines that matched, were not sent and were not reported before. */
  takeDropped(): number {
    let missing = this.#closedMissing;
    for (const { matched, sent } of this.#seconds.values()) missing += matched - sent.size;
    const dropped = missing - this.#reported;
    if (dropped <= 0) return 0;
    this.#reported += dropped;
    return dropped;
  }

  /** Forgets the ids of seconds before this one: no more lines of theirs are expected. */
  closeBefore(second: number): void {
    for (const [at, { matched, sent }] of this.#seconds) {
      if (at >= second) continue;
      // More sent than counted: they became visible between the two statements.
      this.#closedMissing += Math.max(0, matched - sent.size);
      this.#seconds.delete(at);
    }
  }

  #entry(second: number): { matched: number; sent: Set<number> } {
    let entry = this.#seconds.get(second);
    if (!entry) {
      entry = { matched: 0, sent: new Set() };
      this.#seconds.set(second, entry);
    }
    return entry;
  }
}
