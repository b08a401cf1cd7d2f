/**
 * Which lines of a block are one record, and up to where the block can be cut so that no record goes
 * on behind the cut.
 *
 * Each stream by itself: a part is joined by the next line of its stream; a line that continues, as
 * `continues` says, is joined to the record before. A record is *open* until the next line of its
 * stream begins another, or its limits do; whether it is open depends on the file alone and not on
 * how it is read in blocks. Lines of two streams may alternate, so a record may span others:
 *
 *     stdout  A1 ── A2          C1
 *     stderr      B1 ── B2
 *             └────────────┘└── a cut is possible here and nowhere before
 */
import type { JoinRule } from './join-rule.ts';
import { maxLines, type RawLines } from './raw-lines.ts';

/** Why records that are still open are closed: their time is up, or nothing more will be seen. */
export type Closing = 'none' | 'oldest' | 'all';

const streamCount = 3;

export class LineGroups {
  count = 0;
  /** First and last line of each group, and how many there are but for parts. */
  readonly first = new Int32Array(maxLines);
  readonly last = new Int32Array(maxLines);
  readonly lineCount = new Int32Array(maxLines);
  /** The next line of the same group; -1: none. */
  readonly next = new Int32Array(maxLines);
  /** 1: the line continues a part. */
  readonly isJoined = new Uint8Array(maxLines);
  readonly #open = new Int32Array(streamCount);

  group(lines: RawLines, rule: JoinRule | null): void {
    this.count = 0;
    this.#open.fill(-1);
    const open = this.#open;
    for (let line = 0; line < lines.count; line += 1) {
      const stream = lines.stream[line] ?? 0;
      const group = open[stream] ?? -1;
      const isPart = lines.isPart[line] === 1;
      this.next[line] = -1;
      const goesOn = group >= 0 && this.#continues(group, line, { lines, rule });
      if (!goesOn) open[stream] = this.#begin(line);
      // Without a rule a record is complete with its last part.
      if (rule === null && !isPart) open[stream] = -1;
    }
  }

  /**
   * Lines before the cut, which is as far behind as it can be. Closing the oldest open record moves
   * it forward at least once where there are lines at all.
   */
  cut(lines: RawLines, closing: Closing): number {
    if (closing === 'all') return lines.count;
    let cut = this.#findCut(lines);
    if (closing === 'none' || lines.count === 0) return cut;
    while (cut === 0) {
      this.#closeOldest();
      cut = this.#findCut(lines);
    }
    return cut;
  }

  /** The last line of the oldest open record: it has grown when this has. */
  get oldestOpenLine(): number {
    const group = this.#oldestOpen();
    return group < 0 ? -1 : (this.last[group] ?? -1);
  }

  #begin(line: number): number {
    const group = this.count;
    this.first[group] = line;
    this.last[group] = line;
    this.lineCount[group] = 1;
    this.isJoined[line] = 0;
    this.count = group + 1;
    return group;
  }

  /** Appends the line to the group when it belongs there. */
  #continues(
    group: number,
    line: number,
    { lines, rule }: { lines: RawLines; rule: JoinRule | null },
  ): boolean {
    const last = this.last[group] ?? 0;
    const isJoined = lines.isPart[last] === 1;
    if (!isJoined) {
      if (rule === null || (this.lineCount[group] ?? 0) >= rule.maxLines) return false;
      const from = lines.startOf(this.first[group] ?? 0);
      if ((lines.end[line] ?? 0) - from > rule.maxBytes) return false;
      if (!rule.continues(lines, line)) return false;
      this.lineCount[group] = (this.lineCount[group] ?? 0) + 1;
    }
    this.next[last] = line;
    this.last[group] = line;
    this.isJoined[line] = isJoined ? 1 : 0;
    return true;
  }

  #findCut(lines: RawLines): number {
    const oldest = this.#oldestOpen();
    let cut = oldest < 0 ? lines.count : (this.first[oldest] ?? 0);
    for (let group = this.count - 1; group >= 0; group -= 1) {
      const first = this.first[group] ?? 0;
      if (first < cut && (this.last[group] ?? 0) >= cut) cut = first;
    }
    return cut;
  }

  #oldestOpen(): number {
    return this.#open.reduce(
      (oldest, group) => (group >= 0 && (oldest < 0 || group < oldest) ? group : oldest),
      -1,
    );
  }

  #closeOldest(): void {
    const oldest = this.#oldestOpen();
    for (let stream = 0; stream < streamCount; stream += 1) {
      if (this.#open[stream] === oldest) this.#open[stream] = -1;
    }
  }
}
