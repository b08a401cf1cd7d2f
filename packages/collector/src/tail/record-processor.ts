/**
 * What stands between a file's raw bytes and its chunks for a container whose lines are looked at
 * one by one: joined, redacted, withheld. A path without one ships raw bytes.
 */
export interface RecordProcessor {
  /** Longest that a record waits for its last part or its next line. */
  readonly maxWaitMs: number;

  /**
   * Takes complete records from the beginning of a block. Called again with the same bytes, and
   * more, when what is left had to wait: so it keeps no memory of bytes that were not accepted.
   * What it returns is valid until any processor is called again.
   */
  process(block: Buffer, context: ProcessContext): Processed;

  /** What `process` returned last was handed over: it now counts against the quota. */
  accept(processed: Processed): void;
}

export interface ProcessContext {
  /** Position of the block's first byte in the file. */
  start: number;
  /** No more bytes will come: what is left is complete as it is. */
  isFinal: boolean;
  /** What waits for its last part or its next line has waited long enough. */
  releases: boolean;
  /** Monotonic milliseconds. */
  nowMs: number;
}

export interface Processed {
  /** Raw bytes taken; 0: wait for more. */
  bytes: number;
  /** Lines of the file within them. */
  lines: number;
  /** In format `records`; empty where all was withheld. */
  payload: Buffer;
  /** Records of the payload. */
  records: number;
  /** What is left begins a record that may go on: it is released after `maxWaitMs`. */
  isWaiting: boolean;
  /**
   * Position in the file up to which the record that waits has grown: when it has moved, the time
   * of waiting begins anew.
   */
  waitsFrom: number;
}
