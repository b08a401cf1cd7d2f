/**
 * Follows many paths fairly: looks at each when it is due, reads one block of each file that has
 * grown, in turn, and hands the blocks' complete records to the sink. One caller runs
 * {@link Tailer.pass} in a loop; nothing here runs by itself, so there is one thread of change.
 *
 * When to look is chosen in look-pace.ts. When the sink has no room, reading stops; looking
 * goes on, so that files rotated away meanwhile are held open and read later.
 */
import { tmpdir } from 'node:os';
import { limits, type TargetLabels } from '@plimsoll/model';
import { boundHeldFiles, closeIdle, type FollowedFile } from './bounds.ts';
import { cutBlock, type TailFormat } from './cut.ts';
import { FollowedPath } from './followed-path.ts';
import type { LogFile } from './log-file.ts';
import type { LogGap, PathSpec } from './path-spec.ts';
import { IdleWatches } from './idle-watches.ts';
import { earliestMs } from './look-pace.ts';
import { readBlock } from './read-block.ts';
import type { RecordProcessor } from './record-processor.ts';
import { RestoredPaths, type TailCheckpoint } from './restored-paths.ts';
import { Unpacker } from './unpacker.ts';

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
  /** A chunk as records, copied; room for them was reserved last. */
  commitRecords(chunk: TailChunk, payload: Buffer): void;
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
  restored?: TailCheckpoint;
  /** Default: one that works in the folder for temporary files. */
  unpacker?: Unpacker;
  /** A path that was idle is written to: a pass is due. Without it idle paths are not watched. */
  onWake?: () => void;
}

export const tailDefaults = {
  maxPollIntervalMs: 1000,
  /** Of a path whose first write wakes: what a watch may miss, such as writes of another host. */
  maxWatchedPollIntervalMs: 10_000,
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
  /** Content of a rotated file that was compressed before it was read; above it, it is lost. */
  maxUnpackedBytes: 1024 ** 3,
};

const boundsIntervalMs = 250;
/** Where nothing was read and nothing else changed in between. */
const quietBoundsIntervalMs = 5000;
/** Half of what an old kernel lets all processes of a user have. */
const maxIdleWatches = 4096;
const blocksPerPass = 32;
/** Looks that open files and list folders, before others may run. */
const changesPerPass = 64;

export class Tailer {
  linesRead = 0;
  bytesRead = 0;

  readonly #options: TailerOptions;
  readonly #timing: typeof tailDefaults;
  readonly #unpacker: Unpacker;
  readonly #watches: IdleWatches | undefined;
  readonly #paths = new Map<string, FollowedPath>();
  readonly #restored: RestoredPaths;
  #ready: FollowedFile[] = [];
  #boundsKeptMs = -Infinity;
  /** Nothing has changed since bounds were kept. */
  #wasQuiet = false;
  #scratch: Buffer | null = null;

