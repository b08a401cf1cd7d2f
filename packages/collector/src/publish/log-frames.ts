/**
 * Packs chunks of many files into frames. Files are read straight into a frame's memory, so the
 * bytes are never copied before they are compressed. A few buffers of one frame each are used in
 * turn; together with the bytes in flight they are the limit on memory.
 */
import { limits, type LogChunk, type LogSource } from '@plimsoll/model';
import type { ChunkSink, TailChunk } from '../tail/tailer.ts';
import type { MarkerSum } from '../tail/identity.ts';
import { dockerPartBytes, hasLineOf } from './long-lines.ts';
import type { Outbox } from './outbox.ts';

export interface LogFramesOptions {
  outbox: Outbox;
  nowMs: () => number;
  /** Longest a partly filled frame waits. */
  flushIntervalMs: number;
  /** Raw bytes read and not acknowledged, above which there is no room. */
  maxInFlightBytes: number;
  /** Resolves when the checkpoint on disk has an entry for every file there is at this moment. */
  persist: () => Promise<void>;
  /** There is room again, perhaps. */
  onRoom: () => void;
  onAcknowledged: (chunk: { bytes: number; lines: number }) => void;
  onRefused: (chunk: TailChunk, error: unknown) => void;
}

interface OpenFrame {
  buffer: Buffer;
  used: number;
  openedAtMs: number;
  sources: LogSource[];
  sourceIndexes: Map<string, number>;
  chunks: LogChunk[];
  receipts: { chunk: TailChunk; marker: MarkerSum }[];
}

/** One being filled, two being compressed, one to spare. */
const maxBuffers = 4;

export class LogFrames implements ChunkSink {
  readonly #options: LogFramesOptions;
  readonly #free: Buffer[] = [];
  #buffers = 0;
  #open: OpenFrame | null = null;

  constructor(options: LogFramesOptions) {
    this.#options = options;
  }

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

  commit(chunk: TailChunk): void {
    const open = this.#open;
    if (open === null) throw new Error('commit: expected bytes to be reserved before');
    if (open.chunks.length === 0) open.openedAtMs = this.#options.nowMs();
    const { start, end, lines, file } = chunk;
    open.chunks.push({
      source: sourceIndex(open, chunk),
      start,
      end,
      lines,
      ...(chunk.spec.format === 'docker-json' && {
        split: hasLineOf(open.buffer.subarray(open.used, open.used + end - start), dockerPartBytes),
      }),
    });
    open.receipts.push({ chunk, marker: file.markerSum });
    open.used += end - start;
  }

  /** Closes the frame when it has waited long enough; milliseconds until then, or null. */
  sealWhenDue(): number | null {
    const open = this.#open;
    if (open === null || open.chunks.length === 0) return null;
    const left = open.openedAtMs + this.#options.flushIntervalMs - this.#options.nowMs();
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
        for (const { chunk } of open.receipts) {
          this.#options.onAcknowledged({ bytes: chunk.end - chunk.start, lines: chunk.lines });
        }
      },
      onRefused: (error) => {
        this.#settle(open);
        for (const { chunk } of open.receipts) this.#options.onRefused(chunk, error);
      },
    });
  }

  async #persist(frame: OpenFrame): Promise<void> {
    const files = frame.receipts.map(({ chunk }) => chunk.file);
    if (files.every((file) => file.isPersisted)) return;
    await this.#options.persist();
    for (const file of files) file.isPersisted = true;
  }

  #settle(frame: OpenFrame): void {
    const nowMs = this.#options.nowMs();
    for (const { chunk, marker } of frame.receipts)
      chunk.file.acknowledge(chunk.end, marker, nowMs);
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

function sourceIndex(frame: OpenFrame, { file, spec }: TailChunk): number {
  const known = frame.sourceIndexes.get(file.fileId);
  if (known !== undefined) return known;
  const index = frame.sources.length;
  frame.sources.push({
    labels: spec.labels,
    format: spec.format,
    file_id: file.fileId,
    path: spec.name,
    stream: '',
  });
  frame.sourceIndexes.set(file.fileId, index);
  return index;
}
