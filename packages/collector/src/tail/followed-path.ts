/**
 * A path that is followed, and the inodes that carry or carried its name, oldest first. Finds
 * growth, rotation, truncation and deletion by looking; reading is the tailer's.
 *
 * A look costs one stat while nothing but growth happens. Everything else is one procedure,
 * {@link FollowedPath.reconcile}, which also serves the first look and the first look after a
 * restart: match what is known to what is there, then add what is new.
 */
import { closeSync, statSync } from 'node:fs';
import { isSameInode, statDescriptor, verifyContent } from './identity.ts';
import { FamiliarFiles } from './familiar-files.ts';
import { findContent, type FoundContent } from './find-content.ts';
import { LogFile } from './log-file.ts';
import { openSeen, startAtEnd } from './open-log.ts';
import { LookPace } from './look-pace.ts';
import type { LogGap, PathSpec } from './path-spec.ts';
import type { RestoredPath, TailCheckpoint } from './restored-paths.ts';
import { listChain, selectFresh, type SeenFile } from './siblings.ts';
import type { Unpacker } from './unpacker.ts';

export interface PathOptions {
  host: string;
  wallMs: () => number;
  onGap: (gap: LogGap) => void;
  /** A retired file that has not grown for as long is complete: its last bytes are shipped. */
  finalAfterMs: number;
  /** A complete file is kept open for as long, in case its writer comes back. */
  letGoAfterMs: number;
  /** Retired files kept per path; the oldest is given up above it. */
  maxRetiredFiles: number;
  unpacker: Unpacker;
}

export class FollowedPath {
  spec: PathSpec;
  files: LogFile[];
  /** No longer wanted: reads on to the end of what there is, then ends. */
  isEnding = false;
  nextLookMs = 0;
  lookDelayMs = 0;
  readonly pace = new LookPace();
  /** Why the path cannot be read, such as EACCES; null when all is well or nothing is there. */
  problem: string | null = null;

  readonly #options: PathOptions;
  readonly #familiar: FamiliarFiles;
  #isKnown: boolean;
  #newestMtimeMs: number;

