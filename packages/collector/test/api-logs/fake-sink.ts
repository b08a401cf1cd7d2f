import assert from 'node:assert/strict';
import { decodeRecords } from '@plimsoll/model';
import type { PayloadSink } from '../../src/api-logs/log-outlet.ts';
import type { OutboundChunk } from '../../src/publish/outbound-chunk.ts';

interface Stored {
  text: string;
  stream: string;
  time: string;
}

/** Takes chunks as the frames do, and stores their records as ingest does: by place, once. */
export class FakeSink implements PayloadSink {
  readonly records = new Map<string, Stored>();
  readonly chunks: OutboundChunk[] = [];
  hasRoom = true;
  acknowledges = true;
  refuses = false;
  onPersist: () => void = () => undefined;
  readonly #waiting: OutboundChunk[] = [];

  commitPayload(chunk: OutboundChunk, payload: Buffer): boolean {
    if (!this.hasRoom) return false;
    assert.equal(chunk.bytes, payload.length);
    assert.ok(chunk.start < chunk.end, 'a chunk has a range');
    if (!chunk.origin.isPersisted) this.onPersist();
    chunk.origin.isPersisted = true;
    this.chunks.push(chunk);
    for (const { position, text, stream, time } of decodeRecords(payload)) {
      assert.ok(position >= chunk.start && position < chunk.end, 'a record is in its range');
      const key = `${chunk.source.file_id} ${position}`;
      const before = this.records.get(key)?.text ?? text.toString('latin1');
      assert.equal(before, text.toString('latin1'), 'what comes again is a repeat');
      this.records.set(key, { text: text.toString('latin1'), stream, time });
    }
    this.#waiting.push(chunk);
    if (this.acknowledges) this.acknowledge();
    return true;
  }

  acknowledge(count = this.#waiting.length): void {
    for (const chunk of this.#waiting.splice(0, count)) {
      if (this.refuses) chunk.onRefused(new Error('too large'));
      chunk.onAcknowledged(0);
    }
  }

  /** As when the collector dies: nothing is acknowledged any more. */
  forget(): void {
    this.#waiting.length = 0;
  }

  get texts(): string[] {
    return [...this.records.values()].map(({ text }) => text);
  }
}
