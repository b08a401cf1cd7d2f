/**
 * Named pipes that the engine prints results into.
 *
 * The driver can hand over a result as a whole, or block by block with each block a document of its
 * own (a JSON object, a Parquet file per block), and it starts such a stream in the calling thread:
 * a scalar subquery then stops the process. `INTO OUTFILE` prints one document, in the engine's
 * threads; into a pipe, it waits for its reader, so that no result is ever held.
 *
 * A pipe has no name once it is open: the engine reaches it as `/proc/self/fd/<n>`.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { messageOf } from '@plimsoll/runtime';
import { StorageError } from '../storage-error.ts';

/** How often a writer that may have come after its reader left is let go. */
const lateWriterMs = 50;

/** `O_PATH` of Linux: a name for the pipe that counts as neither reader nor writer. */
const openPath = 0o10000000;

/**
 * Makes `count` pipes, each for one result at a time.
 *
 * @param root a folder that may be written; nothing is left in it
 * @throws {StorageError} `engine` where the system has no `mkfifo`
 */
export async function openResultPipes(root: string, count: number): Promise<ResultPipe[]> {
  const folder = await mkdtemp(join(root, 'plimsoll-results-'));
  try {
    const paths = Array.from({ length: count }, (_, index) => join(folder, String(index)));
    await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
    return paths.map((path) => new ResultPipe(openSync(path, openPath)));
  } catch (error) {
    throw new StorageError(
      'engine',
      `results: expected the program mkfifo to make named pipes, got ${messageOf(error)}`,
      { cause: error },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Calls of the system that never wait are made in this thread: those of the pool may all be busy. */
export class ResultPipe {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** For `INTO OUTFILE … APPEND`. */
  get path(): string {
    return `/proc/self/fd/${this.#descriptor}`;
  }

  /**
   * Begins to listen, before the statement is started: it would wait for a reader. The stream ends
   * once the engine has closed its side, or after `finish`.
   */
  read(): Readable {
    const fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: true, writable: false });
  }

  /** After the statement: a reader that no writer ever came to would wait for ever. */
  finish(): void {
    try {
      closeSync(openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK));
    } catch (error) {
      // The reader has left already.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENXIO')) throw error;
    }
  }

  /**
   * After the reader has left: resolves when the statement has ended, however it did. A statement that
   * comes to the pipe only then would wait for a reader, in the system, where KILL does not reach it:
   * so readers come and go until it has ended.
   */
  async ended(statement: Promise<unknown>): Promise<void> {
    const timer = setInterval(() => {
      closeSync(openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK));
    }, lateWriterMs);
    await statement.catch(() => undefined);
    clearInterval(timer);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