  constructor(options: TailerOptions) {
    this.#options = options;
    this.#timing = { ...tailDefaults, ...options.timing };
    this.#unpacker =
      options.unpacker ??
      new Unpacker({ folder: tmpdir(), maxBytes: this.#timing.maxUnpackedBytes });
    this.#watches =
      options.onWake &&
      new IdleWatches({
        onWrite: (path) => {
          this.#wake(path);
        },
        maxWatches: maxIdleWatches,
        nowMs: options.nowMs,
      });
    this.#restored = new RestoredPaths(options.restored ?? { files: [], done: [] });
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
    const path = new FollowedPath(spec, this.#restored.take(spec.path), {
      host: this.#options.host,
      wallMs: this.#options.wallMs,
      onGap: this.#options.onGap,
      finalAfterMs: this.#timing.finalAfterMs,
      letGoAfterMs: this.#timing.letGoAfterMs,
      maxRetiredFiles: this.#timing.maxRetiredFiles,
      unpacker: this.#unpacker,
    });
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
    for (const gap of this.#restored.forgetAbsent(labels, oldestMs)) this.#options.onGap(gap);
  }

  /** Milliseconds until the next look is due; 0: call again at once. */
  async pass(): Promise<number> {
    const nowMs = this.#options.nowMs();
    const { isCaughtUp, isChanged } = this.#lookAtDue(nowMs);
    const isQuiet = !isChanged && this.#ready.length === 0;
    const isRead = await this.#readTurns();
    this.#keepBounds(nowMs, isQuiet);
    if (!isCaughtUp || !isRead) return 0;
    return this.#nextDelay();
  }

  /** True when the sink had no room for a file that has bytes to read. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }
  #isBlocked = false;

  /**
   * Since when nothing could be read for want of room, while there was something to read; null
   * while reading goes on, however slowly.
   */
  get blockedSinceMs(): number | null {
    return this.#blockedSinceMs;
  }
  #blockedSinceMs: number | null = null;

  get pathCount(): number {
    return this.#paths.size;
  }

  /** Every file that is followed, with its path. */
  *files(): Generator<FollowedFile> {
    for (const path of this.#paths.values()) {
      for (const file of path.files) yield { path, file };
    }
  }

  /** Only positions that were acknowledged; also those of paths not followed in this run. */
  checkpoint(): TailCheckpoint {
    const seenAtMs = this.#options.wallMs();
    const followed = [...this.#paths.values()].map((path) => path.toCheckpoint(seenAtMs));
    const all = [...followed, this.#restored.remaining()];
    return { files: all.flatMap(({ files }) => files), done: all.flatMap(({ done }) => done) };
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
    this.#watches?.stopAll();
    for (const path of this.#paths.values()) path.closeAll();
  }

  #lookAtDue(nowMs: number): { isCaughtUp: boolean; isChanged: boolean } {
    let changes = 0;
    for (const [key, path] of this.#paths) {
      if (earliestMs(path.nextLookMs, path.lookDelayMs) > nowMs) continue;
      if (changes >= changesPerPass) return { isCaughtUp: false, isChanged: true };
      const problem = path.problem;
      const isChanged = path.look(nowMs);
      if (isChanged) changes += 1;
      if (path.problem !== problem) this.#options.onProblem(key, path.problem);
      this.#schedule(path, { isChanged, nowMs });
      if (path.isOver) this.#drop(key);
    }
    return { isCaughtUp: true, isChanged: changes > 0 };
  }

  #drop(key: string): void {
    this.#watches?.stop(key);
    this.#paths.delete(key);
  }

  #schedule(path: FollowedPath, { isChanged, nowMs }: { isChanged: boolean; nowMs: number }): void {
    let unreadBytes = 0;
    let isGrowing = false;
    for (const file of path.files) {
      if (!this.#hasWork(file, nowMs)) continue;
      isGrowing = true;
      unreadBytes += file.unreadBytes;
      this.#enqueue(path, file);
    }
    path.pace.note({ isGrowing, isChanged, unreadBytes, nowMs });
    if (path.pace.isIdle && path.problem === null) this.#watches?.start(path.spec.path);
    const delayMs = path.pace.chooseDelay({
      pollIntervalMs: this.#options.pollIntervalMs,
      maxPollIntervalMs: this.#watches?.has(path.spec.path)
        ? this.#timing.maxWatchedPollIntervalMs
        : this.#timing.maxPollIntervalMs,
    });
    path.lookDelayMs = path.problem === null ? delayMs : this.#timing.retryUnreadableMs;
    path.nextLookMs = nowMs + path.lookDelayMs;
  }

  #wake(path: string): void {
    const followed = this.#paths.get(path);
    if (followed) followed.nextLookMs = 0;
    this.#options.onWake?.();
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
      if (!turn) {
        this.#blockedSinceMs = null;
        return true;
      }
      turn.file.isQueued = false;
      const outcome = await this.#readOne(turn.path, turn.file);
      this.#blockedSinceMs =
        outcome === 'blocked' ? (this.#blockedSinceMs ?? this.#options.nowMs()) : null;
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
    const room = sink.reserve(wanted);
    if (room === null) return 'blocked';
    const { processor } = path.spec;
    const target = processor ? this.#scratchOf(wanted) : room;
    file.mustVerify = false;
    const read = await readBlock(file, target, endsAlike(path.spec.format));
    const nowMs = this.#options.nowMs();
    const block = target.subarray(0, read ?? 0);
    if (read === null || file.hasOtherBeginning(block)) {
      path.restart(file, nowMs, file.provenSize);
      path.nextLookMs = 0;
      return 'done';
    }
    file.prove();
    const isFinal = this.#isFinal(file, nowMs) && read < wanted;
    file.identify(block, { host: this.#options.host, isFinal });
    if (processor) return this.#process({ path, file, processor }, block, isFinal);
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

  /** The same for a path whose lines are looked at one by one. */
  #process(
    { path, file, processor }: { path: FollowedPath; file: LogFile; processor: RecordProcessor },
    block: Buffer,
    isFinal: boolean,
  ): 'more' | 'done' | 'blocked' {
    const nowMs = this.#options.nowMs();
    const start = file.position;
    const context = { start, isFinal, releases: false, nowMs };
    let processed = processor.process(block, context);
    if (processed.bytes === 0) {
      // A record that has grown waits for its next line anew.
      if (file.waitsFrom !== processed.waitsFrom) file.partsSinceMs = null;
      file.waitsFrom = processed.waitsFrom;
      const releases = nowMs - (file.partsSinceMs ?? nowMs) >= processor.maxWaitMs;
      if (releases) processed = processor.process(block, { ...context, releases });
    }
    if (processed.bytes === 0 || file.fileId === '') {
      file.wait(block.length, { hasParts: processed.isWaiting, nowMs });
      return 'done';
    }
    const { payload, lines } = processed;
    if (this.#options.sink.reserve(payload.length) === null) return 'blocked';
    processor.accept(processed);
    file.advance(block.subarray(0, processed.bytes));
    this.bytesRead += processed.bytes;
    this.linesRead += lines;
    const chunk = { file, spec: path.spec, start, end: file.position, lines };
    this.#options.sink.commitRecords(chunk, payload);
    return file.unreadBytes > 0 ? 'more' : 'done';
  }

  /** Memory that bytes are read into which do not go into a frame as they are. */
  #scratchOf(bytes: number): Buffer {
    this.#scratch ??= Buffer.allocUnsafeSlow(limits.maxRecordBytes);
    return this.#scratch.subarray(0, bytes);
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

  #keepBounds(nowMs: number, isQuiet: boolean): void {
    const intervalMs = isQuiet && this.#wasQuiet ? quietBoundsIntervalMs : boundsIntervalMs;
    if (!isQuiet) this.#wasQuiet = false;
    if (nowMs < this.#boundsKeptMs + intervalMs) return;
    this.#boundsKeptMs = nowMs;
    this.#wasQuiet = isQuiet;
    const files = [...this.files()];
    boundHeldFiles(files, this.#timing.maxHeldDeletedBytes);
    closeIdle(files, this.#options.maxOpenFiles);
  }
}

/** The daemon's lines end in their time. */
function endsAlike(format: TailFormat): boolean {
  return format !== 'docker-json';
}
