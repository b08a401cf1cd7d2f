/** How frames travel from collectors to ingest. */

/** A frame as bytes, with what a transport needs to route it and account for it. */
export interface OutboundFrame {
  /** Kafka key and order domain: frames of one key arrive in the order they were published. */
  key: string;
  kind: 'logs' | 'rows';
  bytes: Buffer;
}

export interface Publisher {
  /**
   * Resolves when the frame is durable at the other side, not before. Waits under back-pressure;
   * retries without end until the signal aborts. Rejects only for a frame that can never be taken.
   */
  publish(frame: OutboundFrame, signal?: AbortSignal): Promise<void>;
}

/** A run of frames of one partition, `[first, last]` by offset: the unit of exactly-once. */
export interface Batch {
  /** `topic/partition`, or `direct` for the journal. */
  partition: string;
  first: number;
  last: number;
  /** True when this batch was taken before, so that its insert may already be stored in part. */
  isReplay: boolean;
  frames: Buffer[];
}

export interface Subscriber {
  /**
   * Delivers batches one after another per partition, until the signal aborts. The handler
   * resolves when the batch is stored; only then is it committed. A batch delivered again after a
   * crash has identical bounds and bytes.
   */
  run(handler: (batch: Batch) => Promise<void>, signal: AbortSignal): Promise<void>;
}
