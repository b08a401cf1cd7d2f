/** What a store of letters needs of a topic; kafkajs stays behind it. */

export interface DeadLetterTopic {
  /** `<prefix>.dead-letters` */
  readonly name: string;
  /**
   * One try: resolves when every in-sync replica has the record.
   *
   * @throws when it could not be written, or nobody knows
   */
  append(record: { key: string; value: Buffer }, signal?: AbortSignal): Promise<void>;
  /**
   * Records of every partition, from the offsets given (by partition; else from its beginning) to
   * what was its end when this was called. Order holds within a partition.
   */
  read(from: ReadonlyMap<number, number>, signal?: AbortSignal): AsyncIterable<TopicRecord>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface TopicRecord {
  partition: number;
  offset: number;
  key: string;
  value: Buffer;
}
