import { messageOf, silentLogger } from '@plimsoll/runtime';
import { openConsumerClient, openKafkaClient, type KafkaConfig } from './connection.ts';
import { KafkaFailure, type KafkaClient, type KafkaTopic } from './kafka-client.ts';
import { topicOptions } from './kafka-publisher.ts';
import { frameKinds, judgeTopic, missingTopics, topicName } from './topic-settings.ts';

export interface KafkaReport {
  level: 'ok' | 'warn' | 'fail';
  message: string;
  /** What to do; empty when all is well. */
  remedy: string;
}

/** Connects, looks at the topics and leaves: makes nothing, publishes nothing, never throws. */
export async function checkKafka(config: KafkaConfig): Promise<KafkaReport[]> {
  const brokers = config.brokers.join(', ');
  let client: KafkaClient | null = null;
  try {
    client = await openKafkaClient(config, silentLogger());
    await client.connect();
    const options = topicOptions(config);
    const cluster = await client.describe(
      frameKinds.map((kind) => topicName(options.prefix, kind)),
    );
    const reports: KafkaReport[] = [];
    for (const { name, partitions, replicas } of missingTopics(cluster, options)) {
      reports.push(
        options.create
          ? {
              level: 'ok',
              message: `the topic ${name} is not there; the collector makes it, with ${partitions} partitions of ${replicas} replicas`,
              remedy: '',
            }
          : {
              level: 'fail',
              message: `the topic ${name} is not there`,
              remedy: 'make it, or set transport.kafka.topics.create: true',
            },
      );
    }
    for (const topic of cluster.topics) {
      const findings = judgeTopic(topic, cluster.brokers);
      for (const { level, message, remedy } of findings) {
        reports.push({ level, message: `${topic.name}: ${message}`, remedy });
      }
    }
    const count = cluster.brokers === 1 ? '1 broker' : `${cluster.brokers} brokers`;
    const found = cluster.topics.map(
      ({ name, partitions }) => `${name} (${partitions} partitions)`,
    );
    return [
      { level: 'ok', message: [`${count} at ${brokers}`, ...found].join(', '), remedy: '' },
      ...reports,
      ...(await checkGroup(config, cluster.topics)),
    ];
  } catch (error) {
    const kind = error instanceof KafkaFailure ? error.kind : 'refused';
    const remedy =
      kind === 'denied'
        ? 'check transport.kafka.sasl and transport.kafka.tls, and the rights of this user'
        : 'start Kafka, or correct transport.kafka.brokers';
    return [{ level: 'fail', message: `${brokers}: ${messageOf(error)}`, remedy }];
  } finally {
    await client?.close();
  }
}

/** How far the group has come. Nothing where it never ran, or this user may not know. */
async function checkGroup(
  config: KafkaConfig,
  topics: readonly KafkaTopic[],
): Promise<KafkaReport[]> {
  const client = openConsumerClient(config, silentLogger());
  try {
    const leaders = await client.leaders(topics.map(({ name }) => name));
    const committed = await client.committedOffsets(config.group, leaders);
    if (committed.every(({ offset }) => offset === null)) return [];
    const waiting = await Promise.all(
      leaders.map(async ({ leader, ...at }, index) => {
        if (leader === null) return 0;
        const end = await client.logOffset(at, 'end', leader);
        const start = await client.logOffset(at, 'start', leader);
        return end - Math.min(end, Math.max(start, committed[index]?.offset ?? start));
      }),
    );
    const frames = waiting.reduce((sum, count) => sum + count, 0);
    const message = `the group ${config.group} has ${frames} frames before it`;
    return [{ level: 'ok', message, remedy: '' }];
  } catch {
    return [];
  } finally {
    client.close();
  }
}
