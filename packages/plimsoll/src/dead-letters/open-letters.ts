import { silentLogger, type Config } from '@plimsoll/runtime';
import {
  FolderDeadLetters,
  KafkaDeadLetters,
  openDeadLetterTopic,
  type DeadLetterStore,
} from '@plimsoll/transport';
import { dataLayout } from '../compose/data-layout.ts';

export interface LetterOptions {
  filter: { reason?: string; partition?: string };
  isAll: boolean;
  isDryRun: boolean;
  isJson: boolean;
}

/** The letters of the topic, as configured. Connects when it is first used. */
export function kafkaLetters({ transport }: Config): KafkaDeadLetters {
  const { kafka } = transport;
  return new KafkaDeadLetters({
    openTopic: async () => openDeadLetterTopic(kafka, { logger: silentLogger() }),
    place: `${kafka.topic_prefix}.dead-letters at ${kafka.brokers.join(', ')}`,
  });
}

export function folderLetters(config: Config): FolderDeadLetters {
  return new FolderDeadLetters({ directory: dataLayout(config.data_dir).deadLetters });
}

/** Opens the letters that the configuration names, and closes them whatever happens. */
export async function withLetters<T>(
  config: Config,
  work: (letters: DeadLetterStore) => Promise<T>,
): Promise<T> {
  const letters = config.transport.mode === 'kafka' ? kafkaLetters(config) : folderLetters(config);
  try {
    return await work(letters);
  } finally {
    await letters.close();
  }
}
