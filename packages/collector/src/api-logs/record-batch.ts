/**
 * What was taken and not handed over yet, from cut to cut, and the chunks made of it. A chunk holds
 * records of one generation and ends at a cut. With a processor, which may hold back what is not
 * decided yet (a record that the next line may belong to), it ends at the last cut before that.
 */
import { encodeRecord, limits } from '@plimsoll/model';
import type { Processed, RecordProcessor } from '../tail/record-processor.ts';
import type { LogCut, RecordGroup } from './log-taker.ts';
import { messageLine } from './message.ts';

export interface ChunkDraft {
  start: number;
  end: LogCut;
  /** Lines of the log within, withheld ones too. */
  lines: number;
  payload: Buffer;
  groups: number;
  /** What the processor is to be told when the chunk was handed over. */
  processed: Processed | null;
}

export interface DraftContext {
  /** No more will come. */
  isFinal: boolean;
  /** Monotonic milliseconds. */
  nowMs: number;
}

/** A chunk is closed at the first cut after as much. */
const wantedChunkBytes = limits.maxChunkBytes / 4;

export class RecordBatch {
  readonly #processor: RecordProcessor | null;
  readonly #groups: RecordGroup[] = [];
  #bytes = 0;
  /** Up to where the record that waits had grown, and when it had. */
  #waiting = { from: -1, sinceMs: 0 };

  constructor(processor: RecordProcessor | null) {
    this.#processor = processor;
  }

  /** Bytes of the log that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  add(group: RecordGroup): void {
    this.#groups.push(group);
    this.#bytes += group.end.position - group.start;
  }

  /** The next chunk; null when there is none, or when all waits for more. To be used at once. */
  draft(context: DraftContext): ChunkDraft | null {
    const groups = this.#nextGroups();
    if (groups.length === 0) return null;
    return this.#processor === null
      ? plainDraft(groups)
      : this.#processedDraft(this.#processor, groups, context);
  }

  /** The draft was handed over. */
  drop({ groups, start, end, processed }: ChunkDraft): void {
    this.#groups.splice(0, groups);
    this.#bytes -= end.position - start;
    if (processed) this.#processor?.accept(processed);
  }

  #processedDraft(
    processor: RecordProcessor,
    groups: readonly RecordGroup[],
    { isFinal, nowMs }: DraftContext,
  ): ChunkDraft | null {
    const [first] = groups;
    if (!first) return null;
    const block = Buffer.concat(
      groups.flatMap(({ message }) => (message ? [messageLine(message)] : [])),
    );
    const following = this.#groups[groups.length];
    const isLast = following ? following.end.fileId !== first.end.fileId : isFinal;
    const isFull = block.length >= wantedChunkBytes;
    const hasWaited = nowMs - this.#waiting.sinceMs >= processor.maxWaitMs;
    const context = { start: first.start, isFinal: isLast, nowMs };
    const processed = processor.process(block, {
      ...context,
      releases: isFull || (this.#waiting.from >= 0 && hasWaited),
    });
    this.#noteWaiting(processed, nowMs);
    const taken = countTaken(groups, first.start + processed.bytes);
    const end = groups[taken - 1]?.end;
    if (!end) return null;
    const { lines, payload } = processed;
    return { start: first.start, end, lines, payload, groups: taken, processed };
  }

  #noteWaiting({ isWaiting, waitsFrom }: Processed, nowMs: number): void {
    if (!isWaiting) this.#waiting.from = -1;
    else if (waitsFrom !== this.#waiting.from) this.#waiting = { from: waitsFrom, sinceMs: nowMs };
  }

  /** Of one generation, as many as make a chunk. */
  #nextGroups(): RecordGroup[] {
    const fileId = this.#groups[0]?.end.fileId;
    let bytes = 0;
    let count = 0;
    for (const group of this.#groups) {
      if (group.end.fileId !== fileId || bytes >= wantedChunkBytes) break;
      bytes += group.end.position - group.start;
      count += 1;
    }
    return this.#groups.slice(0, count);
  }
}

function plainDraft(groups: readonly RecordGroup[]): ChunkDraft | null {
  const [first] = groups;
  const last = groups.at(-1);
  if (!first || !last) return null;
  const records = groups.flatMap((group) => group.records);
  return {
    start: first.start,
    end: last.end,
    lines: records.length,
    payload: Buffer.concat(records.map(encodeRecord)),
    groups: groups.length,
    processed: null,
  };
}

/** Groups up to a position, which is the end of one. */
function countTaken(groups: readonly RecordGroup[], position: number): number {
  let count = 0;
  while ((groups[count]?.end.position ?? Infinity) <= position) count += 1;
  return count;
}
