/**
 * One inode of log, from the moment it is found to the moment it is let go.
 *
 *     opened ── current ──▶ retired ──▶ final ──▶ let go
 *                 │  renamed, deleted,    idle     read, acknowledged and still idle
 *                 │  or not the path's
 *                 └─▶ truncated: a new LogFile of the next generation takes the descriptor over
 *
 * Invariants: `acknowledged <= position <= bytes in the file`; every byte of `[0, position)` (or
 * of `[start, position)`) was handed over exactly once, in order; only `acknowledged` is ever
 * written to a checkpoint.
 */
import { closeSync } from 'node:fs';
import type { CheckpointFile } from '../checkpoint/format.ts';
import {
  fingerprintOf,
  isFingerprintOf,
  makeFileId,
  markerBytes,
  readRange,
  sumMarker,
  verifyContent,
  type FileStat,
  type Fingerprint,
  type Inode,
  type MarkerSum,
} from './identity.ts';
import type { Unpacking } from './unpacker.ts';

const empty = Buffer.alloc(0);
/** Times of change are as fine as the kernel's tick: 10 ms at most. */
const clockTickMs = 20;

export class LogFile implements Inode {
  /** Changes when a host starts anew. */
  device: bigint;
  readonly inode: bigint;
  readonly birthtimeNs: bigint;
  readonly generation: number;
  /** Where it was seen last; a retired file may have moved on since. */
  path: string;
  /** -1 while closed. */
  descriptor = -1;
  fingerprint: Fingerprint | null = null;
  /** Empty until the fingerprint is known. */
  fileId = '';
  /** First byte not yet handed over. */
  position = 0;
  /** First byte not yet acknowledged. */
  acknowledged = 0;
  size = 0;
  mtimeMs = 0;
  /** Size and time of change that were seen before the content was last known to be the same. */
  provenSize = 0;
  provenMtimeMs = 0;
  links = 1;
  isRetired = false;
  /** Nothing more is read of it; it stays until what was read is acknowledged. */
  isAbandoned = false;
  /** Monotonic time of the last growth, or of retirement when that came later. */
  changedAtMs = 0;
  /** Since when the next record waits for its last part; null when none does. */
  partsSinceMs: number | null = null;
  /** Up to where the record that waits has grown, of a path whose lines are looked at. */
  waitsFrom = -1;
  /** Size at which the bytes after `position` were found to be no complete record; -1: not so. */
  waitingSize = -1;
  /**
   * The checkpoint on disk has an entry for this file. Before it has, no chunk of it is published:
   * after a crash the file could come back under another name and inode, and so as another file.
   */
  isPersisted = false;
  /** The marker must be looked at although there is nothing new to read. */
  mustVerify = false;
  /** In the ready ring of the tailer. */
  isQueued = false;
  /** The last bytes before `position`. */
  marker: Buffer = empty;
  /** Of content found in another inode: up to where it was read before, to be found there too. */
  claim: { position: number; marker: MarkerSum } | null = null;
  /** Decompression of what is to be read, under way; nothing is read before. */
  unpacking: Unpacking | null = null;

  /** What was seen of a beginning that is too short to tell. */
  #beginning: Buffer = empty;
  /** Changed so lately when it was looked at that a change since may bear the same time. */
  #mayChangeUnseen = false;
  #acknowledgedMarker: MarkerSum = { bytes: 0, crc: 0 };
  readonly #lag = new LagClock();

  constructor(inode: Inode, path: string, generation = 0) {
    this.device = inode.device;
    this.inode = inode.inode;
    this.birthtimeNs = inode.birthtimeNs;
    this.path = path;
    this.generation = generation;
  }

  static restore(saved: CheckpointFile): LogFile {
    const inode = {
      device: BigInt(saved.device),
      inode: BigInt(saved.inode),
      birthtimeNs: BigInt(saved.birthtime_ns),
    };
    const file = new LogFile(inode, saved.path, saved.generation);
    file.fingerprint = saved.fingerprint;
    file.fileId = saved.file_id;
    file.position = saved.position;
    file.acknowledged = saved.position;
    file.size = Math.max(saved.size, saved.position);
    file.mtimeMs = saved.mtime_ms;
    file.provenSize = saved.proven_size ?? file.size;
    file.provenMtimeMs = saved.proven_mtime_ms ?? file.mtimeMs;
    file.#acknowledgedMarker = saved.marker;
    // An entry from before its beginning was known would not find it again under another inode.
    file.isPersisted = saved.file_id !== '';
    return file;
  }

  /** The same content in another inode, from what was acknowledged on. */
  moveTo({ path, device, inode, birthtimeNs }: Inode & { path: string }): LogFile {
    const moved = LogFile.restore({
      ...this.toCheckpoint(path, 0),
      path,
      device: device.toString(),
      inode: inode.toString(),
      birthtime_ns: birthtimeNs.toString(),
    });
    moved.claim = { position: this.position, marker: this.markerSum };
    return moved;
  }

  get isOpen(): boolean {
    return this.descriptor >= 0;
  }

  get unreadBytes(): number {
    return Math.max(0, this.size - this.position);
  }

  get markerSum(): MarkerSum {
    return this.marker.length > 0 ? sumMarker(this.marker) : this.#acknowledgedMarker;
  }

  attach(descriptor: number, marker: Buffer): void {
    this.descriptor = descriptor;
    this.marker = marker;
  }

  close(): void {
    this.unpacking?.cancel();
    this.unpacking = null;
    if (this.descriptor >= 0) closeSync(this.descriptor);
    this.descriptor = -1;
  }

  abandon(): void {
    this.isAbandoned = true;
    this.isRetired = true;
    this.size = this.position;
    this.close();
  }

