/**
 * Replays letters for whoever cannot publish: `plimsoll dead-letter replay` puts them into a folder of
 * the process that has the journal, and this publishes them. A crash between publishing and moving a
 * letter publishes it again, and ingest drops what it has.
 */
import { Backoff, messageOf, sleep, type Logger } from '@plimsoll/runtime';
import type { Publisher } from '../transport.ts';
import type { FolderDeadLetters } from './folder-dead-letters.ts';
import { publishLetter } from './publish-letter.ts';

export interface DeadLetterReplaysOptions {
  letters: FolderDeadLetters;
  publisher: Publisher;
  logger: Logger;
  /** How often the folder is looked at. Default one second. */
  intervalMs?: number;
}

export class DeadLetterReplays {
  readonly #options: Required<DeadLetterReplaysOptions>;
  readonly #stopping = new AbortController();
  /** Said once, not every second. */
  readonly #refused = new Set<string>();
  #running: Promise<void> | null = null;

  constructor(options: DeadLetterReplaysOptions) {
    this.#options = { intervalMs: 1000, ...options };
  }

  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('replays are stopping'));
    await this.#running;
  }

  /** Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    const { letters, logger, intervalMs } = this.#options;
    const backoff = new Backoff({ initialMs: 1000, maxMs: 30_000 });
    while (!signal.aborted) {
      let waitMs = intervalMs;
      try {
        for (const id of await letters.requested()) {
          if (!this.#refused.has(id)) await this.#replay(id, signal);
        }
        backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ err: error }, 'dead letters could not be replayed, will try again');
        waitMs = Math.max(intervalMs, backoff.next());
      }
      await sleep(waitMs, signal).catch(() => undefined);
    }
  }

  async #replay(id: string, signal: AbortSignal): Promise<void> {
    const { letters, publisher, logger } = this.#options;
    const letter = await letters.get(id);
    if (letter === null) return;
    let frames: number;
    try {
      frames = await publishLetter(letter, publisher, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#refused.add(id);
      logger.error({ id, reason: messageOf(error) }, 'a dead letter cannot be replayed');
      return;
    }
    await letters.markReplayed(id);
    logger.info({ id, frames }, 'a dead letter was published again');
  }
}
