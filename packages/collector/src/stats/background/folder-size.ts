/**
 * Bytes that the files below a folder take on disk, as `du` counts them, a few entries at a time:
 * blocks and not lengths, a file with several links once, links not followed. The folder itself is
 * not counted, so an empty one has zero bytes.
 */
import { type Dir, lstatSync, opendirSync, readdirSync } from 'node:fs';
import { codeOf } from '@plimsoll/runtime';

/** st_blocks counts in these, whatever the filesystem's own. */
const blockBytes = 512;
/** Folders found and not looked into yet; with more of them the size is given up. */
const maxPending = 200_000;
/** Files with several links that are remembered; one beyond these is counted for each link. */
const maxLinked = 100_000;
const entriesPerRead = 128;
/**
 * A folder whose own size is below this has some thousand entries at most and is read in one go,
 * which is a few times cheaper than an open one.
 */
const defaultSmallFolderBytes = 64 * 1024;

interface Folder {
  readonly path: string;
  /** Undefined: not known yet. */
  readonly isSmall: boolean | undefined;
}

/** A folder that is being looked into: names of a small one, else read on and on. */
interface OpenFolder {
  readonly path: string;
  readonly names: string[];
  readonly dir: Dir | undefined;
}

export class FolderSize {
  readonly #pending: Folder[];
  readonly #linked = new Set<number>();
  readonly #smallFolderBytes: number;
  #open: OpenFolder | undefined;
  #bytes = 0;
  #isBegun = false;
  #isUnknown = false;

  constructor(path: string, options: { smallFolderBytes?: number | undefined } = {}) {
    this.#pending = [{ path, isSmall: undefined }];
    this.#smallFolderBytes = options.smallFolderBytes ?? defaultSmallFolderBytes;
  }

  /**
   * Looks at so many entries.
   *
   * @returns bytes once it is done (`NaN` when a folder may not be read), else undefined.
   */
  step(entries: number): number | undefined {
    for (let count = 0; count < entries; count++) {
      if (this.#isUnknown || (!this.#open && !this.#openNext())) {
        this.close();
        return this.#isUnknown ? NaN : this.#bytes;
      }
      this.#takeEntry();
    }
    return undefined;
  }

  close(): void {
    this.#pending.length = 0;
    this.#closeFolder();
    this.#linked.clear();
  }

  /** False when all folders were looked into, or one cannot be. */
  #openNext(): boolean {
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      try {
        this.#open = this.#openFolder(next);
        this.#isBegun = true;
        return true;
      } catch (error) {
        // One that was removed since it was found holds nothing any more.
        this.#isUnknown ||= !this.#isBegun || !isAbsent(error);
      }
    }
    return false;
  }

  #openFolder({ path, isSmall }: Folder): OpenFolder {
    if (isSmall ?? lstatSync(path).size < this.#smallFolderBytes) {
      return { path, names: readdirSync(path), dir: undefined };
    }
    return { path, names: [], dir: opendirSync(path, { bufferSize: entriesPerRead }) };
  }

  #takeEntry(): void {
    if (!this.#open) return;
    const { dir, names, path } = this.#open;
    try {
      const name = dir ? dir.readSync()?.name : names.pop();
      if (name === undefined) this.#closeFolder();
      else this.#add(`${path}/${name}`);
    } catch (error) {
      this.#isUnknown ||= !isAbsent(error);
    }
  }

  #add(path: string): void {
    const stats = lstatSync(path);
    if (stats.isDirectory()) this.#push({ path, isSmall: stats.size < this.#smallFolderBytes });
    else if (stats.nlink > 1 && !this.#isFirstLink(stats.ino)) return;
    this.#bytes += stats.blocks * blockBytes;
  }

  #push(folder: Folder): void {
    if (this.#pending.length < maxPending) this.#pending.push(folder);
    else this.#isUnknown = true;
  }

  #isFirstLink(inode: number): boolean {
    if (this.#linked.has(inode)) return false;
    if (this.#linked.size < maxLinked) this.#linked.add(inode);
    return true;
  }

  #closeFolder(): void {
    this.#open?.dir?.closeSync();
    this.#open = undefined;
  }
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
