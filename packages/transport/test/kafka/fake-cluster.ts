/**
 * A cluster in memory behind both seams: logs with offsets and retention, a group coordinator, and
 * faults: away, frozen, answers that are lost after the deed.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type {
  ConsumerClient,
  FetchedPartition,
  FetchRequest,
  TopicPartition,
} from '../../src/kafka/consumer-client.ts';
import { KafkaFailure, type KafkaClient, type KafkaTopic } from '../../src/kafka/kafka-client.ts';
import { failureOf } from '../../src/kafka/kafka-errors.ts';
import { FakeGroup } from './fake-group.ts';
import { topicOf } from './fake-kafka.ts';

interface FakeLog {
  start: number;
  values: (Buffer | null)[];
}

export type Asked = 'join' | 'sync' | 'heartbeat' | 'commit' | 'offsets' | 'leaders' | 'fetch';

export class FakeCluster {
  readonly topics = new Map<string, KafkaTopic>();
  readonly logs = new Map<string, FakeLog>();
  readonly group = new FakeGroup();
  /** Called before each request is carried out: throws for one that does not arrive. */
  before: (asked: Asked, memberId?: string) => void | Promise<void> = () => undefined;
  /** Called when it was carried out: throws for an answer that is lost. */
  after: (asked: Asked) => void = () => undefined;
  /** Most partitions that were asked for in one fetch, and the bytes that were allowed. */
  largestFetch = 0;

  append(topic: string, partition: number, ...values: (string | Buffer | null)[]): void {
    const { values: log } = this.log({ topic, partition });
    // Null leaves a hole: an offset without a record.
    log.push(...values.map((value) => (value === null ? null : Buffer.from(value))));
  }

  log({ topic, partition }: TopicPartition): FakeLog {
    const name = `${topic}/${partition}`;
    const log = this.logs.get(name) ?? { start: 0, values: [] };
    this.logs.set(name, log);
    return log;
  }

  makeTopic(name: string, partitions: number): void {
    this.topics.set(name, topicOf({ name, partitions, replicas: 1, settings: {} }));
  }

  openClient = (): Promise<KafkaClient> =>
    Promise.resolve({
      connect: () => Promise.resolve(),
      describe: (names) => {
        const topics = names.flatMap((name) => this.topics.get(name) ?? []);
        return Promise.resolve({ brokers: 1, topics });
      },
      createTopic: (topic) => {
        this.topics.set(topic.name, topicOf(topic));
        return Promise.resolve();
      },
      send: (topic, key, values) => {
        const partitions = this.topics.get(topic)?.partitions ?? 1;
        this.append(topic, key.length % partitions, ...values);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });

  openConsumer = (): ConsumerClient => {
    const { group } = this;
    const closed = new AbortController();
    const ask = async <T>(asked: Asked, deed: () => T | Promise<T>, by?: string): Promise<T> => {
      if (closed.signal.aborted) throw new KafkaFailure('unreachable', 'the client was closed');
      await this.before(asked, by);
      const answer = await deed();
      this.after(asked);
      return answer;
    };
    return {
      join: (request) => ask('join', () => group.join(request)),
      sync: (membership, assignments) => ask('sync', () => group.sync(membership, assignments)),
      heartbeat: (membership) =>
        ask('heartbeat', () => group.heartbeat(membership), membership.memberId),
      leave: ({ memberId }) => Promise.resolve(group.remove(memberId)),
      committedOffsets: (_group, all) => ask('offsets', () => all.map((at) => group.committed(at))),
      commit: (membership, offsets) => ask('commit', () => group.commit(membership, offsets)),
      leaders: (topics) => ask('leaders', () => this.#leaders(topics)),
      logOffset: (at, which) =>
        ask('leaders', () => {
          const { start, values } = this.log(at);
          return which === 'start' ? start : values.length;
        }),
      fetch: (_leader, request) => ask('fetch', () => this.#fetch(request)),
      close: () => closed.abort(),
    };
  };

  #leaders(topics: readonly string[]) {
    return topics.flatMap((topic) => {
      const partitions = this.topics.get(topic)?.partitions ?? 0;
      return Array.from({ length: partitions }, (_, partition) => ({
        topic,
        partition,
        leader: 1,
      }));
    });
  }

  async #fetch(request: FetchRequest): Promise<FetchedPartition[]> {
    this.largestFetch = Math.max(this.largestFetch, request.maxBytes);
    const isBeyond = request.partitions.every((at) => at.offset >= this.log(at).values.length);
    if (isBeyond) await wait(5);
    let left = request.maxBytes;
    return request.partitions.map(({ topic, partition, offset, maxBytes }): FetchedPartition => {
      const { start, values } = this.log({ topic, partition });
      if (offset < start || offset > values.length) {
        return { topic, partition, ok: false, error: failureOf(1, `${topic}/${partition}`) };
      }
      const records = [];
      let [next, bytes] = [offset, 0];
      while (next < values.length && bytes < Math.min(left, maxBytes)) {
        const value = values[next] ?? null;
        if (value !== null) records.push({ offset: next, key: null, value });
        bytes += value?.length ?? 0;
        next += 1;
      }
      left -= bytes;
      const at = { topic, partition, highWatermark: values.length, logStart: start };
      return { ...at, ok: true, records, next };
    });
  }
}
