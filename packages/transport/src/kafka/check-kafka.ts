import { messageOf, silentLogger } from '@plimsoll/runtime';
import { openKafkaClient, type KafkaConfig } from './connection.ts';
import { KafkaFailure, type KafkaClient } from './kafka-client.ts';
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
