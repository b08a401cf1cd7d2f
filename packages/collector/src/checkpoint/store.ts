/**
 * Keeps the checkpoint file: written as a whole and durably, at most once per interval unless it
 * is asked for at once, and never while a write is under way.
 *
 * The file before it is kept as `<path>.previous`. A file that cannot be read (a disk that lost what
 * it had acknowledged, an editor's mistake) is put aside under another name, for people to look at,
 * and the previous one stands: its positions are older, so lines are sent again, and ingest knows
 * them. Only without that one does the collector start as configured.
 */
import { link, mkdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf, writeFileAtomic, type Clock, type Logger } from '@plimsoll/runtime';
import { Wakeup } from '../wakeup.ts';
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
  readonly #previousPath: string;
  readonly #changed: Wakeup;
  #isDirty = false;
  #lastWriteMs = -Infinity;
  #writing: Promise<void> = Promise.resolve();
  #problem: string | null = null;

  constructor(options: CheckpointStoreOptions) {
    this.#options = options;
    this.#minIntervalMs = options.minIntervalMs ?? 1000;
    this.#previousPath = `${options.path}.previous`;
    this.#changed = new Wakeup(options.clock);
  }

  /** Why the last write failed, such as EROFS; null when it did not. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Null when there is none yet, or none that can be read. */
  async load(): Promise<Checkpoint | null> {
    const { path, logger } = this.#options;
    const current = await readCheckpoint(path);
    if (current === null || !('problem' in current)) return current;
    const previous = await readCheckpoint(this.#previousPath);
    const isUsable = previous !== null && !('problem' in previous);
    await this.#putAside(current.problem, isUsable);
    if (isUsable) {
      logger.warn(
        { path, problem: current.problem },
        'The checkpoint could not be read; the one before was taken, lines since are sent again.',
      );
      return previous;
    }
    logger.warn(
      { path, problem: current.problem },
      'The checkpoint could not be read; logs are followed from where the configuration says.',
    );
    return null;
  }

  markDirty(): void {
    this.#isDirty = true;
    this.#changed.notify();
  }

  /** Writes what changes, when the last write is long enough ago, until the signal aborts. */
  async keepWriting(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      // What could not be written is still to be.
      if (!this.#isDirty) await this.#changed.untilNotified(signal);
      const dueMs = this.#lastWriteMs + this.#minIntervalMs;
      await clock.sleep(Math.max(0, dueMs - clock.monotonic()), signal).catch(() => undefined);
      if (this.#isDirty && !signal.aborted) await this.writeNow();
    }
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
      await this.#keepPrevious();
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

  /**
   * A second name for the file there is; the next write takes away the first. Losing it loses the
   * fallback and nothing else, so a file system without links is no problem.
   */
  async #keepPrevious(): Promise<void> {
    try {
      await unlink(this.#previousPath).catch(ignoreMissing);
      await link(this.#options.path, this.#previousPath);
    } catch (error) {
      const code = codeOf(error);
      // What keeps this from working keeps the write from working, and is said there.
      if (code !== 'ENOENT') this.#options.logger.debug({ error: code }, 'No former checkpoint.');
    }
  }

  /** The previous one takes the place of the unreadable one at once: no crash finds none. */
  async #putAside(problem: string, hasPrevious: boolean): Promise<void> {
    const { path, clock, logger } = this.#options;
    const aside = `${path}.unreadable-${clock.now()}`;
    try {
      await link(path, aside);
      if (hasPrevious) await rename(this.#previousPath, path);
      else await unlink(path);
      logger.warn({ path, aside, problem }, 'The unreadable checkpoint was put aside.');
    } catch (error) {
      logger.warn({ path, problem, error: messageOf(error) }, 'The checkpoint stayed unreadable.');
    }
  }
}

/** Null when there is no such file. */
async function readCheckpoint(path: string): Promise<Checkpoint | { problem: string } | null> {
  try {
    return parseCheckpoint(await readFile(path, 'utf8'));
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? null : { problem: messageOf(error) };
  }
}

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}
