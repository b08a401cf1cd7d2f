/**
 * Where the content of a file went when its inode has another, or is gone: rotation by copy and
 * truncate leaves it in a copy, compression in a gzip file.
 *
 * Every file of a log may begin with the same line. In doubt a file is nothing's continuation and
 * is read as one of its own: what comes twice is better than what is trimmed and was never there.
 */
import { closeSync, openSync } from 'node:fs';
import {
  isFingerprintOf,
  isSameInode,
  readRange,
  verifyContent,
  type Fingerprint,
} from './identity.ts';
import type { LogFile } from './log-file.ts';
import type { PackedFiles } from './packed.ts';
import { isPackedName, type SeenFile } from './siblings.ts';

/** A file with the content, opened. */
export interface FoundContent {
  seen: SeenFile;
  descriptor: number;
  /** Bytes of content; of a compressed file as it says itself. */
  size: number;
  /** The bytes before the acknowledged position; of a compressed file not known yet. */
  marker: Buffer;
}

export interface ContentSearch {
  chain: readonly SeenFile[];
  /** Known, or read before. */
  isFamiliar: (seen: SeenFile) => boolean;
  packed: PackedFiles;
  /** The inode is there and its content is not: rotation copied it. Else it was removed. */
  isTruncated: boolean;
  /** Another file of the path is known to begin with the same bytes. */
  isAlike: boolean;
}

/** The oldest file that has what is known of `file`, and at least as much as is known of it. */
export function findContent(file: LogFile, search: ContentSearch): FoundContent | null {
  // What was compressed is not compressed again: it was removed.
  if (isPackedName(file.path)) return null;
  for (const seen of search.chain) {
    if (seen.isCurrent || isSameInode(seen, file) || search.isFamiliar(seen)) continue;
    const found = seen.isPacked ? openPacked(file, seen, search) : openCopy(file, seen, search);
    if (found) return found;
  }
  return null;
}

function openCopy(file: LogFile, seen: SeenFile, search: ContentSearch): FoundContent | null {
  const { fingerprint, provenSize, provenMtimeMs } = file;
  if (fingerprint === null || seen.size < provenSize) return null;
  // More than the beginning must agree, or else the time, and no other file begin like it.
  const isMoreThanBeginning = file.position > fingerprint.bytes;
  const isMadeSince = search.isTruncated && madeAtMs(seen) >= provenMtimeMs - 1;
  const isDoubtful = search.isAlike || isOneOfMany(seen, fingerprint, search);
  if (!isMoreThanBeginning && (!isMadeSince || isDoubtful)) return null;
  const descriptor = openSync(seen.path, 'r');
  const marker = verifyClaims(file, descriptor);
  if (marker === null) {
    closeSync(descriptor);
    return null;
  }
  return { seen, descriptor, size: seen.size, marker };
}

/** At the latest, where the time of birth is not known. */
function madeAtMs({ birthtimeNs, mtimeMs }: SeenFile): number {
  return birthtimeNs > 0n ? Number(birthtimeNs) / 1e6 : mtimeMs;
}

/** The bytes before what was acknowledged, when those before what was read are there as well. */
function verifyClaims(file: LogFile, descriptor: number): Buffer | null {
  const { fingerprint, position, markerSum } = file;
  if (fingerprint === null) return null;
  if (verifyContent(descriptor, { fingerprint, position, marker: markerSum }) === null) return null;
  const acknowledged = file.toCheckpoint('', 0);
  return verifyContent(descriptor, { ...acknowledged, fingerprint });
}

function isOneOfMany(found: SeenFile, fingerprint: Fingerprint, { chain }: ContentSearch): boolean {
  return chain.some((seen) => {
    if (seen === found || seen.isPacked) return false;
    const descriptor = openSync(seen.path, 'r');
    const beginning = readRange(descriptor, 0, fingerprint.bytes);
    closeSync(descriptor);
    return isFingerprintOf(beginning, fingerprint);
  });
}

/** What is before the position is compared when it is decompressed. */
function openPacked(file: LogFile, seen: SeenFile, search: ContentSearch): FoundContent | null {
  const { fingerprint, provenSize, provenMtimeMs } = file;
  // Compression keeps the time of change, to the second, or sets a later one.
  if (seen.mtimeMs < provenMtimeMs - 1000) return null;
  if (search.isAlike && file.acknowledged <= (fingerprint?.bytes ?? 0)) return null;
  const facts = search.packed.factsOf(seen);
  if (facts === null || facts.size < provenSize % 2 ** 32) return null;
  // Of a file that was never read there is no more to compare.
  if (fingerprint !== null && !isFingerprintOf(facts.beginning, fingerprint)) return null;
  const descriptor = openSync(seen.path, 'r');
  return { seen, descriptor, size: facts.size, marker: Buffer.alloc(0) };
}
