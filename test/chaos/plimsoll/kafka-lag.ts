/** What is in the topics and not yet stored, by the offsets that the group has committed. */
import kafkajs from 'kafkajs';
import { consumerGroup, topicPrefix } from './configs.ts';

export interface KafkaLag {
  frames: number;
  detail: string;
}

const topics = [`${topicPrefix}.logs`, `${topicPrefix}.rows`];

/** @throws while the cluster does not answer */
export async function kafkaLag(brokers: readonly string[]): Promise<KafkaLag> {
  const kafka = new kafkajs.Kafka({
    clientId: 'chaos',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2000,
    requestTimeout: 5000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 500 },
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const committed = await admin.fetchOffsets({ groupId: consumerGroup, topics });
    let frames = 0;
    const behind: string[] = [];
    for (const { topic, partitions } of committed) {
      const ends = await admin.fetchTopicOffsets(topic);
      for (const { partition, high, low } of ends) {
        const offset = partitions.find((each) => each.partition === partition)?.offset ?? '-1';
        const from = Number(offset) < 0 ? Number(low) : Number(offset);
        const lag = Number(high) - from;
        frames += lag;
        if (lag > 0) behind.push(`${topic}/${partition}: ${offset} of ${high}`);
      }
    }
    return { frames, detail: behind.join(', ') };
  } finally {
    await admin.disconnect();
  }
}
