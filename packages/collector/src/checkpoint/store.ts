/**
 * Keeps the checkpoint file: written as a whole and durably, at most once per interval unless it
 * is asked for at once, and never while a write is under way. A file that cannot be read is put
 * aside under another name, for people to look at, and the collector starts as configured.
 */
import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf, writeFileAtomic, type Clock, type Logger } from '@plimsoll/runtime';
import { parseCheckpoint, type Checkpoint } from './format.ts';

export interface CheckpointStoreOptions {
  path: string;
  clock: Clock;
  logger: Logger;
  /** What to write: the acknowledged positions of this moment. */
  snapshot: () => Checkpoint;
  minIntervalMs?: number;
}

export class CheckpointStore {
  readonly #options: CheckpointStoreOptions;
  readonly #minIntervalMs: number;
  #isDirty = false;
  #lastWriteMs = -Infinity;
  #writing: Promise<void> = Promise.resolve();
  #problem: string | null = null;

  constructor(options: CheckpointStoreOptions) {
    this.#options = options;
    this.#minIntervalMs = options.minIntervalMs ?? 1000;
  }

  /** Why the last write failed, such as EROFS; null when it did not. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Null when there is none yet, or none that can be read. */
  async load(): Promise<Checkpoint | null> {
    const { path, logger } = this.#options;
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      await this.#putAside(messageOf(error));
      return null;
    }
    const checkpoint = parseCheckpoint(text);
    if (!('problem' in checkpoint)) return checkpoint;
    await this.#putAside(checkpoint.problem);
    logger.warn(
      { path, problem: checkpoint.problem },
      'The checkpoint could not be read; files are followed from where the configuration says.',
    );
    return null;
  }

  markDirty(): void {
    this.#isDirty = true;
  }

  /** Writes when something changed and the last write is long enough ago. */
  async writeWhenDue(): Promise<void> {
    const elapsed = this.#options.clock.monotonic() - this.#lastWriteMs;
    if (this.#isDirty && elapsed >= this.#minIntervalMs) await this.writeNow();
  }

  /** Resolves when what is true now is on disk, or could not be written; never rejects. */
  async writeNow(): Promise<void> {
    const before = this.#writing;
    this.#writing = before.then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { path, clock, logger, snapshot } = this.#options;
    this.#isDirty = false;
    this.#lastWriteMs = clock.monotonic();
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFileAtomic(path, `${JSON.stringify(snapshot())}\n`, { mode: 0o600 });
      if (this.#problem !== null) logger.info({ path }, 'The checkpoint was written again.');
      this.#problem = null;
    } catch (error) {
      this.#isDirty = true;
      const problem = codeOf(error) ?? messageOf(error);
      if (problem !== this.#problem) {
        logger.error(
          { path, error: problem },
          'The checkpoint could not be written; after a restart lines are read and sent again.',
        );
      }
      this.#problem = problem;
    }
  }

  async #putAside(problem: string): Promise<void> {
    const { path, clock, logger } = this.#options;
    const aside = `${path}.unreadable-${clock.now()}`;
    try {
      await rename(path, aside);
      logger.warn({ path, aside, problem }, 'The unreadable checkpoint was put aside.');
    } catch (error) {
      logger.warn({ path, problem, error: messageOf(error) }, 'The checkpoint stayed unreadable.');
    }
  }
}
