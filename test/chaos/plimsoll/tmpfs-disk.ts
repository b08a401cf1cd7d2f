/**
 * A file system in memory with little room. It becomes full by shrinking to what is used of it: that
 * takes no memory and no time, whatever its size.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SmallDisk } from '../pipeline.ts';

/** While others write, what is used is soon more than it was. */
const maxTries = 20;
const slackBytes = 64 * 1024;

export class TmpfsDisk implements SmallDisk {
  readonly name: string;
  readonly folder: string;
  readonly #bytes: number;

  /** @throws where this user may not mount */
  constructor(name: string, folder: string, megabytes: number) {
    this.name = name;
    this.folder = folder;
    this.#bytes = megabytes * 1024 * 1024;
    mkdirSync(folder, { recursive: true });
    mount(['-t', 'tmpfs', '-o', `size=${this.#bytes},mode=0755`, 'chaos', folder]);
  }

  fill(): number {
    for (let tries = 0; tries < maxTries; tries++) {
      const { blocks, bfree, bsize } = statfsSync(this.folder);
      const used = (blocks - bfree) * bsize;
      // Of no bytes would mean of any size; the first tries leave no slack at all.
      const slack = Math.floor(tries / 4) * slackBytes;
      if (this.#resize(Math.max(4096, used + slack))) break;
    }
    return this.freeBytes();
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  free(): void {
    this.#resize(this.#bytes);
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.folder]);
  }

  #resize(bytes: number): boolean {
    try {
      mount(['-o', `remount,size=${bytes}`, this.folder]);
      return true;
    } catch {
      return false;
    }
  }
}

/** Why there can be no such disk here; null: there can. */
export function tmpfsMissing(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-mount-'));
  try {
    new TmpfsDisk('probe', folder, 1).unmount();
    return null;
  } catch {
    return 'file systems cannot be mounted';
  } finally {
    rmdirSync(folder);
  }
}

function mount(args: string[]): void {
  execFileSync('mount', args, { stdio: 'ignore' });
}
