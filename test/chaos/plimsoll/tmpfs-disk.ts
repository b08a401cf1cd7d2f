/**
 * A file system in memory with little room. It becomes full by shrinking to what is used of it: that
 * takes no memory and no time, whatever its size. Where something watches how much is free, it is left
 * a moment with a little, as a disk is that others fill.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SmallDisk } from '../pipeline.ts';

/** While others write, what is used is soon more than it was. */
const maxTries = 20;
const slackBytes = 64 * 1024;

export interface TmpfsDiskOptions {
  name: string;
  folder: string;
  megabytes: number;
  approach?: Approach | undefined;
}

/** What is free for how long before nothing is. */
export interface Approach {
  freeBytes: number;
  ms: number;
}

export class TmpfsDisk implements SmallDisk {
  readonly name: string;
  readonly folder: string;
  readonly #bytes: number;
  readonly #approach: Approach | null;

  /** @throws where this user may not mount */
  constructor({ name, folder, megabytes, approach }: TmpfsDiskOptions) {
    this.name = name;
    this.folder = folder;
    this.#approach = approach ?? null;
    this.#bytes = megabytes * 1024 * 1024;
    mkdirSync(folder, { recursive: true });
    mount(['-t', 'tmpfs', '-o', `size=${this.#bytes},mode=0755`, 'chaos', folder]);
  }

  async fill(): Promise<number> {
    if (this.#approach && this.freeBytes() > this.#approach.freeBytes) {
      this.#resize(this.#used() + this.#approach.freeBytes);
      await sleep(this.#approach.ms);
    }
    for (let tries = 0; tries < maxTries; tries++) {
      // Of no bytes would mean of any size; the first tries leave no slack at all.
      const slack = Math.floor(tries / 4) * slackBytes;
      if (this.#resize(Math.max(4096, this.#used() + slack))) break;
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

  #used(): number {
    const { blocks, bfree, bsize } = statfsSync(this.folder);
    return (blocks - bfree) * bsize;
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
    new TmpfsDisk({ name: 'probe', folder, megabytes: 1 }).unmount();
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
