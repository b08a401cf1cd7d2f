/** Sets aside what can never be stored. While the store of letters is away it waits: nothing is dropped. */
import { Backoff, messageOf, type Clock, type Logger } from '@plimsoll/runtime';
import { deadLetterId, type DeadLetter, type DeadLetterStore } from '@plimsoll/transport';
import type { IngestMetrics } from '../ingest-metrics.ts';
import type { BatchWork } from './batch-work.ts';
import type { Problems } from './problems.ts';

export interface LetterWriterOptions {
  letters: DeadLetterStore;
  logger: Logger;
  metrics: IngestMetrics;
  problems: Problems;
  clock: Clock;
}

export class LetterWriter {
  readonly #options: LetterWriterOptions;

  constructor(options: LetterWriterOptions) {
    this.#options = options;
  }

  async write(
    found: Pick<DeadLetter, 'offset' | 'part' | 'cause' | 'reason' | 'bytes'>,
    { batch, signal }: BatchWork,
  ): Promise<void> {
    const { letters, logger, metrics, problems, clock } = this.#options;
    const letter = { ...found, partition: batch.partition, timeMs: clock.now() };
    const backoff = new Backoff({ initialMs: 200, maxMs: 10_000 });
    try {
      for (;;) {
        signal.throwIfAborted();
        try {
          await letters.write(letter, signal);
          break;
        } catch (error) {
          signal.throwIfAborted();
          const { place } = letters;
          problems.report(letter, `a dead letter cannot be kept at ${place}: ${messageOf(error)}`);
          metrics.deadLetterRetries.inc();
          if (backoff.failures === 0) logger.error({ err: error, place }, 'a dead letter waits');
          await clock.sleep(backoff.next(), signal);
        }
      }
    } finally {
      problems.clear(letter);
    }
    metrics.deadLetters.inc({ reason: letter.cause });
    const { cause, reason } = letter;
    logger.error({ id: deadLetterId(letter), cause, reason }, 'a dead letter was set aside');
  }
}
