import {
  DeadLetterReplays,
  FolderDeadLetters,
  KafkaDeadLetters,
  openDeadLetterTopic,
} from '@plimsoll/transport';
import type { Component } from '@plimsoll/runtime';
import type { ProcessContext } from './process-context.ts';

/** Where goes what can never be stored, below the data folder; what is to be replayed goes on again. */
export function folderDeadLetters({ layout, logger, ...context }: ProcessContext): Component {
  let replays: DeadLetterReplays | null = null;
  return {
    name: 'dead letters',
    start: () => {
      const letters = new FolderDeadLetters({ directory: layout.deadLetters });
      context.deadLetters.set(letters);
      replays = new DeadLetterReplays({
        letters,
        publisher: context.publisher.get(),
        logger: logger.child({ component: 'transport' }),
      });
      replays.start();
    },
    stop: () => replays?.stop(),
  };
}

/** The same in a topic of the cluster, for all members of the group. Connects with the first letter. */
export function kafkaDeadLetters({ config, logger, ...context }: ProcessContext): Component {
  const { kafka } = config.transport;
  const letters = new KafkaDeadLetters({
    openTopic: () =>
      openDeadLetterTopic(kafka, { logger: logger.child({ component: 'transport' }) }),
    place: `topic ${kafka.topic_prefix}.dead-letters at ${kafka.brokers.join(', ')}`,
  });
  return {
    name: 'dead letters',
    start: () => context.deadLetters.set(letters),
    stop: () => letters.close(),
  };
}
