/** The topic `<prefix>.dead-letters`: made where it is not there, written and read without a group. */
import { systemClock, type Clock, type Logger } from '@plimsoll/runtime';
import type { DeadLetterTopic, TopicRecord } from '../dead-letters/dead-letter-topic.ts';
import { openConsumerClient, openKafkaClient, type KafkaConfig } from './connection.ts';
import type { ConsumerClient } from './consumer-client.ts';
import type { KafkaClient } from './kafka-client.ts';
import { topicOptions } from './kafka-publisher.ts';
import { TopicPreparer } from './prepare-topics.ts';
import { readTopic } from './read-topic.ts';
import { topicName } from './topic-settings.ts';

export interface OpenDeadLetterTopicOptions {
  logger: Logger;
  clock?: Clock;
  /** Default: kafkajs, as configured. */
  openClient?: () => Promise<KafkaClient>;
  openConsumer?: () => ConsumerClient;
}

/** Connects and makes the topic. @throws {KafkaFailure} */
export async function openDeadLetterTopic(
  config: KafkaConfig,
  options: OpenDeadLetterTopicOptions,
): Promise<DeadLetterTopic> {
  const { logger, clock = systemClock } = options;
  const { openClient = () => openKafkaClient(config, logger) } = options;
  const { openConsumer = () => openConsumerClient(config, logger) } = options;
  const name = topicName(config.topic_prefix, 'dead-letters');
  const client = await openClient();
  try {
    await client.connect();
    const wanted = { ...topicOptions(config), kinds: ['dead-letters'] } as const;
    await new TopicPreparer(wanted, logger).prepare(client);
  } catch (error) {
    await client.close();
    throw error;
  }
  const consumer = openConsumer();
  return {
    name,
    append: ({ key, value }, signal) => {
      signal?.throwIfAborted();
      return client.send(name, key, [value]);
    },
    async *read(from, signal = new AbortController().signal) {
      for await (const record of readTopic(name, from, { client: consumer, clock, signal })) {
        const { partition, offset, value } = record;
        const key = record.key?.toString() ?? '';
        yield { partition, offset, key, value } satisfies TopicRecord;
      }
    },
    close: async () => {
      consumer.close();
      await client.close();
    },
  };
}
