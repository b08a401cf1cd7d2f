/** What a member of a consumer group needs of a Kafka client: the seam for tests, and libraries. */
import type { FetchedRecord } from './record-batches.ts';

export interface TopicPartition {
  topic: string;
  partition: number;
}

/** Who commits: the broker refuses anything of a generation that is over. */
export interface Membership {
  group: string;
  memberId: string;
  generation: number;
}

export interface JoinRequest {
  group: string;
  /** Empty: the coordinator gives one. */
  memberId: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocol: string;
  /** What the member tells the group's leader. */
  metadata: Buffer;
}

export interface Joined {
  memberId: string;
  /** Null: the coordinator gave an id only, and wants to be asked again with it. */
  generation: number | null;
  /** Everybody's metadata for the leader, which makes the assignment; null for the others. */
  members: readonly { memberId: string; metadata: Buffer }[] | null;
}

export interface CommittedOffset extends TopicPartition {
  /** Null where nothing was ever committed. */
  offset: number | null;
  metadata: string;
}

export interface OffsetToCommit extends TopicPartition {
  offset: number;
  metadata: string;
}

export interface PartitionLeader extends TopicPartition {
  /** Null while it has none. */
  leader: number | null;
}

export interface FetchPosition extends TopicPartition {
  offset: number;
  /** Largest answer for it; one batch comes whole all the same. */
  maxBytes: number;
}

export interface FetchRequest {
  partitions: readonly FetchPosition[];
  /** How long the broker waits for something to come. */
  maxWaitMs: number;
  maxBytes: number;
}

/** What a leader said of one partition. */
export type FetchedPartition = TopicPartition &
  (
    | {
        ok: true;
        records: FetchedRecord[];
        /** Where to go on: beyond the records, and beyond holes. */
        next: number;
        highWatermark: number;
        logStart: number;
      }
    | { ok: false; error: Error }
  );

/** Every call has a deadline and rejects with a {@link KafkaFailure}. */
export interface ConsumerClient {
  /** Resolves with the id that the coordinator gave, and the generation it is a member of. */
  join(request: JoinRequest): Promise<Joined>;
  /** The leader gives everybody's assignment; everybody gets their own. */
  sync(membership: Membership, assignments: ReadonlyMap<string, Buffer>): Promise<Buffer>;
  heartbeat(membership: Membership): Promise<void>;
  leave(membership: Membership): Promise<void>;
  /** In the order asked for. */
  committedOffsets(
    group: string,
    partitions: readonly TopicPartition[],
  ): Promise<CommittedOffset[]>;
  /** All of them, or rejects: then some may be committed. */
  commit(membership: Membership, offsets: readonly OffsetToCommit[]): Promise<void>;
  /** Of every partition of the topics; asks the cluster each time. */
  leaders(topics: readonly string[]): Promise<PartitionLeader[]>;
  /** First offset of the log, or the one after its last, from its leader. */
  logOffset(partition: TopicPartition, which: 'start' | 'end', leader: number): Promise<number>;
  fetch(leader: number, request: FetchRequest): Promise<FetchedPartition[]>;
  /** Never rejects, waits for nobody; calls under way are rejected. */
  close(): void;
}
