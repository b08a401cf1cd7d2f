/**
 * Where an insert's data stands for the engine to read. Data behind the statement itself would be
 * run through the SQL lexer, and what follows a blank line in it run as SQL, with every right; a file
 * is only ever data, and may be binary and compressed.
 *
 * The file has no name once it is open: a process that dies leaves none behind, and whatever the
 * data folder is called, the engine sees a path without a pattern.
 */
import { constants } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@plimsoll/runtime';
import { StorageError } from '../storage-error.ts';

/** What a file keeps of its size between inserts, so that its pages are used again. */
const keptBytes = 16 * 1024 * 1024;

let files = 0;

export class StagingFile {
  readonly #folder: string;
  #handle: FileHandle | undefined;

  /** @param folder on the file system of the data */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Replaces what is in the file.
   *
   * @returns the path for the engine, good until the next write
   * @throws {StorageError} `disk_full`, or `engine` when the folder cannot be written
   */
  async write(parts: readonly Buffer[]): Promise<string> {
    try {
      this.#handle ??= await this.#open();
      const size = await writeAll(this.#handle, parts);
      await this.#handle.truncate(size);
      return `/proc/self/fd/${this.#handle.fd}`;
    } catch (error) {
      const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
      throw new StorageError(
        isFull ? 'disk_full' : 'engine',
        `the data of an insert could not be written to ${this.#folder}: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  /** After an insert: a file that has become large is made empty. */
  async release(): Promise<void> {
    const handle = this.#handle;
    if (handle && (await handle.stat()).size > keptBytes) await handle.truncate(0);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #open(): Promise<FileHandle> {
    files += 1;
    const path = join(this.#folder, `plimsoll-insert-${process.pid}-${files}`);
    const handle = await open(
      path,
      constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
      0o600,
    );
    await unlink(path);
    return handle;
  }
}

/** Buffers in one system call; the kernel takes 1,024. */
const partsPerWrite = 512;

/** @returns bytes written */
async function writeAll(handle: FileHandle, parts: readonly Buffer[]): Promise<number> {
  let at = 0;
  for (let first = 0; first < parts.length; first += partsPerWrite) {
    let left = parts.slice(first, first + partsPerWrite).filter(({ length }) => length > 0);
    while (left.length > 0) {
      const { bytesWritten } = await handle.writev(left, at);
      at += bytesWritten;
      left = behind(left, bytesWritten);
    }
  }
  return at;
}

/** What a write that took only `bytes` has left. */
function behind(parts: readonly Buffer[], bytes: number): Buffer[] {
  let before = 0;
  for (const [index, part] of parts.entries()) {
    if (before + part.length > bytes) {
      return [part.subarray(bytes - before), ...parts.slice(index + 1)];
    }
    before += part.length;
  }
  return [];
}
