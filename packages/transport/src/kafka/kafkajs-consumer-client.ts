/** ConsumerClient over {@link KafkajsWire}: asks the right broker and checks each answer. */
import type { Logger } from '@plimsoll/runtime';
import type {
  CommittedOffset,
  ConsumerClient,
  FetchedPartition,
  FetchRequest,
  Joined,
  JoinRequest,
  Membership,
  OffsetToCommit,
  PartitionLeader,
  TopicPartition,
} from './consumer-client.ts';
import { KafkaFailure } from './kafka-client.ts';
import { assertOk, memberIdRequired } from './kafka-errors.ts';
import { KafkajsWire, type Lane, type WireOptions } from './kafkajs-wire.ts';
import { decodeRecords } from './record-batches.ts';
import {
  commitRequest,
  committedRequest,
  coordinatorRequest,
  fetchRequest,
  heartbeatRequest,
  joinRequest,
  leaveRequest,
  metadataRequest,
  offsetsRequest,
  syncRequest,
  type WireMessage,
} from './wire-messages.ts';

/** Longest wait for an answer; the broker itself waits for none of these. */
const answerMs = 5000;
const commitMs = 10_000;
/** Beyond what the broker waits, for the answer to travel: 32 MiB at 2 MB/s. */
const fetchMs = 20_000;
const joinMs = 10_000;

export class KafkajsConsumerClient implements ConsumerClient {
  readonly #wire: KafkajsWire;
  /** Of which group; asked again after every failure. */
  #coordinator: { group: string; node: number } | null = null;

  constructor(options: WireOptions, logger: Logger) {
    this.#wire = new KafkajsWire(options, logger);
  }

