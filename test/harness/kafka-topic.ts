/** A topic as any other client sees it: made, and read from its beginning. */
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';

export interface StoredMessage {
  partition: number;
  offset: number;
  key: string;
  value: Buffer;
}

const client = (address: string) =>
  new kafkajs.Kafka({
    clientId: 'plimsoll-test',
    brokers: [address],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 500 },
  });

export async function createKafkaTopic(
  address: string,
  topic: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const admin = client(address).admin();
  await admin.connect();
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, configEntries }], waitForLeaders: true });
  await admin.disconnect();
}

/** All messages by partition and offset; waits until there are at least so many. */
export async function readKafkaTopic(
  address: string,
  topic: string,
  least: number,
): Promise<StoredMessage[]> {
  const wanted = Math.max(least, await countOf(address, topic));
  const consumer = client(address).consumer({
    groupId: `test-${randomUUID()}`,
    maxBytesPerPartition: 32 * 1024 * 1024,
  });
  const messages: StoredMessage[] = [];
  const enough = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ partition, message }) => {
      messages.push({
        partition,
        offset: Number(message.offset),
        key: message.key?.toString() ?? '',
        value: message.value ?? Buffer.alloc(0),
      });
      if (messages.length >= wanted) enough.resolve();
      return Promise.resolve();
    },
  });
  await enough.promise;
  await consumer.disconnect();
  return messages.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

async function countOf(address: string, topic: string): Promise<number> {
  const admin = client(address).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return offsets.reduce((sum, { offset }) => sum + Number(offset), 0);
}
