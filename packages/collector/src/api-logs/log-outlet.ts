/**
 * From the records of one container to chunks of frames, and back from their acknowledgements to the
 * cut that is checkpointed. Records wait a moment for more, so that a chunk holds many.
 */
import type { TargetLabels } from '@plimsoll/model';
import type { Clock } from '@plimsoll/runtime';
import type { OutboundChunk } from '../publish/outbound-chunk.ts';
import type { RecordProcessor } from '../tail/record-processor.ts';
import type { LogCut, RecordGroup } from './log-taker.ts';
import { RecordBatch, type ChunkDraft } from './record-batch.ts';

export interface PayloadSink {
  /** False: there is no room now, and nothing was taken. */
  commitPayload(chunk: OutboundChunk, payload: Buffer): boolean;
}

export interface ApiLogTotals {
  readBytes: number;
  readLines: number;
  acknowledgedBytes: number;
  acknowledgedLines: number;
}

export interface LogOutletOptions {
  sink: PayloadSink;
  processor: RecordProcessor | null;
  clock: Clock;
  labels: () => TargetLabels;
  path: string;
  acknowledged: LogCut;
  totals: ApiLogTotals;
  onHandedOver: () => void;
  onAcknowledged: () => void;
  onRefused: (chunk: OutboundChunk, error: unknown) => void;
}

/** Above it the daemon must wait. One group, at most `maxRecordBytes`, may come on top. */
const maxWaitingBytes = 512 * 1024;
/** Longest that records wait for more. */
export const gatherMs = 50;

export class LogOutlet {
  readonly #options: LogOutletOptions;
  readonly #batch: RecordBatch;
  /** When the oldest of what waits was taken, and of each chunk that is in flight. */
  #waitsSinceMs: number | null = null;
  readonly #inFlightSinceMs: number[] = [];
  #unacknowledgedBytes = 0;
  #isHeld = false;
  #acknowledged: LogCut;
  /** Of the chunks to come: nothing of them is published before the checkpoint has their entry. */
  #origin = { isPersisted: false };

  constructor(options: LogOutletOptions) {
    this.#options = options;
    this.#batch = new RecordBatch(options.processor);
    this.#acknowledged = options.acknowledged;
  }

  /** What is durable at the other side. */
  get acknowledged(): LogCut {
    return this.#acknowledged;
  }

  get isFull(): boolean {
    return this.#batch.bytes >= maxWaitingBytes;
  }

  /** The processor waits for more before it lets go what is here. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Nothing waits; chunks may be in flight. */
  get isEmpty(): boolean {
    return this.#batch.isEmpty;
  }

  get unacknowledgedBytes(): number {
    return this.#unacknowledgedBytes;
  }

  /** Monotonic milliseconds since when the oldest byte that is not acknowledged waits; or null. */
  get oldestMs(): number | null {
    return this.#inFlightSinceMs[0] ?? this.#waitsSinceMs;
  }

  add(group: RecordGroup): void {
    const bytes = group.end.position - group.start;
    const { totals, clock } = this.#options;
    totals.readBytes += bytes;
    totals.readLines += group.message ? 1 : group.records.length;
    this.#unacknowledgedBytes += bytes;
    this.#waitsSinceMs ??= clock.monotonic();
    this.#batch.add(group);
  }

  /** The checkpoint must say something before what comes now is published. */
  demandCheckpoint(): void {
    this.#origin = { isPersisted: false };
  }

  /** Hands over what waits. False when the sink had no room for it. */
  flush(isFinal = false): boolean {
    const { sink, clock } = this.#options;
    for (;;) {
      const nowMs = clock.monotonic();
      const draft = this.#batch.draft({ isFinal, nowMs });
      this.#isHeld = draft === null && !this.#batch.isEmpty;
      if (draft === null) return true;
      if (!sink.commitPayload(this.#chunkOf(draft), draft.payload)) return false;
      this.#batch.drop(draft);
      this.#inFlightSinceMs.push(this.#waitsSinceMs ?? nowMs);
      this.#waitsSinceMs = this.#batch.isEmpty ? null : nowMs;
      this.#options.onHandedOver();
    }
  }

  #chunkOf({ start, end, lines, payload }: ChunkDraft): OutboundChunk {
    const { labels, path, onRefused } = this.#options;
    const chunk: OutboundChunk = {
      source: { labels: labels(), format: 'records', file_id: end.fileId, path, stream: '' },
      start,
      end: end.position,
      lines,
      bytes: payload.length,
      origin: this.#origin,
      onAcknowledged: () => {
        this.#acknowledge(chunk, end);
      },
      onRefused: (error) => {
        onRefused(chunk, error);
      },
    };
    return chunk;
  }

  #acknowledge({ start, end, lines }: OutboundChunk, cut: LogCut): void {
    const { totals, onAcknowledged } = this.#options;
    this.#acknowledged = cut;
    this.#inFlightSinceMs.shift();
    this.#unacknowledgedBytes -= end - start;
    totals.acknowledgedBytes += end - start;
    totals.acknowledgedLines += lines;
    onAcknowledged();
  }
}
