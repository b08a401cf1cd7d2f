/** What is needed of a Kafka client: the seam behind which the library can be exchanged. */

export interface KafkaClient {
  /** @throws {KafkaFailure} */
  connect(): Promise<void>;
  /**
   * Appends the values, in order, to the partition that the key chooses; resolves when every in-sync
   * replica has them.
   *
   * @throws {KafkaFailure}
   */
  send(topic: string, key: string, values: readonly Buffer[]): Promise<void>;
  /** The cluster, and those of the topics that exist. @throws {KafkaFailure} */
  describe(topics: readonly string[]): Promise<KafkaCluster>;
  /** Does nothing for a topic that exists. @throws {KafkaFailure} */
  createTopic(topic: NewTopic): Promise<void>;
  /** Never rejects, and ends within seconds. */
  close(): Promise<void>;
}

export interface KafkaCluster {
  brokers: number;
  topics: readonly KafkaTopic[];
}

export interface KafkaTopic {
  name: string;
  partitions: number;
  /** Replicas of the partition that has the fewest. */
  replicas: number;
  /** Partitions that have no leader now. */
  leaderless: number;
  /** Settings by name; null where this user may not read them. */
  settings: Readonly<Record<string, string>> | null;
}

export interface NewTopic {
  name: string;
  partitions: number;
  replicas: number;
  settings: Readonly<Record<string, string>>;
}

export const kafkaFailureKinds = [
  /** No connection, or no answer in time. */
  'unreachable',
  /** Credentials, certificates or rights. */
  'denied',
  /** The batch is larger than the topic takes. */
  'too_large',
  /** Fewer replicas are in sync than the topic wants. */
  'not_enough_replicas',
  /** The topic or its partition is not there. */
  'unknown_topic',
  /** Another broker leads or coordinates, or none does yet. */
  'moved',
  /** The group is making a new generation. */
  'rebalance',
  /** This generation, or this member, is none of the group's any more. */
  'fenced',
  /** The log does not hold that offset: retention took it, or the log is shorter than it was. */
  'out_of_range',
  /** Anything else that the cluster says. */
  'refused',
] as const;
export type KafkaFailureKind = (typeof kafkaFailureKinds)[number];

/** Every one of them may pass: a broker comes back, a right is given, a limit is raised. */
export class KafkaFailure extends Error {
  override readonly name = 'KafkaFailure';
  readonly kind: KafkaFailureKind;

  constructor(kind: KafkaFailureKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}
