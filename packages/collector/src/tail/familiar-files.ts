/** Which files beside a path are known, under their own name or as what rotation made of them. */
import { closeSync } from 'node:fs';
import type { CheckpointDone } from '../checkpoint/format.ts';
import {
  hasBirthOf,
  isFingerprintOf,
  isSameInode,
  readRange,
  type Fingerprint,
  type Inode,
} from './identity.ts';
import type { LogFile } from './log-file.ts';
import { openSeen } from './open-log.ts';
import { isPackedFrom, PackedFiles } from './packed.ts';
import type { SeenFile } from './siblings.ts';

/** A file let go: not to be taken for a new one while its name, or what it became, is around. */
interface DoneFile extends Inode {
  fingerprint: Fingerprint | null;
  size: number;
  mtimeMs: number;
}

const maxDoneFiles = 256;
/** More than rotation keeps of a log, as a rule. */
const maxSavedFiles = 16;

export class FamiliarFiles {
  readonly packed = new PackedFiles();
  readonly #done: DoneFile[];

  constructor(restored: readonly CheckpointDone[]) {
    this.#done = restored.map((saved) => ({
      device: BigInt(saved.device),
      inode: BigInt(saved.inode),
      birthtimeNs: BigInt(saved.birthtime_ns),
      fingerprint: saved.fingerprint,
      size: saved.size,
      mtimeMs: saved.mtime_ms,
    }));
  }

  /** The file was read to its end and is let go. */
  remember({ device, inode, birthtimeNs, fingerprint, size, mtimeMs }: LogFile): void {
    this.#done.push({ device, inode, birthtimeNs, fingerprint, size, mtimeMs });
    if (this.#done.length > maxDoneFiles) this.#done.shift();
  }

  toCheckpoint(followed: string, seenAtMs: number): CheckpointDone[] {
    return this.#done.slice(-maxSavedFiles).map((file) => ({
      followed,
      device: file.device.toString(),
      inode: file.inode.toString(),
      birthtime_ns: file.birthtimeNs.toString(),
      fingerprint: file.fingerprint,
      size: file.size,
      mtime_ms: file.mtimeMs,
      seen_at_ms: seenAtMs,
    }));
  }

  /** One of `files`, or let go before. */
  has(seen: SeenFile, files: readonly LogFile[]): boolean {
    if (files.some((file) => isSameInode(file, seen))) return true;
    if (this.#done.some((file) => isSameInode(file, seen) && isUnchanged(file, seen))) return true;
    return seen.isPacked && this.#hasContentOf(seen, files);
  }

  /** Another file begins with the same bytes as `file`, so that they tell nothing. */
  hasAlike(file: LogFile, files: readonly LogFile[]): boolean {
    return [...files, ...this.#done].some(
      ({ fingerprint }) =>
        fingerprint !== file.fingerprint && fingerprint?.hash === file.fingerprint?.hash,
    );
  }

  #hasContentOf(seen: SeenFile, files: readonly LogFile[]): boolean {
    const facts = this.packed.factsOf(seen);
    // What is no gzip file yet, or is damaged, cannot be read.
    if (facts === null) return true;
    return (
      files.some((file) => isPackedFrom(file, facts)) ||
      this.#done.some(
        ({ fingerprint, size }) =>
          fingerprint !== null &&
          facts.size === size % 2 ** 32 &&
          isFingerprintOf(facts.beginning, fingerprint),
      )
    );
  }
}

/** The inode of a file let go may have been used again, where times of birth do not tell. */
function isUnchanged(done: DoneFile, seen: SeenFile): boolean {
  if (hasBirthOf(done, seen) || done.fingerprint === null) return true;
  if (seen.size < done.size) return false;
  const { descriptor } = openSeen(seen);
  try {
    return isFingerprintOf(readRange(descriptor, 0, done.fingerprint.bytes), done.fingerprint);
  } finally {
    closeSync(descriptor);
  }
}
