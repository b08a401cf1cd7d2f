/**
 * Which file this is. A path names different files over time and an inode number is used again,
 * so a file is known by device, inode, time of birth and a fingerprint of its content.
 *
 * - fingerprint: a hash over the first line, or over the first 1 KiB when the line is longer. It
 *   is not known before there is that much; so it is the same whenever the file is first looked at.
 * - generation: how often the file was seen to be truncated. A rewritten file may begin with the
 *   same line again and must not be taken for its former self.
 * - marker: the bytes just before a position. They must still be there when reading goes on.
 *
 * The file id hashes all but the marker, with the host. It is what ingest compares when a chunk
 * comes twice, so it must be the same after a crash, and never the same for other content.
 */
import { createHash } from 'node:crypto';
import { fstatSync, readSync, statSync } from 'node:fs';
import { crc32 } from 'node:zlib';

export const maxFingerprintBytes = 1024;
export const markerBytes = 64;

export interface Fingerprint {
  /** Bytes from the start of the file that were hashed. */
  bytes: number;
  /** SHA-256, first 16 bytes in hexadecimal. */
  hash: string;
}

/** What the file system says; `birthtimeNs` is 0 where it does not know. */
export interface Inode {
  device: bigint;
  inode: bigint;
  birthtimeNs: bigint;
}

export interface FileStat extends Inode {
  size: number;
  /** Milliseconds since 1970, with a fraction. */
  mtimeMs: number;
  /** Names that lead to the file; 0 when it was deleted and lives by its open descriptors. */
  links: number;
}

/**
 * Where a sandbox forbids statx, libuv puts the time of change in place of the time of birth. No
 * file of procfs has a time of birth, so one that claims to have one tells.
 */
const hasBirthTimes = !claimsBirth('/proc/self');

function claimsBirth(path: string): boolean {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat !== undefined && stat.birthtimeNs > 0n;
}

export function statDescriptor(descriptor: number): FileStat {
  return toFileStat(fstatSync(descriptor, { bigint: true }));
}

export function toFileStat(stat: {
  dev: bigint;
  ino: bigint;
  birthtimeNs: bigint;
  size: bigint;
  mtimeNs: bigint;
  nlink: bigint;
}): FileStat {
  return {
    device: stat.dev,
    inode: stat.ino,
    birthtimeNs: hasBirthTimes ? stat.birthtimeNs : 0n,
    size: Number(stat.size),
    mtimeMs: Number(stat.mtimeNs / 1_000_000n) + Number(stat.mtimeNs % 1_000_000n) / 1e6,
    links: Number(stat.nlink),
  };
}

/**
 * Of files in one folder, so of one file system: device numbers may change with a reboot. Where times
 * of birth are not known an inode may have been used again: content is compared besides, wherever
 * the descriptor was not kept.
 */
export function isSameInode(a: Inode, b: Inode): boolean {
  if (a.inode !== b.inode) return false;
  return !hasBirthOf(a, b) || a.birthtimeNs === b.birthtimeNs;
}

export function hasBirthOf(a: Inode, b: Inode): boolean {
  return a.birthtimeNs > 0n && b.birthtimeNs > 0n;
}

/** Null when the file's beginning is too short to tell; `isFinal` takes what there is. */
export function fingerprintOf(beginning: Buffer, isFinal = false): Fingerprint | null {
  const newline = beginning.subarray(0, maxFingerprintBytes).indexOf(0x0a);
  if (newline >= 0) return hashFingerprint(beginning.subarray(0, newline + 1));
  if (beginning.length >= maxFingerprintBytes || (isFinal && beginning.length > 0)) {
    return hashFingerprint(beginning.subarray(0, maxFingerprintBytes));
  }
  return null;
}

function hashFingerprint(bytes: Buffer): Fingerprint {
  return {
    bytes: bytes.length,
    hash: createHash('sha256').update(bytes).digest('hex').slice(0, 32),
  };
}

export function isFingerprintOf(beginning: Buffer, { bytes, hash }: Fingerprint): boolean {
  return beginning.length >= bytes && hashFingerprint(beginning.subarray(0, bytes)).hash === hash;
}

export interface FileIdParts extends Inode {
  host: string;
  fingerprint: Fingerprint;
  generation: number;
}

/** 32 hexadecimal digits; see the head of this file. */
export function makeFileId(parts: FileIdParts): string {
  const text = [
    parts.host,
    parts.device,
    parts.inode,
    parts.birthtimeNs,
    parts.fingerprint.hash,
    parts.generation,
  ].join('\0');
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** A marker as a checkpoint keeps it. */
export interface MarkerSum {
  bytes: number;
  crc: number;
}

export function sumMarker(marker: Buffer): MarkerSum {
  return { bytes: marker.length, crc: crc32(marker) };
}

/** Bytes `[start, start + length)` of a file, fewer at its end. */
export function readRange(descriptor: number, start: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const count = readSync(descriptor, bytes, read, length - read, start + read);
    if (count === 0) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

export interface ContentClaim {
  fingerprint: Fingerprint;
  position: number;
  marker: MarkerSum;
}

/** The marker's bytes when the file still has the content it had at that position, else null. */
export function verifyContent(descriptor: number, claim: ContentClaim): Buffer | null {
  const beginning = readRange(descriptor, 0, claim.fingerprint.bytes);
  if (!isFingerprintOf(beginning, claim.fingerprint)) return null;
  const marker = readRange(descriptor, claim.position - claim.marker.bytes, claim.marker.bytes);
  const isUnchanged = marker.length === claim.marker.bytes && crc32(marker) === claim.marker.crc;
  return isUnchanged ? marker : null;
}
