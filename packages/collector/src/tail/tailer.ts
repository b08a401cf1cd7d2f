/**
 * Follows many paths fairly: looks at each when it is due, reads one block of each file that has
 * grown, in turn, and hands the blocks' complete records to the sink. One caller runs
 * {@link Tailer.pass} in a loop; nothing here runs by itself, so there is one thread of change.
 *
 * A path that grows is looked at every poll interval, an idle one ever more seldom, up to
 * `maxPollIntervalMs`. When the sink has no room, reading stops; looking goes on, so that files
 * rotated away meanwhile are held open and read later.
 */
import { existsSync } from 'node:fs';
import { limits, type TargetLabels } from '@plimsoll/model';
import type { CheckpointFile } from '../checkpoint/format.ts';
import { cutBlock } from './cut.ts';
import { FollowedPath, type LogGap, type PathSpec } from './followed-path.ts';
import { LogFile } from './log-file.ts';
import { readBlock } from './read-block.ts';

export interface TailChunk {
  file: LogFile;
  spec: PathSpec;
  start: number;
  end: number;
  lines: number;
}

export interface ChunkSink {
  /** Memory to read up to `bytes` into, valid until the next call; null: no room now. */
  reserve(bytes: number): Buffer | null;
  /** The first bytes of what was reserved last, `end - start` of them, are a chunk. */
  commit(chunk: TailChunk): void;
}

export interface TailerOptions {
  host: string;
  sink: ChunkSink;
  onGap: (gap: LogGap) => void;
  /** A path became unreadable (with the error's code), or readable again (null). */
  onProblem: (path: string, problem: string | null) => void;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  wallMs: () => number;
  pollIntervalMs: number;
  maxOpenFiles: number;
  /** For tests; the defaults are in {@link tailDefaults}. */
  timing?: Partial<typeof tailDefaults>;
  restored?: readonly CheckpointFile[];
}

export const tailDefaults = {
  maxPollIntervalMs: 1000,
  finalAfterMs: 5000,
  letGoAfterMs: 30_000,
  /** Longest the parts of a split line wait for the last one. */
  maxPartsWaitMs: 5000,
  retryUnreadableMs: 5000,
  maxRetiredFiles: 64,
  /** A path of the checkpoint that nobody has followed for as long is forgotten. */
  forgetAfterMs: 14 * 24 * 3_600_000,
  /** Unread bytes of deleted files that open descriptors keep on the disk, of all paths. */
  maxHeldDeletedBytes: 2 * 1024 ** 3,
};

const blocksPerPass = 32;
/** Looks that open files and list folders, before others may run. */
const changesPerPass = 64;

export class Tailer {
  linesRead = 0;
  bytesRead = 0;

  readonly #options: TailerOptions;
  readonly #timing: typeof tailDefaults;
  readonly #paths = new Map<string, FollowedPath>();
  readonly #restored = new Map<string, CheckpointFile[]>();
  #ready: { path: FollowedPath; file: LogFile }[] = [];
  #nextBoundsMs = 0;

  constructor(options: TailerOptions) {
    this.#options = options;
    this.#timing = { ...tailDefaults, ...options.timing };
    for (const saved of options.restored ?? []) {
      const list = this.#restored.get(saved.followed);
      if (list) list.push(saved);
      else this.#restored.set(saved.followed, [saved]);
    }
  }

  /** Starts to follow a path, or changes what is known of one that is followed. */
  follow(spec: PathSpec): void {
    const followed = this.#paths.get(spec.path);
    if (followed) {
      followed.isEnding = false;
      followed.spec = spec;
      followed.nextLookMs = 0;
      followed.lookDelayMs = 0;
      return;
    }
    const saved = this.#restored.get(spec.path) ?? [];
    this.#restored.delete(spec.path);
    const path = new FollowedPath(
      spec,
      saved.map((each) => LogFile.restore(each)),
      {
        host: this.#options.host,
        onGap: this.#options.onGap,
        finalAfterMs: this.#timing.finalAfterMs,
        letGoAfterMs: this.#timing.letGoAfterMs,
        maxRetiredFiles: this.#timing.maxRetiredFiles,
      },
    );
    this.#paths.set(spec.path, path);
  }

  /** What is there is read to its end; then the path is forgotten. */
  unfollow(path: string): void {
    const followed = this.#paths.get(path);
    if (!followed) return;
    followed.isEnding = true;
    followed.nextLookMs = 0;
  }

