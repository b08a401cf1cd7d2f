/**
 * A path that is followed, and the inodes that carry or carried its name, oldest first. Finds
 * growth, rotation, truncation and deletion by looking; reading is the tailer's.
 *
 * A look costs one stat while nothing but growth happens. Everything else is one procedure,
 * {@link FollowedPath.reconcile}, which also serves the first look and the first look after a
 * restart: match what is known to what is there, then add what is new.
 */
import { closeSync, openSync, statSync } from 'node:fs';
import type { TargetLabels } from '@plimsoll/model';
import type { TailFormat } from './cut.ts';
import {
  isSameInode,
  markerBytes,
  maxFingerprintBytes,
  readRange,
  statDescriptor,
  verifyContent,
  type Inode,
} from './identity.ts';
import { LogFile } from './log-file.ts';
import { listChain, selectFresh, type SeenFile } from './siblings.ts';

export interface PathSpec {
  /** Path to open; the key. */
  path: string;
  /** Path as its owner names it: without `roots.host`. */
  name: string;
  labels: TargetLabels;
  format: TailFormat;
  startAt: 'beginning' | 'end';
  /** Rotated files found at the first look belong to the path and are read first. */
  readsHistory: boolean;
}

/** Bytes that can never be read again. `bytes` counts those known of; there may be more. */
export interface LogGap {
  kind: 'log_gap' | 'log_truncated';
  reason: 'rotated_away_bytes' | 'truncated_bytes' | 'held_files_bytes';
  bytes: number;
  position: number;
  file: LogFile;
  spec: PathSpec;
}

export interface PathOptions {
  host: string;
  onGap: (gap: LogGap) => void;
  /** A retired file that has not grown for as long is complete: its last bytes are shipped. */
  finalAfterMs: number;
  /** A complete file is kept open for as long, in case its writer comes back. */
  letGoAfterMs: number;
  /** Retired files kept per path; the oldest is given up above it. */
  maxRetiredFiles: number;
}

const maxDoneInodes = 256;
const maxRecordLookBack = 1024 * 1024;

export class FollowedPath {
  spec: PathSpec;
  files: LogFile[];
  /** No longer wanted: reads on to the end of what there is, then ends. */
  isEnding = false;
  nextLookMs = 0;
  lookDelayMs = 0;
  /** Why the path cannot be read, such as EACCES; null when all is well or nothing is there. */
  problem: string | null = null;

  readonly #options: PathOptions;
  /** Inodes let go: not to be taken for new ones while their names are still around. */
  readonly #done: Inode[] = [];
  #isKnown: boolean;
  #newestMtimeMs = 0;

  constructor(spec: PathSpec, restored: LogFile[], options: PathOptions) {
    this.spec = spec;
    this.files = restored;
    this.#options = options;
    this.#isKnown = restored.length > 0;
  }

  get current(): LogFile | null {
    const last = this.files.at(-1);
    return last && !last.isRetired ? last : null;
  }

  get isOver(): boolean {
    return this.isEnding && this.files.length === 0;
  }

  /** Looks for changes; true when something other than growth happened. */
  look(nowMs: number): boolean {
    this.problem = null;
    try {
      this.#lookAtRetired(nowMs);
      const isChanged = this.#lookAtCurrent(nowMs);
      this.#giveUpOldest();
      return isChanged;
    } catch (error) {
      const code = errorCode(error);
      // A rotation came between listing and opening: the next look sees it whole.
      if (code === 'ENOENT') return true;
      this.problem = code;
      return false;
    }
  }

  /** The inode was cut or written anew: what it held beyond the position is recovered or counted. */
  restart(file: LogFile, nowMs: number): LogFile {
    const next = new LogFile(file, file.path, file.generation + 1);
    next.attach(file.descriptor, Buffer.alloc(0));
    if (next.isOpen) next.noteStat(statDescriptor(next.descriptor), nowMs);
    next.changedAtMs = nowMs;
    if (file.isRetired) next.retire(nowMs);
    file.descriptor = -1;
    const copy = this.#findCopy(file, listChain(this.spec.path), nowMs);
    this.files = this.files.flatMap((each) => (each === file ? [...copy, next] : [each]));
    const bytes = copy.length > 0 ? 0 : file.unreadBytes;
    this.#report(file, { kind: 'log_truncated', reason: 'truncated_bytes', bytes });
    return next;
  }

  closeAll(): void {
    for (const file of this.files) file.close();
  }

