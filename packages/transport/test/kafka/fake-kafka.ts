/** A cluster in memory that can be away, refuse and forget answers. */
import {
  KafkaFailure,
  type KafkaClient,
  type KafkaFailureKind,
  type KafkaTopic,
  type NewTopic,
} from '../../src/kafka/kafka-client.ts';

export interface FakeKafka {
  /** Values by topic, as they were appended. */
  stored: Map<string, string[]>;
  topics: Map<string, KafkaTopic>;
  /** Sends by number of frames. */
  batches: number[];
  clients: number;
  /** What happens to the next sends: a failure, or an answer that is lost after the append. */
  nextSends: (KafkaFailureKind | 'lost answer')[];
  isAway: boolean;
  maxBatchBytes: number;
  /** While set, sends wait for it. */
  hold: Promise<void> | null;
  openClient: () => Promise<KafkaClient>;
}

export function fakeKafka(): FakeKafka {
  const kafka: FakeKafka = {
    stored: new Map(),
    topics: new Map(),
    batches: [],
    clients: 0,
    nextSends: [],
    isAway: false,
    maxBatchBytes: Number.POSITIVE_INFINITY,
    hold: null,
    openClient: () => {
      kafka.clients += 1;
      return Promise.resolve(clientOf(kafka));
    },
  };
  return kafka;
}

function clientOf(kafka: FakeKafka): KafkaClient {
  const answer = (): void => {
    if (kafka.isAway) throw new KafkaFailure('unreachable', 'connect ECONNREFUSED');
  };
  return {
    connect: async () => answer(),
    describe: async (names) => {
      answer();
      const topics = names.flatMap((name) => kafka.topics.get(name) ?? []);
      return { brokers: 3, topics };
    },
    createTopic: async (topic) => {
      answer();
      kafka.topics.set(topic.name, topicOf(topic));
    },
    send: async (topic, _key, values) => {
      await kafka.hold;
      answer();
      const outcome = kafka.nextSends.shift();
      if (outcome !== undefined && outcome !== 'lost answer') {
        throw new KafkaFailure(outcome, `refused: ${outcome}`);
      }
      const bytes = values.reduce((sum, value) => sum + value.length, 0);
      if (bytes > kafka.maxBatchBytes)
        throw new KafkaFailure('too_large', 'the batch is too large');
      const stored = kafka.stored.get(topic) ?? [];
      stored.push(...values.map(String));
      kafka.stored.set(topic, stored);
      kafka.batches.push(values.length);
      if (outcome === 'lost answer') throw new KafkaFailure('unreachable', 'the answer was lost');
    },
    close: () => Promise.resolve(),
  };
}

export function topicOf({ name, partitions, replicas, settings }: NewTopic): KafkaTopic {
  return { name, partitions, replicas, leaderless: 0, settings };
}
