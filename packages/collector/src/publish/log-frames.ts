/**
 * Packs chunks of many sources into frames. Files are read straight into a frame's memory, so the
 * bytes are never copied before they are compressed. A few buffers of one frame each are used in
 * turn; together with the bytes in flight they are the limit on memory.
 */
import assert from 'node:assert/strict';
import { limits, type LogChunk, type LogSource } from '@plimsoll/model';
import { dockerPartBytes, hasLineOf } from './long-lines.ts';
import type { OutboundChunk } from './outbound-chunk.ts';
import type { Outbox } from './outbox.ts';

export interface LogFramesOptions {
  outbox: Outbox;
  nowMs: () => number;
  /** Longest a partly filled frame waits. */
  flushIntervalMs: number;
  /** The same while it is small, if that is longer. */
  smallFrameWaitMs: number;
  /** Raw bytes read and not acknowledged, above which there is no room. */
  maxInFlightBytes: number;
  /** Resolves when the checkpoint on disk has an entry for every source there is at this moment. */
  persist: () => Promise<void>;
  /** There is room again, perhaps. */
  onRoom: () => void;
  /** `bytes` of the source. */
  onAcknowledged: (chunk: { bytes: number; lines: number }) => void;
}

interface OpenFrame {
  buffer: Buffer;
  used: number;
  openedAtMs: number;
  sources: LogSource[];
  sourceIndexes: Map<string, number>;
  chunks: LogChunk[];
  receipts: OutboundChunk[];
}

/** One being filled, two being compressed, one to spare. */
const maxBuffers = 4;
/** Below it a frame is mostly header, and what it costs does not depend on what is in it. */
const smallFrameBytes = 32 * 1024;

export class LogFrames {
  readonly #options: LogFramesOptions;
  readonly #free: Buffer[] = [];
  #buffers = 0;
  #open: OpenFrame | null = null;

  constructor(options: LogFramesOptions) {
    this.#options = options;
  }

  /** Memory to read up to `bytes` into, valid until the next call; null: no room now. */
  reserve(bytes: number): Buffer | null {
    const { outbox, maxInFlightBytes } = this.#options;
    const open = this.#open;
    const isFull =
      open !== null &&
      (open.used + bytes > limits.maxFrameBytes || open.chunks.length >= limits.maxFrameChunks);
    if (isFull) this.seal();
    const waiting = outbox.inFlightBytes('logs') + (this.#open?.used ?? 0);
    if (waiting > 0 && waiting + bytes > maxInFlightBytes) {
      // What is waiting here would never be acknowledged otherwise, and so never make room.
      this.seal();
      return null;
    }
    this.#open ??= this.#openFrame();
    return this.#open?.buffer.subarray(this.#open.used, this.#open.used + bytes) ?? null;
  }

  /** The first bytes of what was reserved last are the chunk's payload. */
  commit(chunk: OutboundChunk): void {
    const open = this.#open;
    if (open === null) throw new Error('commit: expected bytes to be reserved before');
    if (open.chunks.length === 0) open.openedAtMs = this.#options.nowMs();
    const { start, end, lines, bytes, source } = chunk;
    const index = sourceIndex(open, source);
    const size = bytes ?? end - start;
    open.chunks.push({
      source: index,
      start,
      end,
      lines,
      ...(bytes !== undefined && { bytes }),
      ...(source.format === 'docker-json' && {
        split: hasLineOf(open.buffer.subarray(open.used, open.used + size), dockerPartBytes),
      }),
    });
    open.receipts.push(chunk);
    open.used += size;
  }

  /**
   * The same for a payload that is ready, such as records: it is copied. An empty one marks the range
   * of a chunk whose lines were all withheld.
   *
   * @returns false: no room now, nothing was taken
   */
  commitPayload(chunk: OutboundChunk, payload: Buffer): boolean {
    assert(payload.length <= limits.maxFrameBytes, 'a payload fits a frame');
    const target = this.reserve(payload.length);
    if (target === null) return false;
    payload.copy(target);
    this.commit({ ...chunk, bytes: payload.length });
    return true;
  }

  /** Closes the frame when it has waited long enough; milliseconds until then, or null. */
  sealWhenDue(): number | null {
    const open = this.#open;
    if (open === null || open.chunks.length === 0) return null;
    const { flushIntervalMs, smallFrameWaitMs, nowMs } = this.#options;
    const isSmall = open.used < smallFrameBytes;
    const waitMs = isSmall ? Math.max(flushIntervalMs, smallFrameWaitMs) : flushIntervalMs;
    const left = open.openedAtMs + waitMs - nowMs();
    if (left > 0) return left;
    this.seal();
    return null;
  }

  seal(): void {
    const open = this.#open;
    if (open === null || open.chunks.length === 0) return;
    this.#open = null;
    this.#options.outbox.submit({
      kind: 'logs',
      header: { sources: open.sources, chunks: open.chunks },
      payload: open.buffer.subarray(0, open.used),
      onEncoded: () => {
        this.#free.push(open.buffer);
        this.#options.onRoom();
      },
      beforePublish: () => this.#persist(open),
      onAcknowledged: () => {
        this.#settle(open);
        for (const { start, end, lines } of open.receipts) {
          this.#options.onAcknowledged({ bytes: end - start, lines });
        }
      },
      onRefused: (error) => {
        for (const chunk of open.receipts) chunk.onRefused(error);
        this.#settle(open);
      },
    });
  }

  async #persist(frame: OpenFrame): Promise<void> {
    const origins = frame.receipts.map(({ origin }) => origin);
    if (origins.every(({ isPersisted }) => isPersisted)) return;
    await this.#options.persist();
    for (const origin of origins) origin.isPersisted = true;
  }

  #settle(frame: OpenFrame): void {
    const nowMs = this.#options.nowMs();
    for (const chunk of frame.receipts) chunk.onAcknowledged(nowMs);
    this.#options.onRoom();
  }

  #openFrame(): OpenFrame | null {
    let buffer = this.#free.pop();
    if (!buffer && this.#buffers < maxBuffers) {
      this.#buffers += 1;
      buffer = Buffer.allocUnsafeSlow(limits.maxFrameBytes);
    }
    if (!buffer) return null;
    return {
      buffer,
      used: 0,
      openedAtMs: this.#options.nowMs(),
      sources: [],
      sourceIndexes: new Map(),
      chunks: [],
      receipts: [],
    };
  }
}

function sourceIndex(frame: OpenFrame, source: LogSource): number {
  const key = `${source.format} ${source.file_id}`;
  const known = frame.sourceIndexes.get(key);
  if (known !== undefined) return known;
  const index = frame.sources.length;
  frame.sources.push(source);
  frame.sourceIndexes.set(key, index);
  return index;
}