  async join(request: JoinRequest): Promise<Joined> {
    const { group, memberId } = request;
    const asked = `join of group ${group}`;
    const answer = await this.#askCoordinator(group, 'join', {
      message: joinRequest(request),
      timeoutMs: request.rebalanceTimeoutMs + joinMs,
      check: ({ code }) => (code === memberIdRequired && memberId === '') || assertOk(code, asked),
    });
    if (answer.code !== 0) return { memberId: answer.memberId, generation: null, members: null };
    const { generation, leaderId, members } = answer;
    const isLeader = leaderId === answer.memberId;
    return { memberId: answer.memberId, generation, members: isLeader ? members : null };
  }

  async sync(membership: Membership, assignments: ReadonlyMap<string, Buffer>): Promise<Buffer> {
    const asked = `sync of group ${membership.group}`;
    const { assignment } = await this.#askCoordinator(membership.group, 'join', {
      message: syncRequest(membership, assignments),
      timeoutMs: commitMs + joinMs,
      check: ({ code }) => assertOk(code, asked),
    });
    return assignment;
  }

  async heartbeat(membership: Membership): Promise<void> {
    const asked = `heartbeat of group ${membership.group}`;
    await this.#askCoordinator(membership.group, 'group', {
      message: heartbeatRequest(membership),
      timeoutMs: answerMs,
      check: ({ code }) => assertOk(code, asked),
    });
  }

  async leave(membership: Membership): Promise<void> {
    const asked = `leave of group ${membership.group}`;
    await this.#askCoordinator(membership.group, 'group', {
      message: leaveRequest(membership),
      timeoutMs: answerMs,
      check: ({ code }) => assertOk(code, asked),
    });
  }

  async committedOffsets(
    group: string,
    partitions: readonly TopicPartition[],
  ): Promise<CommittedOffset[]> {
    const { offsets } = await this.#askCoordinator(group, 'group', {
      message: committedRequest(group, partitions),
      timeoutMs: commitMs,
      check: ({ code, offsets: found }) => {
        assertOk(code, `offsets of group ${group}`);
        for (const each of found) assertOk(each.code, `offset of ${nameOf(each)}`);
      },
    });
    return partitions.map((wanted) => {
      const found = offsets.find((each) => isSame(each, wanted));
      if (found !== undefined) return found;
      throw new KafkaFailure('refused', `offsets of group ${group}: got none of ${nameOf(wanted)}`);
    });
  }

  async commit(membership: Membership, offsets: readonly OffsetToCommit[]): Promise<void> {
    await this.#askCoordinator(membership.group, 'group', {
      message: commitRequest(membership, offsets),
      timeoutMs: commitMs,
      check: (answers) => {
        for (const each of answers) assertOk(each.code, `commit of ${nameOf(each)}`);
        if (answers.length !== offsets.length) {
          const counts = `expected ${offsets.length} answers, got ${answers.length}`;
          throw new KafkaFailure('refused', `commit: ${counts}`);
        }
      },
    });
  }

  async leaders(topics: readonly string[]): Promise<PartitionLeader[]> {
    const answer = await this.#wire.askAny(metadataRequest(topics), answerMs);
    this.#wire.learn(answer.brokers);
    return answer.topics.flatMap(({ code, topic, partitions }) => {
      // A topic that is just being made has no leaders yet.
      if (code !== 5) assertOk(code, `topic ${topic}`);
      return partitions.map(({ id, leader }) => ({
        topic,
        partition: id,
        leader: leader < 0 ? null : leader,
      }));
    });
  }

  async logOffset(at: TopicPartition, which: 'start' | 'end', leader: number): Promise<number> {
    const message = offsetsRequest(at, which);
    const [found] = await this.#wire.ask({ node: leader, lane: 'meta' }, message, answerMs);
    const asked = `${which} of the log of ${nameOf(at)}`;
    assertOk(found?.code ?? 3, asked);
    return found?.offset ?? 0;
  }

  async fetch(leader: number, request: FetchRequest): Promise<FetchedPartition[]> {
    const timeoutMs = request.maxWaitMs + fetchMs;
    const message = fetchRequest(request);
    const { code, partitions } = await this.#wire.ask(
      { node: leader, lane: 'fetch' },
      message,
      timeoutMs,
    );
    assertOk(code, 'fetch');
    const total = partitions.reduce((sum, { records }) => sum + records.length, 0);
    return partitions.map((each): FetchedPartition => {
      const { topic, partition, highWatermark, logStart } = each;
      const asked = request.partitions.find((position) => isSame(position, each));
      try {
        assertOk(each.code, `fetch of ${nameOf(each)}`);
        const from = asked?.offset ?? 0;
        const { records, next } = decodeRecords(ofItsOwn(each.records, total), from);
        const at = { topic, partition, highWatermark, logStart };
        return { ...at, ok: true, records, next: Math.max(from, next ?? from) };
      } catch (error) {
        const failure =
          error instanceof KafkaFailure
            ? error
            : new KafkaFailure('refused', `fetch of ${nameOf(each)}: ${String(error)}`, error);
        return { topic, partition, ok: false, error: failure };
      }
    });
  }

  close(): void {
    this.#wire.close();
  }

  /** Checks the answer too: which broker coordinates is forgotten after a failure of any kind. */
  async #askCoordinator<T>(group: string, lane: Lane, request: Asked<T>): Promise<T> {
    const node = await this.#findCoordinator(group);
    try {
      const answer = await this.#wire.ask({ node, lane }, request.message, request.timeoutMs);
      request.check(answer);
      return answer;
    } catch (error) {
      const isElsewhere =
        !(error instanceof KafkaFailure) || ['moved', 'unreachable'].includes(error.kind);
      if (isElsewhere && this.#coordinator?.node === node) this.#coordinator = null;
      throw error;
    }
  }

  async #findCoordinator(group: string): Promise<number> {
    if (this.#coordinator?.group === group) return this.#coordinator.node;
    const { code, broker } = await this.#wire.askAny(coordinatorRequest(group), answerMs);
    assertOk(code, `coordinator of group ${group}`);
    this.#wire.learn([broker]);
    this.#coordinator = { group, node: broker.node };
    return broker.node;
  }
}

interface Asked<T> {
  message: WireMessage<T>;
  timeoutMs: number;
  /** Throws where the broker did not do what it was asked. */
  check: (answer: T) => unknown;
}

/**
 * Slices keep the whole answer in memory, so a partition whose frames wait would keep what others
 * have long done with. What is less than half of an answer is therefore copied out of it.
 */
function ofItsOwn(records: Buffer, total: number): Buffer {
  return records.length * 2 >= total ? records : Buffer.from(records);
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function isSame(a: TopicPartition, b: TopicPartition): boolean {
  return a.partition === b.partition && a.topic === b.topic;
}
