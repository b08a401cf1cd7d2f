/** What decoders hand their records to. */
import type { LogSource, RowTable } from '@plimsoll/model';

/** Rows of one table: no more than fit a frame (`limits.maxFrameRows`, `limits.maxFrameBytes`). */
export interface RowsPayload {
  readonly table: RowTable;
  readonly columns: readonly string[];
  readonly rows: number;
  /** JSONCompactEachRow, each line ended. */
  readonly payload: Buffer;
}

/** A run of pushed records of one source: no more than fit a frame. */
export interface PushedChunk {
  readonly source: LogSource;
  /** Positions `[start, end)` of the records. */
  readonly start: number;
  readonly end: number;
  /** As `pushed-records.ts` of the model has it. */
  readonly payload: Buffer;
}

/** Log records of one request. */
export interface PushedLogs {
  /**
   * Derived from the request's content where that identifies it, and the `file_id` of all chunks:
   * what is repeated comes the same way to the same ingest, which then knows it.
   */
  readonly identity: string;
  readonly chunks: readonly PushedChunk[];
}

export interface FrameSink {
  /**
   * Resolves when all of it is durable; waits a few milliseconds for others to share its frames.
   *
   * @throws {ReceiverError} `unavailable` when the transport does not take it, `stopping`
   */
  publishRows(tenant: string, payloads: readonly RowsPayload[]): Promise<void>;
  /** The same for logs. */
  publishLogs(tenant: string, logs: PushedLogs): Promise<void>;
}
