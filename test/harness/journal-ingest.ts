/** The way from a journal to rows, as the all-in-one has it, for whoever publishes into it. */
import { join } from 'node:path';
import { Ingest } from '@plimsoll/ingest';
import type { Logger, Metrics } from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';
import { DirectTransport, FolderDeadLetters, type DeadLetterStore } from '@plimsoll/transport';

export interface JournalIngestOptions {
  engine: Engine;
  /** Journal and dead letters go below it. */
  folder: string;
  logger: Logger;
  metrics: Metrics;
  /** Default: a folder of dead letters. */
  deadLetters?: DeadLetterStore;
  /** Default 2. */
  concurrency?: number;
  journalBytes?: number;
  batchBytes?: number;
  flushIntervalMs?: number;
}

export interface JournalIngest {
  transport: DirectTransport;
  ingest: Ingest;
  /** Ingest first, so that what it does not finish stays in the journal. */
  stop(): Promise<void>;
}

const mebibyte = 1024 * 1024;

export async function startJournalIngest(options: JournalIngestOptions): Promise<JournalIngest> {
  const { engine, folder, logger, metrics, concurrency = 2 } = options;
  const transport = new DirectTransport({
    directory: join(folder, 'journal'),
    maxBytes: options.journalBytes ?? 256 * mebibyte,
    batchMaxBytes: options.batchBytes ?? 8 * mebibyte,
    flushIntervalMs: options.flushIntervalMs ?? 50,
    logger,
    metrics,
  });
  await transport.start();
  const deadLetters =
    options.deadLetters ?? new FolderDeadLetters({ directory: join(folder, 'dead-letters') });
  const ingest = new Ingest({
    engine,
    subscriber: transport,
    logger,
    metrics,
    concurrency,
    deadLetters,
  });
  await ingest.start();
  return {
    transport,
    ingest,
    stop: async () => {
      await ingest.stop();
      await transport.stop();
    },
  };
}