  #lookAtCurrent(nowMs: number): boolean {
    if (this.isEnding) {
      if (this.files.some((file) => !file.isOpen)) this.#reconcile(nowMs);
      for (const file of this.files) file.retire(nowMs);
      return false;
    }
    const current = this.current;
    const stat = statSync(this.spec.path, { throwIfNoEntry: false });
    // Without a current file there may still be rotated ones that were never seen.
    if (!stat?.isFile()) return this.#reconcile(nowMs);
    const isSame =
      current !== null && Number(current.inode) === stat.ino && Number(current.device) === stat.dev;
    if (!isSame) return this.#reconcile(nowMs);
    if (!current.isOpen) {
      // Closed because it was idle: opened again only when something was written.
      const isAlone = this.files.every((file) => file.isOpen || file === current);
      const isIdle = isAlone && current.unreadBytes === 0 && stat.size === current.size;
      return isIdle && stat.mtimeMs === current.mtimeMs ? false : this.#reconcile(nowMs);
    }
    if (stat.size < current.size) {
      this.restart(current, nowMs);
      return true;
    }
    current.noteStat(stat, nowMs);
    return false;
  }

  #lookAtRetired(nowMs: number): void {
    for (const file of this.files) {
      if (!file.isRetired || !file.isOpen) continue;
      const stat = statDescriptor(file.descriptor);
      if (stat.size < file.size) {
        this.restart(file, nowMs);
        continue;
      }
      file.links = stat.links;
      file.noteStat(stat, nowMs);
    }
    this.files = this.files.filter((file) => !this.#isDone(file, nowMs));
  }

  /** Read, acknowledged and quiet for long enough: closed and forgotten. */
  #isDone(file: LogFile, nowMs: number): boolean {
    if (!file.isRetired || file.acknowledged < file.size) return false;
    if (nowMs - file.changedAtMs < this.#options.letGoAfterMs) return false;
    this.#forget(file);
    return true;
  }

  #forget(file: LogFile): void {
    file.close();
    this.#newestMtimeMs = Math.max(this.#newestMtimeMs, file.mtimeMs);
    this.#done.push({ device: file.device, inode: file.inode, birthtimeNs: file.birthtimeNs });
    if (this.#done.length > maxDoneInodes) this.#done.shift();
  }

  #reconcile(nowMs: number): boolean {
    const chain = listChain(this.spec.path);
    const places = new Map<LogFile, number>();
    for (const file of this.files) this.#findPlace(file, { chain, places, nowMs });
    const fresh = this.#openAllFresh(selectFresh(chain, this.#knowledge(chain, places)), nowMs);
    for (const file of fresh) {
      places.set(
        file,
        chain.findIndex((seen) => isSameInode(seen, file)),
      );
    }
    this.#reportOutrun(places, fresh);
    // Known files that are not in the chain any more were there before everything that is.
    const placeOf = (file: LogFile): number => places.get(file) ?? -1;
    this.files = [...this.files, ...fresh].sort((a, b) => placeOf(a) - placeOf(b));
    const currentPlace = chain.findIndex((seen) => seen.isCurrent);
    for (const file of this.files) {
      if (currentPlace < 0 || placeOf(file) !== currentPlace) file.retire(nowMs);
    }
    if (chain.length > 0 || this.files.length > 0) this.#isKnown = true;
    return true;
  }

  #findPlace(
    file: LogFile,
    look: { chain: SeenFile[]; places: Map<LogFile, number>; nowMs: number },
  ): void {
    const index = look.chain.findLastIndex((seen) => isSameInode(seen, file));
    const seen = look.chain[index];
    if (seen) {
      file.path = seen.path;
      if (file.isOpen || this.#reopen(file, seen, look.nowMs)) {
        look.places.set(file, index);
        return;
      }
      const next = this.#takeOver(file, seen, look.nowMs);
      if (next) look.places.set(next, index);
      return;
    }
    if (file.isOpen) return;
    const copy = this.#findCopy(file, look.chain, look.nowMs);
    this.files = this.files.flatMap((each) => (each === file ? copy : [each]));
    if (copy.length === 0) this.#reportMissing(file, look.chain);
    this.#newestMtimeMs = Math.max(this.#newestMtimeMs, file.mtimeMs);
  }

  /** Opens a file that was closed or that a checkpoint named; false when its content is not it. */
  #reopen(file: LogFile, seen: SeenFile, nowMs: number): boolean {
    const descriptor = openLog(seen.path);
    const stat = statDescriptor(descriptor);
    const marker = isSameInode(stat, seen) ? this.#verify(file, descriptor, stat.size) : null;
    if (marker === null) {
      closeSync(descriptor);
      return false;
    }
    file.attach(descriptor, marker);
    file.noteStat(stat, nowMs);
    file.changedAtMs = nowMs;
    return true;
  }

  #verify(file: LogFile, descriptor: number, size: number): Buffer | null {
    if (size < file.size) return null;
    if (file.fingerprint === null) return Buffer.alloc(0);
    const { fingerprint, position } = file;
    return verifyContent(descriptor, { fingerprint, position, marker: file.markerSum });
  }

  /** The inode is the same and its content is not: truncated, or used again for another file. */
  #takeOver(file: LogFile, seen: SeenFile, nowMs: number): LogFile | null {
    const descriptor = openLog(seen.path);
    file.attach(descriptor, Buffer.alloc(0));
    return this.restart(file, nowMs);
  }

  /**
   * The same content in another inode: what a copy-and-truncate rotation leaves. Goes on from the
   * acknowledged position under the same file id; what was in flight is sent again and trimmed.
   */
  #findCopy(file: LogFile, chain: readonly SeenFile[], nowMs: number): LogFile[] {
    if (file.fingerprint === null || file.fileId === '') return [];
    const saved = file.toCheckpoint(this.spec.path, 0);
    const claim = {
      fingerprint: file.fingerprint,
      position: saved.position,
      marker: saved.marker,
    };
    for (const seen of chain) {
      if (seen.isCurrent || seen.size < claim.position || this.#isFamiliar(seen)) continue;
      const descriptor = openLog(seen.path);
      const marker = verifyContent(descriptor, claim);
      if (marker === null) {
        closeSync(descriptor);
        continue;
      }
      const copy = LogFile.restore({
        ...saved,
        path: seen.path,
        device: seen.device.toString(),
        inode: seen.inode.toString(),
        birthtime_ns: seen.birthtimeNs.toString(),
      });
      copy.attach(descriptor, marker);
      copy.noteStat(statDescriptor(descriptor), nowMs);
      copy.retire(nowMs);
      return [copy];
    }
    return [];
  }

  /** All or none: when one cannot be opened, the look is made again. */
  #openAllFresh(fresh: readonly SeenFile[], nowMs: number): LogFile[] {
    const opened: LogFile[] = [];
    try {
      for (const seen of fresh) opened.push(this.#openFresh(seen, nowMs));
      return opened;
    } catch (error) {
      for (const file of opened) file.close();
      throw error;
    }
  }

  #openFresh(seen: SeenFile, nowMs: number): LogFile {
    const descriptor = openLog(seen.path);
    const stat = statDescriptor(descriptor);
    const file = new LogFile(stat, seen.path);
    file.attach(descriptor, Buffer.alloc(0));
    if (!isSameInode(stat, seen)) {
      file.close();
      throw Object.assign(new Error(`${seen.path}: was rotated while opened`), { code: 'ENOENT' });
    }
    file.changedAtMs = nowMs;
    if (!this.#isKnown && this.spec.startAt === 'end') this.#startAtEnd(file, stat.size);
    file.noteStat(stat, nowMs);
    return file;
  }

  /** After the last complete line; a file whose beginning is too short to know starts at 0. */
  #startAtEnd(file: LogFile, size: number): void {
    const beginning = readRange(file.descriptor, 0, maxFingerprintBytes);
    if (!file.identify(beginning, { host: this.#options.host, isFinal: false })) return;
    const from = Math.max(0, size - maxRecordLookBack);
    const tail = readRange(file.descriptor, from, size - from);
    const newline = tail.lastIndexOf(0x0a);
    const position = newline < 0 ? size : from + newline + 1;
    const markerStart = Math.max(0, position - markerBytes);
    file.startAt(position, readRange(file.descriptor, markerStart, position - markerStart));
  }

  #knowledge(chain: readonly SeenFile[], places: ReadonlyMap<LogFile, number>) {
    const isFamiliar = (seen: SeenFile): boolean => this.#isFamiliar(seen);
    return {
      isKnown: this.#isKnown,
      readsHistory: this.spec.readsHistory && this.spec.startAt === 'beginning',
      newestMtimeMs: this.files.reduce(
        (newest, file) => Math.max(newest, file.mtimeMs),
        this.#newestMtimeMs,
      ),
      newestIndex: Math.max(chain.findLastIndex(isFamiliar), ...places.values()),
      isFamiliar,
    };
  }

  #isFamiliar(seen: Inode): boolean {
    return (
      this.files.some((file) => isSameInode(file, seen)) ||
      this.#done.some((inode) => isSameInode(inode, seen))
    );
  }

  /**
   * The current file was rotated out of existence, and rotated files that were never seen are
   * there: whether others came and went between them cannot be known.
   */
  #reportOutrun(places: ReadonlyMap<LogFile, number>, fresh: readonly LogFile[]): void {
    const { current } = this;
    if (current === null || places.has(current) || fresh.length < 2) return;
    this.#report(current, { kind: 'log_gap', reason: 'rotated_away_bytes', bytes: 0 });
  }

  #reportMissing(file: LogFile, chain: readonly SeenFile[]): void {
    const isReplaced = chain.some((seen) => seen.isCurrent);
    if (file.unreadBytes === 0 && !isReplaced) return;
    this.#report(file, {
      kind: 'log_gap',
      reason: 'rotated_away_bytes',
      bytes: file.unreadBytes,
    });
  }

  #giveUpOldest(): void {
    const retired = this.files.filter((file) => file.isRetired);
    for (const file of retired.slice(
      0,
      Math.max(0, retired.length - this.#options.maxRetiredFiles),
    )) {
      this.giveUp(file);
    }
  }

  /** Lets a file go before it was read to its end. */
  giveUp(file: LogFile): void {
    this.files = this.files.filter((each) => each !== file);
    const bytes = file.unreadBytes;
    if (bytes > 0) this.#report(file, { kind: 'log_gap', reason: 'held_files_bytes', bytes });
    this.#forget(file);
  }

  #report(file: LogFile, loss: Pick<LogGap, 'kind' | 'reason' | 'bytes'>): void {
    this.#options.onGap({ ...loss, position: file.position, file, spec: this.spec });
  }
}

function openLog(path: string): number {
  return openSync(path, 'r');
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
