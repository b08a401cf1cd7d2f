/**
 * Decompresses rotated files, so that their bytes have positions again: into files without a name,
 * which the disk forgets with their descriptors, also after a crash. One at a time and away from
 * this thread; what is larger than the limit is refused.
 */
import { closeSync, mkdirSync, openSync, read, rmSync, write } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { messageOf } from '@plimsoll/runtime';

const readLater = promisify(read);
const writeLater = promisify(write);

const blockBytes = 64 * 1024;

export interface UnpackerOptions {
  /** Where the files are made, with room for `maxBytes`. */
  folder: string;
  /** Largest content. */
  maxBytes: number;
}

/** A file on its way to being decompressed. */
export class Unpacking {
  /** Why it can never be read; null while all is well. */
  problem: string | null = null;
  readonly #stop = new AbortController();
  #descriptor = -1;

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** A descriptor of the content, now the caller's; -1 when there is none yet. */
  take(): number {
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    return descriptor;
  }

  settle(descriptor: number): void {
    this.#descriptor = descriptor;
    if (this.signal.aborted) this.cancel();
  }

  cancel(): void {
    this.#stop.abort();
    const descriptor = this.take();
    if (descriptor >= 0) closeSync(descriptor);
  }
}

export class Unpacker {
  readonly #options: UnpackerOptions;
  #queue: Promise<void> = Promise.resolve();
  #made = 0;

  constructor(options: UnpackerOptions) {
    this.#options = options;
  }

  /** Takes the descriptor of a gzip file, and closes it in the end. */
  start(packed: number): Unpacking {
    const unpacking = new Unpacking();
    this.#queue = this.#settle(packed, unpacking, this.#queue);
    return unpacking;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  async #settle(packed: number, unpacking: Unpacking, before: Promise<void>): Promise<void> {
    await before;
    try {
      unpacking.settle(await this.#unpack(packed, unpacking.signal));
    } catch (error) {
      unpacking.problem = messageOf(error);
    } finally {
      closeSync(packed);
    }
  }

  async #unpack(packed: number, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const target = this.#openNameless();
    const gunzip = createGunzip();
    // What goes wrong there shows where the content is read.
    const feeding = pipeline(blocksOf(packed), gunzip).catch(() => undefined);
    try {
      await fill(target, gunzip, { maxBytes: this.#options.maxBytes, signal });
      return target;
    } catch (error) {
      closeSync(target);
      throw error;
    } finally {
      gunzip.destroy();
      await feeding;
    }
  }

  #openNameless(): number {
    const { folder } = this.#options;
    mkdirSync(folder, { recursive: true });
    this.#made += 1;
    const path = join(folder, `unpacked-${process.pid}-${this.#made}`);
    const descriptor = openSync(path, 'wx+', 0o600);
    rmSync(path);
    return descriptor;
  }
}

/** A stream of the file would close the descriptor when it fails, perhaps while it is another's. */
async function* blocksOf(descriptor: number): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const block = Buffer.allocUnsafe(blockBytes);
    const { bytesRead } = await readLater(descriptor, block, 0, blockBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}

/** No write is under way when it ends: the descriptor may be closed. */
async function fill(
  descriptor: number,
  content: AsyncIterable<Buffer>,
  { maxBytes, signal }: { maxBytes: number; signal: AbortSignal },
): Promise<void> {
  let position = 0;
  for await (const bytes of content) {
    signal.throwIfAborted();
    if (position + bytes.length > maxBytes) {
      throw new Error(`expected ${maxBytes} bytes at most when decompressed, got more`);
    }
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await writeLater(
        descriptor,
        bytes,
        at,
        bytes.length - at,
        position + at,
      );
      at += bytesWritten;
    }
    position += bytes.length;
  }
}