  /** Starts at a position other than the beginning; nothing before it is ever read. */
  startAt(position: number, marker: Buffer): void {
    this.position = position;
    this.acknowledged = position;
    this.marker = marker;
    this.#acknowledgedMarker = sumMarker(marker);
  }

  /** `wallMs` is the time by the clock that the file's time of change is of. */
  noteStat(stat: Pick<FileStat, 'size' | 'mtimeMs'>, nowMs: number, wallMs = Infinity): void {
    if (stat.size > this.size) this.changedAtMs = nowMs;
    // Written to and not longer: perhaps truncated, and filled again to the same size.
    else if (stat.mtimeMs !== this.mtimeMs || this.#mayChangeUnseen) this.mustVerify = true;
    this.#mayChangeUnseen = wallMs - stat.mtimeMs < clockTickMs;
    this.size = stat.size;
    this.mtimeMs = stat.mtimeMs;
    this.#lag.noteSize(stat.size, this.acknowledged, nowMs);
  }

  /** The content is what it was: a read found the marker, or all of it was seen. */
  prove(): void {
    this.provenSize = this.size;
    this.provenMtimeMs = this.mtimeMs;
  }

  retire(nowMs: number): void {
    if (this.isRetired) return;
    this.isRetired = true;
    this.changedAtMs = nowMs;
  }

  /** At the beginning there is no marker: what was seen there before must still be there. */
  hasOtherBeginning(block: Buffer): boolean {
    if (this.position > 0) return false;
    if (this.fingerprint !== null) return !isFingerprintOf(block, this.fingerprint);
    return !block.subarray(0, this.#beginning.length).equals(this.#beginning);
  }

  /** Whether all that is known of the content up to the position is there. */
  hasContentOf(descriptor: number): boolean {
    const { fingerprint, position, markerSum: marker } = this;
    if (fingerprint === null) {
      return !this.hasOtherBeginning(readRange(descriptor, 0, this.#beginning.length));
    }
    return verifyContent(descriptor, { fingerprint, position, marker }) !== null;
  }

  /** Makes the file id once the beginning of the file says enough. */
  identify(beginning: Buffer, options: { host: string; isFinal: boolean }): boolean {
    if (this.fileId !== '') return true;
    const fingerprint = fingerprintOf(beginning, options.isFinal);
    if (fingerprint === null) {
      this.#beginning = Buffer.from(beginning);
      return false;
    }
    this.fingerprint = fingerprint;
    this.fileId = makeFileId({
      host: options.host,
      device: this.device,
      inode: this.inode,
      birthtimeNs: this.birthtimeNs,
      fingerprint,
      generation: this.generation,
    });
    return true;
  }

  /** Moves past a chunk that was handed over. */
  advance(chunk: Buffer): void {
    this.position += chunk.length;
    this.marker =
      chunk.length >= markerBytes
        ? Buffer.from(chunk.subarray(chunk.length - markerBytes))
        : Buffer.concat([this.marker, chunk]).subarray(-markerBytes);
    this.size = Math.max(this.size, this.position);
    this.partsSinceMs = null;
    this.waitingSize = -1;
  }

  /** The `read` bytes after the position are not a complete record yet. */
  wait(read: number, options: { hasParts: boolean; nowMs: number }): void {
    this.waitingSize = this.position + read;
    this.size = Math.max(this.size, this.waitingSize);
    this.partsSinceMs = options.hasParts ? (this.partsSinceMs ?? options.nowMs) : null;
  }

  acknowledge(end: number, marker: MarkerSum, nowMs: number): void {
    this.acknowledged = end;
    this.#acknowledgedMarker = marker;
    this.#lag.noteAcknowledged(end, nowMs);
  }

  /** Milliseconds that the oldest byte not yet acknowledged has waited. */
  lagMs(nowMs: number): number {
    return this.#lag.lagMs(this.acknowledged, nowMs);
  }

  toCheckpoint(followed: string, seenAtMs: number): CheckpointFile {
    const isProven = this.provenSize === this.size && this.provenMtimeMs === this.mtimeMs;
    return {
      followed,
      path: this.path,
      file_id: this.fileId,
      device: this.device.toString(),
      inode: this.inode.toString(),
      birthtime_ns: this.birthtimeNs.toString(),
      fingerprint: this.fingerprint,
      generation: this.generation,
      position: this.acknowledged,
      marker: this.#acknowledgedMarker,
      size: this.size,
      mtime_ms: this.mtimeMs,
      ...(isProven ? {} : { proven_size: this.provenSize, proven_mtime_ms: this.provenMtimeMs }),
      seen_at_ms: seenAtMs,
    };
  }
}

/** Remembers when the bytes that are waiting were first seen, by two marks: oldest and newest. */
class LagClock {
  #oldest: { size: number; atMs: number } | null = null;
  #newest: { size: number; atMs: number } | null = null;

  noteSize(size: number, acknowledged: number, nowMs: number): void {
    if (size <= acknowledged) return;
    if (this.#oldest === null) this.#oldest = { size, atMs: nowMs };
    else if (size > (this.#newest ?? this.#oldest).size) this.#newest = { size, atMs: nowMs };
  }

  noteAcknowledged(acknowledged: number, nowMs: number): void {
    if (this.#oldest === null || acknowledged < this.#oldest.size) return;
    this.#oldest = this.#newest && this.#newest.size > acknowledged ? this.#newest : null;
    if (this.#oldest !== null)
      this.#oldest = { ...this.#oldest, atMs: Math.min(this.#oldest.atMs, nowMs) };
    this.#newest = null;
  }

  lagMs(acknowledged: number, nowMs: number): number {
    if (this.#oldest === null || acknowledged >= this.#oldest.size) return 0;
    return Math.max(0, nowMs - this.#oldest.atMs);
  }
}
