/**
 * Frames of one partition between fetch and storing. A batch closes by raw bytes, rows, frames, or
 * the time since its first frame came; behind a backlog it is full before its time. While one batch
 * is being stored the frames of the next are fetched, and no more than that.
 */
import { frameRawBytes, frameRows } from '@plimsoll/model';
import { abortReason, type Clock } from '@plimsoll/runtime';
import { Signal } from '../signal.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { FetchedRecord } from './record-batches.ts';

export interface BatchLimits {
  /** Uncompressed bytes that close a batch; a frame that is larger is one by itself. */
  batchMaxBytes: number;
  /** Lines and rows that close a batch. */
  batchMaxRows: number;
  /** Longest a frame waits for company. */
  flushIntervalMs: number;
}

/** What may be inserted as one. */
export interface Gathered {
  first: number;
  last: number;
  /** Of the frames as they were fetched. */
  bytes: number;
  frames: Buffer[];
  offsets: number[];
}

export const maxBatchFrames = 10_000;
/** Batches that are gathered ahead, so that the next is there when one is stored. */
const batchesAhead = 2;

interface Waiting {
  offset: number;
  value: Buffer;
  rawBytes: number;
  rows: number;
  cameAtMs: number;
}

export interface FrameQueueOptions {
  /** Where to begin to fetch. */
  next: number;
  limits: BatchLimits;
  budget: ByteBudget;
  clock: Clock;
  /** Most bytes that this partition may hold of the budget, give or take one answer. */
  maxBytes: number;
}

export class FrameQueue {
  readonly #options: FrameQueueOptions;
  readonly #frames: Waiting[] = [];
  readonly #changed = new Signal();
  #bytes = 0;
  #rawBytes = 0;
  #rows = 0;
  #position: number;
  #failure: Error | null = null;
  #isClosed = false;

  constructor(options: FrameQueueOptions) {
    this.#options = options;
    this.#position = options.next;
  }

  /** Offset to fetch from. */
  get position(): number {
    return this.#position;
  }

  get wantsMore(): boolean {
    const { limits, maxBytes } = this.#options;
    return (
      !this.#isClosed &&
      this.#failure === null &&
      this.#bytes < maxBytes &&
      this.#rawBytes < batchesAhead * limits.batchMaxBytes &&
      this.#rows < batchesAhead * limits.batchMaxRows &&
      this.#frames.length < batchesAhead * maxBatchFrames
    );
  }

  /** An answer to a fetch from `position`. */
  add(records: readonly FetchedRecord[], next: number): void {
    if (this.#isClosed) return;
    const cameAtMs = this.#options.clock.monotonic();
    this.#position = next;
    for (const { offset, value } of records) {
      const rawBytes = frameRawBytes(value);
      const rows = frameRows(value);
      this.#frames.push({ offset, value, rawBytes, rows, cameAtMs });
      this.#count({ bytes: value.length, rawBytes, rows }, 1);
      this.#options.budget.add(value.length);
    }
    if (records.length > 0) this.#changed.raise();
  }

  /** What is here is still given out; then `take` rejects with this. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#changed.raise();
  }

  /** Gives up what is here. */
  close(): void {
    this.#isClosed = true;
    this.#options.budget.release(this.#bytes);
    this.#bytes = 0;
    this.#frames.length = 0;
    this.#changed.raise();
  }

  /** Whoever has a batch gives its bytes back when it is stored. Rejects when the signal aborts. */
  async take(signal: AbortSignal): Promise<Gathered> {
    for (;;) {
      const batch = this.takeNow();
      if (batch !== null) return batch;
      if (signal.aborted) throw abortReason(signal);
      if (this.#failure !== null && this.#frames.length === 0) throw this.#failure;
      await this.#changedOrDue(signal);
    }
  }

  /** A batch that is closed, if there is one. */
  takeNow(): Gathered | null {
    const [first] = this.#frames;
    if (first === undefined) return null;
    const { limits, clock } = this.#options;
    const isDue = clock.monotonic() - first.cameAtMs >= limits.flushIntervalMs;
    const { count, isFull } = this.#fitting();
    return isFull || isDue || this.#failure !== null ? this.#cut(count) : null;
  }

  #fitting(): { count: number; isFull: boolean } {
    const { batchMaxBytes, batchMaxRows } = this.#options.limits;
    let [rawBytes, rows, count] = [0, 0, 0];
    for (const frame of this.#frames) {
      const isOver = rawBytes + frame.rawBytes > batchMaxBytes || rows + frame.rows > batchMaxRows;
      if (count > 0 && isOver) return { count, isFull: true };
      rawBytes += frame.rawBytes;
      rows += frame.rows;
      count += 1;
      const isFull = rawBytes >= batchMaxBytes || rows >= batchMaxRows || count >= maxBatchFrames;
      if (isFull) return { count, isFull };
    }
    return { count, isFull: false };
  }

  #cut(count: number): Gathered {
    const frames = this.#frames.splice(0, count);
    const batch: Gathered = { first: 0, last: 0, bytes: 0, frames: [], offsets: [] };
    for (const { offset, value, rawBytes, rows } of frames) {
      batch.frames.push(value);
      batch.offsets.push(offset);
      batch.bytes += value.length;
      this.#count({ bytes: value.length, rawBytes, rows }, -1);
    }
    batch.first = batch.offsets[0] ?? 0;
    batch.last = batch.offsets.at(-1) ?? 0;
    return batch;
  }

  #count(of: { bytes: number; rawBytes: number; rows: number }, sign: 1 | -1): void {
    this.#bytes += sign * of.bytes;
    this.#rawBytes += sign * of.rawBytes;
    this.#rows += sign * of.rows;
  }

  /** Resolves when a batch may have closed. */
  async #changedOrDue(signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#options;
    const [first] = this.#frames;
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const waits = [this.#changed.wait(either)];
    if (first !== undefined) {
      const dueMs = first.cameAtMs + limits.flushIntervalMs - clock.monotonic();
      waits.push(clock.sleep(Math.max(1, Math.ceil(dueMs)), either));
    }
    await Promise.race(waits).catch(() => undefined);
    stop.abort();
    await Promise.allSettled(waits);
  }
}