  constructor(spec: PathSpec, { files, done }: RestoredPath, options: PathOptions) {
    this.spec = spec;
    this.files = files;
    this.#options = options;
    this.#familiar = new FamiliarFiles(done);
    this.#isKnown = files.length > 0 || done.length > 0;
    this.#newestMtimeMs = Math.max(0, ...done.map((file) => file.mtime_ms));
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
      this.#takeUnpacked(nowMs);
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

  /**
   * The inode was cut or written anew: what it held beyond the position is recovered from where
   * rotation copied it, or counted.
   *
   * @param knownSize what is known to have been in the file
   */
  restart(file: LogFile, nowMs: number, knownSize = file.size): LogFile {
    const next = new LogFile(file, file.path, file.generation + 1);
    next.attach(file.descriptor, Buffer.alloc(0));
    if (next.isOpen) next.noteStat(statDescriptor(next.descriptor), nowMs);
    next.changedAtMs = nowMs;
    if (file.isRetired) next.retire(nowMs);
    file.descriptor = -1;
    this.files = this.files.map((each) => (each === file ? next : each));
    const chain = listChain(this.spec.path);
    const found = this.#findContent(file, chain, true);
    const copy = found ? [this.#adopt(file, found, nowMs)] : [];
    const copyPlace = found ? chain.indexOf(found.seen) : -1;
    const between = this.#openAllFresh(this.#copiesSince(file, chain, copyPlace), nowMs);
    for (const each of between) each.retire(nowMs);
    this.files = this.files.flatMap((each) =>
      each === next ? [...copy, ...between, next] : [each],
    );
    // Nothing tells which copy is of a file whose beginning was not known: one of them.
    const isCopied = found !== null || (file.fileId === '' && between.length > 0);
    const bytes = isCopied ? 0 : Math.max(0, knownSize - file.position);
    this.#report(file, { kind: 'log_truncated', reason: 'truncated_bytes', bytes });
    return next;
  }

  closeAll(): void {
    for (const file of this.files) file.close();
  }

  toCheckpoint(seenAtMs: number): TailCheckpoint {
    const files = this.files.map((file) => file.toCheckpoint(this.spec.path, seenAtMs));
    return { files, done: this.#familiar.toCheckpoint(this.spec.path, seenAtMs) };
  }

  #lookAtCurrent(nowMs: number): boolean {
    if (this.isEnding) {
      if (this.files.some((file) => !file.isOpen)) this.#reconcile(nowMs);
      else if (this.current) this.#lookAtOpen(this.current, nowMs);
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
    current.noteStat(stat, nowMs, this.#options.wallMs());
    return false;
  }

  #lookAtRetired(nowMs: number): void {
    for (const file of this.files) if (file.isRetired) this.#lookAtOpen(file, nowMs);
    this.files = this.files.filter((file) => !this.#isDone(file, nowMs));
  }

  /** By its descriptor, whatever name it has. */
  #lookAtOpen(file: LogFile, nowMs: number): void {
    if (!file.isOpen) return;
    const stat = statDescriptor(file.descriptor);
    file.links = stat.links;
    if (stat.size < file.size) this.restart(file, nowMs);
    else file.noteStat(stat, nowMs, this.#options.wallMs());
  }

  #verifyOpen(file: LogFile, nowMs: number): void {
    if (!file.isOpen) return;
    this.#lookAtOpen(file, nowMs);
    if (file.isOpen && !file.hasContentOf(file.descriptor)) {
      this.restart(file, nowMs, file.provenSize);
    }
  }

  /** Read, acknowledged and quiet for long enough: closed and forgotten. */
  #isDone(file: LogFile, nowMs: number): boolean {
    if (!file.isRetired || file.unpacking || file.acknowledged < file.size) return false;
    const isQuiet = nowMs - file.changedAtMs >= this.#options.letGoAfterMs;
    if (!isQuiet && !file.isAbandoned) return false;
    this.#forget(file);
    return true;
  }

  #forget(file: LogFile): void {
    file.close();
    this.#newestMtimeMs = Math.max(this.#newestMtimeMs, file.mtimeMs);
    this.#familiar.remember(file);
  }

  #reconcile(nowMs: number): boolean {
    // What was cut may have been copied before: a copy is found for it before it is taken for new.
    for (const file of this.files) this.#verifyOpen(file, nowMs);
    const chain = listChain(this.spec.path);
    const places = new Map<LogFile, number>();
    // Who knows what to look for comes first.
    const byKnowledge = this.files.toSorted((a, b) => knowledgeOf(b) - knowledgeOf(a));
    for (const file of byKnowledge) this.#findPlace(file, { chain, places, nowMs });
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
      if (file.isOpen || file.isAbandoned || this.#reopen(file, seen, look.nowMs)) {
        look.places.set(file, index);
        return;
      }
      const next = this.#takeOver(file, seen, look.nowMs);
      if (next) look.places.set(next, index);
      return;
    }
    if (file.isOpen || file.isAbandoned || file.unpacking) return;
    const found = this.#findContent(file, look.chain, false);
    const moved = found && this.#adopt(file, found, look.nowMs);
    this.files = this.files.flatMap((each) => (each === file ? (moved ?? []) : [each]));
    if (moved) look.places.set(moved, look.chain.indexOf(found.seen));
    else this.#reportMissing(file, look.chain);
    this.#newestMtimeMs = Math.max(this.#newestMtimeMs, file.mtimeMs);
  }

  /** Opens a file that was closed or that a checkpoint named; false when its content is not it. */
  #reopen(file: LogFile, seen: SeenFile, nowMs: number): boolean {
    if (seen.isPacked && (file.unpacking || file.unreadBytes === 0)) return true;
    const { descriptor, stat } = openSeen(seen);
    if (seen.isPacked) {
      file.unpacking = this.#options.unpacker.start(descriptor);
      return true;
    }
    const marker = this.#verify(file, descriptor, stat.size);
    if (marker === null) {
      closeSync(descriptor);
      return false;
    }
    file.attach(descriptor, marker);
    file.device = stat.device;
    file.noteStat(stat, nowMs);
    file.changedAtMs = nowMs;
    return true;
  }

  #verify(file: LogFile, descriptor: number, size: number): Buffer | null {
    if (size < file.size) return null;
    if (file.fingerprint === null) return Buffer.alloc(0);
    const { fingerprint, position, claim } = file;
    if (claim && verifyContent(descriptor, { fingerprint, ...claim }) === null) return null;
    return verifyContent(descriptor, { fingerprint, position, marker: file.markerSum });
  }

  /** The inode is the same and its content is not: truncated, or used again for another file. */
  #takeOver(file: LogFile, seen: SeenFile, nowMs: number): LogFile {
    const { descriptor, stat } = openSeen(seen);
    file.attach(descriptor, file.marker);
    file.device = stat.device;
    return this.restart(file, nowMs);
  }

  #findContent(
    file: LogFile,
    chain: readonly SeenFile[],
    isTruncated: boolean,
  ): FoundContent | null {
    const others = this.files.filter((other) => other !== file);
    return findContent(file, {
      chain,
      isFamiliar: (seen) => this.#familiar.has(seen, others),
      packed: this.#familiar.packed,
      isTruncated,
      isAlike: this.#familiar.hasAlike(file, others),
    });
  }

  /**
   * The same content in another inode. Goes on from the acknowledged position under the same file
   * id; what was in flight is sent again and trimmed.
   */
  #adopt(file: LogFile, found: FoundContent, nowMs: number): LogFile {
    const { seen, descriptor, size, marker } = found;
    const moved = file.moveTo(seen);
    if (seen.isPacked) this.#unpack(moved, descriptor, size);
    else {
      moved.attach(descriptor, marker);
      moved.noteStat(statDescriptor(descriptor), nowMs);
    }
    moved.retire(nowMs);
    return moved;
  }

  /** Also what holds no more than was read: only then is it known to be what it was taken for. */
  #unpack(file: LogFile, packed: number, size: number): void {
    file.size = Math.max(file.position, size);
    file.unpacking = this.#options.unpacker.start(packed);
  }

  /** What was decompressed meanwhile can be read from now on. */
  #takeUnpacked(nowMs: number): void {
    for (const file of this.files) {
      if (!file.unpacking) continue;
      const descriptor = file.unpacking.take();
      if (descriptor < 0 && file.unpacking.problem === null) continue;
      file.unpacking = null;
      const stat = descriptor < 0 ? null : statDescriptor(descriptor);
      const marker = stat && this.#verify(file, descriptor, Math.max(stat.size, file.size));
      if (stat && marker) {
        file.attach(descriptor, marker);
        file.noteStat(stat, nowMs);
        file.changedAtMs = nowMs;
        continue;
      }
      this.giveUp(file, 'rotated_away_bytes');
      if (stat) this.#readAsItsOwn(file, descriptor, nowMs);
    }
  }

  /** What was decompressed is not what it was taken for. */
  #readAsItsOwn(file: LogFile, descriptor: number, nowMs: number): void {
    const own = new LogFile(file, file.path);
    own.attach(descriptor, Buffer.alloc(0));
    own.noteStat(statDescriptor(descriptor), nowMs);
    own.retire(nowMs);
    this.files.unshift(own);
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
    const { descriptor, stat } = openSeen(seen);
    const file = new LogFile(stat, seen.path);
    file.changedAtMs = nowMs;
    if (seen.isPacked) {
      this.#unpack(file, descriptor, this.#familiar.packed.factsOf(seen)?.size ?? 0);
      return file;
    }
    file.attach(descriptor, Buffer.alloc(0));
    if (!this.#isKnown && this.spec.startAt === 'end') {
      startAtEnd(file, stat.size, this.#options.host);
    }
    file.noteStat(stat, nowMs);
    return file;
  }

  /** Files that rotation copied from an inode after the copy of the content that was known. */
  #copiesSince(file: LogFile, chain: readonly SeenFile[], copyPlace: number): SeenFile[] {
    return selectFresh(chain, {
      isKnown: true,
      readsHistory: false,
      newestMtimeMs: file.provenMtimeMs,
      newestIndex: copyPlace,
      isFamiliar: (seen) => seen.isCurrent || this.#isFamiliar(seen),
    });
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

  #isFamiliar(seen: SeenFile): boolean {
    return this.#familiar.has(seen, this.files);
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
    const retired = this.files.filter((file) => file.isRetired && !file.isAbandoned);
    const tooMany = Math.max(0, retired.length - this.#options.maxRetiredFiles);
    for (const file of retired.slice(0, tooMany)) this.giveUp(file);
  }

  /**
   * Lets a file go before it was read to its end. What is in flight of it stays in the checkpoint
   * until it is acknowledged.
   */
  giveUp(file: LogFile, reason: LogGap['reason'] = 'held_files_bytes'): void {
    const bytes = file.unreadBytes;
    if (bytes > 0) this.#report(file, { kind: 'log_gap', reason, bytes });
    file.abandon();
  }

  #report(file: LogFile, loss: Pick<LogGap, 'kind' | 'reason' | 'bytes'>): void {
    this.#options.onGap({ ...loss, position: file.position, file, spec: this.spec });
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function knowledgeOf(file: LogFile): number {
  return file.fingerprint === null ? 0 : 1;
}
