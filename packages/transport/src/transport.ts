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

  /** Longest that a frame of less than 32 KiB had better wait for more, in milliseconds; absent: 0. */
  readonly smallFrameWaitMs?: number;
}

/** A run of frames of one partition, `[first, last]` by offset: the unit of exactly-once. */
export interface Batch {
  /**
   * `topic/partition@incarnation`, or `direct` for the journal. The incarnation is chosen when a group
   * first takes a partition of which nothing is recorded, and recorded with each intent and commit.
   * So a topic that was made anew, or whose offsets were moved by hand, is another partition: its
   * tokens collide with none of before, and what it brings again is trimmed by its ranges.
   */
  partition: string;
  /**
   * Changes whenever the partition comes to this process: somebody else may have stored batches of
   * it meanwhile, so what is remembered of it counts no more.
   */
  epoch: number;
  first: number;
  last: number;
  /** True when this batch was taken before, so that its insert may already be stored in part. */
  isReplay: boolean;
  frames: Buffer[];
  /** Offset of each frame; a partition may have holes. */
  offsets: number[];
}

/**
 * The right to store a batch. A process that was paused may find that another has taken its
 * partition over: what it still inserts must be refused, or be a repeat that adds nothing.
 */
export interface Lease {
  /** Aborts when the partition belongs to this process no more, or the transport stops. */
  readonly signal: AbortSignal;
  /**
   * `performance.now()` after which no insert of the batch may be accepted; null: nobody else can
   * ever have the partition. Grows while the broker confirms that the partition is this process's.
   */
  notAfterMs(): number | null;
  /** Has it confirmed now. Rejects when it is lost. */
  renew(): Promise<void>;
}

export type BatchHandler = (batch: Batch, lease: Lease) => Promise<void>;

export interface Subscriber {
  /**
   * Delivers batches, of one partition one after another, of several at once, until the signal
   * aborts. The handler resolves when the batch is stored; only then is it committed. A batch
   * delivered again after a crash has identical bounds and bytes.
   */
  run(handler: BatchHandler, signal: AbortSignal): Promise<void>;
}
