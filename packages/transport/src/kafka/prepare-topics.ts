import type { Logger } from '@plimsoll/runtime';
import { KafkaFailure, type KafkaClient } from './kafka-client.ts';
import { judgeTopic, missingTopics, topicNames } from './topic-settings.ts';
import type { TopicFinding, TopicOptions } from './topic-settings.ts';

/** Looks at the topics that are wanted, makes those that are not there, and says what is wrong. */
export class TopicPreparer {
  readonly #wanted: TopicOptions;
  readonly #logger: Logger;
  readonly #warned = new Set<string>();

  constructor(wanted: TopicOptions, logger: Logger) {
    this.#wanted = wanted;
    this.#logger = logger;
  }

  /** Warnings are logged, once each. @throws {KafkaFailure} */
  async prepare(client: KafkaClient): Promise<TopicFinding[]> {
    const names = topicNames(this.#wanted);
    let cluster = await client.describe(names);
    const missing = missingTopics(cluster, this.#wanted);
    if (missing.length > 0) {
      if (!this.#wanted.create) {
        const list = missing.map(({ name }) => name).join(', ');
        const message = `expected the topics ${list}, which are not there; make them or set transport.kafka.topics.create: true`;
        throw new KafkaFailure('unknown_topic', message);
      }
      for (const topic of missing) {
        await client.createTopic(topic);
        const { name, partitions, replicas } = topic;
        this.#logger.info({ topic: name, partitions, replicas }, 'A topic was made.');
      }
      cluster = await client.describe(names);
    }
    const findings = cluster.topics.flatMap((topic) => judgeTopic(topic, cluster.brokers));
    for (const finding of findings) if (finding.level === 'warn') this.#warn(finding);
    return findings;
  }

  #warn({ topic, message, remedy }: TopicFinding): void {
    const key = `${topic} ${message}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#logger.warn({ topic, reason: message, remedy }, 'A topic holds less than promised.');
  }
}