  /** The next pass looks at every path, due or not. */
  lookNow(): void {
    for (const path of this.#paths.values()) path.nextLookMs = 0;
  }

  /**
   * To be called when every path there is was followed: a path of the checkpoint that nobody
   * follows and that is gone was removed while the collector was away.
   */
  forgetAbsent(labels: TargetLabels): void {
    const oldestMs = this.#options.wallMs() - this.#timing.forgetAfterMs;
    for (const [path, saved] of this.#restored) {
      const isOld = saved.every((file) => file.seen_at_ms < oldestMs);
      if (existsSync(path) && !isOld) continue;
      this.#restored.delete(path);
      for (const each of saved) this.#reportAbsent(each, labels);
    }
  }

  #reportAbsent(saved: CheckpointFile, labels: TargetLabels): void {
    const file = LogFile.restore(saved);
    if (file.unreadBytes === 0) return;
    this.#options.onGap({
      kind: 'log_gap',
      reason: 'rotated_away_bytes',
      bytes: file.unreadBytes,
      position: file.position,
      file,
      spec: {
        path: saved.followed,
        name: saved.followed,
        labels,
        format: 'plain',
        startAt: 'beginning',
        readsHistory: false,
      },
    });
  }

  /** Milliseconds until the next look is due; 0: call again at once. */
  async pass(): Promise<number> {
    const nowMs = this.#options.nowMs();
    const isCaughtUp = this.#lookAtDue(nowMs);
    const isRead = await this.#readTurns();
    this.#keepBounds(nowMs);
    if (!isCaughtUp || !isRead) return 0;
    return this.#nextDelay();
  }

  /** True when the sink had no room for a file that has bytes to read. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }
  #isBlocked = false;

  get pathCount(): number {
    return this.#paths.size;
  }

  /** Every file that is followed, with its path. */
  *files(): Generator<{ path: FollowedPath; file: LogFile }> {
    for (const path of this.#paths.values()) {
      for (const file of path.files) yield { path, file };
    }
  }

  /** Only positions that were acknowledged; also those of paths not followed in this run. */
  checkpoint(): CheckpointFile[] {
    const seenAtMs = this.#options.wallMs();
    const followed = [...this.files()].map(({ path, file }) =>
      file.toCheckpoint(path.spec.path, seenAtMs),
    );
    return [...followed, ...[...this.#restored.values()].flat()];
  }

  lag(): { bytes: number; seconds: number } {
    const nowMs = this.#options.nowMs();
    let bytes = 0;
    let ms = 0;
    for (const { file } of this.files()) {
      bytes += Math.max(0, file.size - file.acknowledged);
      ms = Math.max(ms, file.lagMs(nowMs));
    }
    return { bytes, seconds: ms / 1000 };
  }

  closeAll(): void {
    for (const path of this.#paths.values()) path.closeAll();
  }

  #lookAtDue(nowMs: number): boolean {
    let changes = 0;
    for (const [key, path] of this.#paths) {
      if (path.nextLookMs > nowMs) continue;
      if (changes >= changesPerPass) return false;
      const problem = path.problem;
      const isChanged = path.look(nowMs);
      if (isChanged) changes += 1;
      if (path.problem !== problem) this.#options.onProblem(key, path.problem);
      this.#schedule(path, { isChanged, nowMs });
      if (path.isOver) this.#paths.delete(key);
    }
    return true;
  }

  #schedule(path: FollowedPath, { isChanged, nowMs }: { isChanged: boolean; nowMs: number }): void {
    let isGrowing = false;
    let isFast = false;
    for (const file of path.files) {
      if (!this.#hasWork(file, nowMs)) continue;
      isGrowing = true;
      isFast ||= file.unreadBytes >= limits.maxChunkBytes;
      this.#enqueue(path, file);
    }
    const { pollIntervalMs } = this.#options;
    const longest = Math.max(pollIntervalMs, this.#timing.maxPollIntervalMs);
    path.lookDelayMs = isGrowing
      ? pollIntervalMs
      : Math.min(longest, Math.max(pollIntervalMs, path.lookDelayMs * 1.5));
    // What grows fast or rotates may rotate again, and soon its oldest file is gone.
    if (isGrowing && (isChanged || isFast)) path.lookDelayMs = pollIntervalMs / 10;
    if (path.problem !== null) path.lookDelayMs = this.#timing.retryUnreadableMs;
    path.nextLookMs = nowMs + path.lookDelayMs;
  }

  #hasWork(file: LogFile, nowMs: number): boolean {
    if (!file.isOpen) return false;
    if (file.mustVerify) return true;
    if (file.unreadBytes === 0) return false;
    // Bytes that were looked at and wait for more are looked at again when there is more.
    return (
      file.size !== file.waitingSize || this.#isFinal(file, nowMs) || file.partsSinceMs !== null
    );
  }

  #isFinal(file: LogFile, nowMs: number): boolean {
    return file.isRetired && nowMs - file.changedAtMs >= this.#timing.finalAfterMs;
  }

  #enqueue(path: FollowedPath, file: LogFile): void {
    if (file.isQueued) return;
    file.isQueued = true;
    this.#ready.push({ path, file });
  }

  /** One block of each ready file in turn, so that a flood in one does not starve the others. */
  async #readTurns(): Promise<boolean> {
    this.#isBlocked = false;
    for (let blocks = 0; blocks < blocksPerPass; blocks += 1) {
      const turn = this.#ready.shift();
      if (!turn) return true;
      turn.file.isQueued = false;
      const outcome = await this.#readOne(turn.path, turn.file);
      if (outcome === 'more') this.#enqueue(turn.path, turn.file);
      if (outcome === 'blocked') {
        turn.file.isQueued = true;
        this.#ready.unshift(turn);
        this.#isBlocked = true;
        return true;
      }
    }
    return this.#ready.length === 0;
  }

  async #readOne(path: FollowedPath, file: LogFile): Promise<'more' | 'done' | 'blocked'> {
    // Between two turns the file may have been let go, or replaced by its next generation.
    if (!file.isOpen || !path.files.includes(file)) return 'done';
    try {
      return await this.#readRecords(path, file, limits.maxChunkBytes);
    } catch (error) {
      path.problem = error instanceof Error ? error.message : String(error);
      path.nextLookMs = this.#options.nowMs() + this.#timing.retryUnreadableMs;
      this.#options.onProblem(path.spec.path, path.problem);
      return 'done';
    }
  }

  async #readRecords(
    path: FollowedPath,
    file: LogFile,
    wanted: number,
  ): Promise<'more' | 'done' | 'blocked'> {
    const { sink } = this.#options;
    const target = sink.reserve(wanted);
    if (target === null) return 'blocked';
    file.mustVerify = false;
    const read = await readBlock(file, target);
    const nowMs = this.#options.nowMs();
    const block = target.subarray(0, read ?? 0);
    if (read === null || file.hasOtherBeginning(block)) {
      path.restart(file, nowMs);
      path.nextLookMs = 0;
      return 'done';
    }
    const isFinal = this.#isFinal(file, nowMs) && read < wanted;
    file.identify(block, { host: this.#options.host, isFinal });
    const cut = cutBlock(block, {
      format: path.spec.format,
      maxRecordBytes: limits.maxRecordBytes,
      maxChunkBytes: limits.maxChunkBytes,
      isFinal,
      releasesParts: this.#hasWaited(file, nowMs),
    });
    if (cut.bytes === 0 || file.fileId === '') {
      if (read === wanted && wanted < limits.maxRecordBytes) {
        return await this.#readRecords(path, file, limits.maxRecordBytes);
      }
      file.wait(read, { hasParts: block.includes(0x0a), nowMs });
      return 'done';
    }
    this.#ship({ path, file, lines: cut.lines }, block.subarray(0, cut.bytes));
    return file.unreadBytes > 0 || read === wanted ? 'more' : 'done';
  }

  #ship(origin: { path: FollowedPath; file: LogFile; lines: number }, chunk: Buffer): void {
    const { path, file, lines } = origin;
    const start = file.position;
    file.advance(chunk);
    this.bytesRead += chunk.length;
    this.linesRead += lines;
    this.#options.sink.commit({ file, spec: path.spec, start, end: file.position, lines });
  }

  #hasWaited(file: LogFile, nowMs: number): boolean {
    return file.partsSinceMs !== null && nowMs - file.partsSinceMs >= this.#timing.maxPartsWaitMs;
  }

  #nextDelay(): number {
    const nowMs = this.#options.nowMs();
    let next = nowMs + this.#timing.maxPollIntervalMs;
    for (const path of this.#paths.values()) next = Math.min(next, path.nextLookMs);
    return Math.max(1, next - nowMs);
  }

  #keepBounds(nowMs: number): void {
    if (nowMs < this.#nextBoundsMs) return;
    this.#nextBoundsMs = nowMs + this.#options.pollIntervalMs;
    this.#boundHeldFiles();
    this.#closeIdle();
  }

  /** Deleted files are kept by their descriptors, and so is the disk they use: up to a limit. */
  #boundHeldFiles(): void {
    let held = 0;
    for (const { path, file } of [...this.files()].toReversed()) {
      if (file.links > 0 || !file.isOpen) continue;
      held += file.unreadBytes;
      if (held > this.#timing.maxHeldDeletedBytes) path.giveUp(file);
    }
  }

  /** Closes what has been idle longest when too many are open; it is opened again when it grows. */
  #closeIdle(): void {
    const open = [...this.files()].filter(({ file }) => file.isOpen);
    let excess = open.length - this.#options.maxOpenFiles;
    if (excess <= 0) return;
    const idle = open
      .filter(({ file }) => !file.isRetired && file.unreadBytes === 0)
      .sort((a, b) => a.file.changedAtMs - b.file.changedAtMs);
    for (const { file } of idle) {
      if (excess <= 0) return;
      file.close();
      excess -= 1;
    }
  }
}
