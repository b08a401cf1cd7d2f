/** Like a StagingFile, but for data that comes in pieces and is used once. */
import { constants } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@plimsoll/runtime';
import type { StagedFile } from '../raw-access.ts';
import { StorageError } from '../storage-error.ts';

let files = 0;

/** @param folder on the file system of the data */
export async function openStagedBody(folder: string): Promise<StagedFile> {
  files += 1;
  const path = join(folder, `plimsoll-body-${process.pid}-${files}`);
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    const handle = await open(path, flags, 0o600);
    await unlink(path);
    return new StagedBody(folder, handle);
  } catch (error) {
    throw failure(folder, error);
  }
}

class StagedBody implements StagedFile {
  readonly #folder: string;
  readonly #handle: FileHandle;
  #size = 0;

  constructor(folder: string, handle: FileHandle) {
    this.#folder = folder;
    this.#handle = handle;
  }

  /** For the engine; good until `close`. */
  get path(): string {
    return `/proc/self/fd/${this.#handle.fd}`;
  }

  get size(): number {
    return this.#size;
  }

  async write(chunk: Buffer): Promise<void> {
    try {
      for (let from = 0; from < chunk.length;) {
        const { bytesWritten } = await this.#handle.write(chunk, from, chunk.length - from);
        from += bytesWritten;
        this.#size += bytesWritten;
      }
    } catch (error) {
      throw failure(this.#folder, error);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function failure(folder: string, error: unknown): StorageError {
  const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  return new StorageError(
    isFull ? 'disk_full' : 'engine',
    `the data of an insert could not be written to ${folder}: ${messageOf(error)}`,
    { cause: error },
  );
}
