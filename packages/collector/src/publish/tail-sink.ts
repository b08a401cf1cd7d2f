/** What the tailer reads, as chunks of frames: an acknowledged chunk moves its file's position. */
import assert from 'node:assert/strict';
import type { LogSource } from '@plimsoll/model';
import type { ChunkSink, TailChunk } from '../tail/tailer.ts';
import type { LogFrames } from './log-frames.ts';
import type { OutboundChunk } from './outbound-chunk.ts';

export interface TailSinkOptions {
  frames: LogFrames;
  /** A chunk was read and handed over. */
  onRead: (chunk: TailChunk) => void;
  onRefused: (chunk: TailChunk, error: unknown) => void;
}

export class TailSink implements ChunkSink {
  readonly #options: TailSinkOptions;

  constructor(options: TailSinkOptions) {
    this.#options = options;
  }

  reserve(bytes: number): Buffer | null {
    return this.#options.frames.reserve(bytes);
  }

  commit(chunk: TailChunk): void {
    this.#options.frames.commit(this.#outbound(chunk, chunk.spec.format));
    this.#options.onRead(chunk);
  }

  commitRecords(chunk: TailChunk, payload: Buffer): void {
    const hasRoom = this.#options.frames.commitPayload(this.#outbound(chunk, 'records'), payload);
    assert(hasRoom, 'room for records was reserved before');
    this.#options.onRead(chunk);
  }

  #outbound(chunk: TailChunk, format: LogSource['format']): OutboundChunk {
    const { file, spec, start, end, lines } = chunk;
    // Of the bytes up to `end`: by the time of the acknowledgement more will have been read.
    const marker = file.markerSum;
    return {
      source: {
        labels: spec.labels,
        format,
        file_id: file.fileId,
        path: spec.name,
        stream: '',
      },
      start,
      end,
      lines,
      origin: file,
      onAcknowledged: (nowMs) => {
        file.acknowledge(end, marker, nowMs);
      },
      onRefused: (error) => {
        this.#options.onRefused(chunk, error);
      },
    };
  }
}
