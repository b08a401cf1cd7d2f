/**
 * A tailer over real files in a world where every byte is accounted for: what was written, what
 * was destroyed before it could be read, what was handed over, what ingest has.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hostLabels } from '@plimsoll/model';
import { parseCheckpoint, checkpointVersion } from '../../../src/checkpoint/format.ts';
import type { CheckpointFile } from '../../../src/checkpoint/format.ts';
import type { TailFormat } from '../../../src/tail/cut.ts';
import type { LogGap } from '../../../src/tail/path-spec.ts';
import type { MarkerSum } from '../../../src/tail/identity.ts';
import type { LogFile } from '../../../src/tail/log-file.ts';
import { Tailer, type ChunkSink, type TailChunk } from '../../../src/tail/tailer.ts';
import { Unpacker } from '../../../src/tail/unpacker.ts';
import type { Content } from './content.ts';
import { Disk, keyOf, type Destruction, type FileKey } from './disk.ts';
import { Ledger } from './ledger.ts';

export interface ModelOptions {
  format: TailFormat;
  /** Where the folder of the logs is made. */
  parent: string;
  logs: number;
  maxFiles: number;
  hasBanner: boolean;
  /** Bytes in flight above which the sink has no room. */
  maxInFlightBytes: number;
  maxRetiredFiles: number;
  maxOpenFiles: number;
}

/** The files of a checkpoint, and what each held when it was written. */
interface Saved {
  files: readonly CheckpointFile[];
  contents: readonly (Content | undefined)[];
}

interface Sent {
  chunk: TailChunk;
  marker: MarkerSum;
  ids: number[];
}

const room = Buffer.allocUnsafe(1024 * 1024);

export class ModelWorld implements ChunkSink {
  readonly ledger = new Ledger();
  readonly disks: Disk[];
  readonly gaps: LogGap[] = [];
  readonly nextId = { value: 0 };
  nowMs = 1000;
  isStalled = false;
  /** Bytes that the tailer had seen and not read when they were destroyed. */
  readonly #knownLost = new Set<number>();
  #wasKilled = false;
  #wasBlocked = false;
  #hasLostCheckpoints = false;

  readonly #options: ModelOptions;
  readonly #folder: string;
  readonly #unpacker: Unpacker;
  readonly #checkpoints: { text: string; contents: (Content | undefined)[] }[] = [];
  readonly #contents = new Map<FileKey, Content>();
  /** What the tailer saw of each inode at its last look. */
  readonly #seen = new Map<FileKey, { content: Content; size: number }>();
  readonly #copied: { key: FileKey; ids: number[] }[] = [];
  /** By file id, what was read of it. */
  readonly #read = new Map<string, Content>();
  /** Known to be lost once it looks again. */
  readonly #lostUnlooked = new Set<number>();
  readonly #followed = new Set<Disk>();
  #tailer: Tailer | null = null;
  /** In the order of reading; each goes as a frame of its own. */
  #inFlight: Sent[] = [];
  #inFlightBytes = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#folder = mkdtempSync(join(options.parent, 'plimsoll-model-'));
    this.#unpacker = new Unpacker({ folder: options.parent, maxBytes: 1e6 });
    this.disks = Array.from(
      { length: options.logs },
      (_, index) =>
        new Disk(`${index}.log`, {
          folder: this.#folder,
          format: options.format,
          maxFiles: options.maxFiles,
          hasBanner: options.hasBanner,
          contents: this.#contents,
          nextId: this.nextId,
          onDestroyed: (loss) => {
            this.#noteDestroyed(loss);
          },
          onCopied: (content, key) => {
            if (!this.#fileOf(key)?.fileId) this.#excuse(content.ids());
            this.#copied.push({ key, ids: content.ids() });
          },
          onWrittenUnnamed: ({ content, from, key }) => {
            if (!this.#fileOf(key)?.isOpen) this.#excuse(content.ids(from));
          },
        }),
    );
    this.boot();
  }

  boot(): void {
    const saved = this.#checkpoints.at(-1) ?? { text: '', contents: [] };
    const parsed = parseCheckpoint(saved.text);
    const { files: restored, done = [] } = 'problem' in parsed ? { files: [], done: [] } : parsed;
    this.#noteMissed({ files: restored, contents: saved.contents });
    this.#tailer = new Tailer({
      host: 'host-a',
      sink: this,
      onGap: (gap) => {
        this.#noteGap(gap);
      },
      onProblem: () => undefined,
      nowMs: () => this.nowMs,
      // Of the files' times.
      wallMs: () => Date.now(),
      pollIntervalMs: 250,
      maxOpenFiles: this.#options.maxOpenFiles,
      restored: { files: restored, done },
      unpacker: this.#unpacker,
      timing: { maxRetiredFiles: this.#options.maxRetiredFiles },
    });
    for (const disk of this.#followed) this.follow(disk);
    this.#tailer.forgetAbsent(hostLabels('default', 'host-a'));
  }

  follow(disk: Disk): void {
    this.#followed.add(disk);
    this.#tailer?.follow({
      path: disk.path,
      name: disk.path,
      labels: hostLabels('default', 'host-a'),
      format: this.#options.format,
      startAt: 'beginning',
      readsHistory: true,
    });
  }

  unfollow(disk: Disk): void {
    this.#followed.delete(disk);
    this.#tailer?.unfollow(disk.path);
  }

  /** Lets time pass and reads what there is, until nothing more is due. */
  async pass(elapsedMs: number): Promise<void> {
    const tailer = this.#tailer;
    if (!tailer) return;
    this.nowMs += elapsedMs;
    for (let count = 0; count < 100; count += 1) {
      const delay = await tailer.pass();
      await this.#unpacker.idle();
      this.#wasBlocked ||= tailer.isBlocked;
      if (delay > 1 || tailer.isBlocked) break;
      if (delay === 1) this.nowMs += 1;
    }
    for (const { file } of tailer.files()) {
      assert(file.acknowledged <= file.position, 'acknowledged before it was read');
      const content = this.#contents.get(keyOf(file));
      if (content) this.#seen.set(keyOf(file), { content, size: file.size });
    }
    // By then every path was looked at.
    if (elapsedMs < 1500) return;
    for (const id of this.#lostUnlooked) this.#knownLost.add(id);
    this.#lostUnlooked.clear();
  }

  acknowledge(count: number): void {
    for (const { chunk, marker, ids } of this.#inFlight.splice(0, count)) {
      this.#inFlightBytes -= ids.length;
      this.ledger.store(chunk.file.fileId, chunk.start, ids);
      chunk.file.acknowledge(chunk.end, marker, this.nowMs);
    }
  }

  writeCheckpoint(): void {
    const { files, done } = this.#tailer?.checkpoint() ?? { files: [], done: [] };
    const text = JSON.stringify({
      version: checkpointVersion,
      collector_id: 'c',
      epoch: 1,
      docker_events_since: '',
      kernel_log: null,
      files,
      done,
    });
    const contents = files.map((file) => {
      const key = keyOfSaved(file);
      const read = this.#read.get(file.file_id) ?? this.#seen.get(key)?.content;
      return read ?? this.#contents.get(key);
    });
    this.#checkpoints.push({ text, contents });
  }

  /** kill -9. Of the frames under way the first `durable` had arrived without its knowing. */
  async kill(durable: number): Promise<void> {
    for (const { chunk, ids } of this.#inFlight.slice(0, durable)) {
      this.ledger.store(chunk.file.fileId, chunk.start, ids);
    }
    this.#tailer?.closeAll();
    this.#tailer = null;
    this.#wasKilled = true;
    await nextTurn();
    this.#inFlight = [];
    this.#inFlightBytes = 0;
    this.ledger.handed.clear();
    this.#seen.clear();
    this.#lostUnlooked.clear();
    const alive = this.#aliveIds();
    for (let id = 0; id < this.nextId.value; id += 1) if (!alive.has(id)) this.#excuse([id]);
  }

  /** The last `count` checkpoints are not on the disk any more. */
  loseCheckpoints(count: number): void {
    // Files that begin alike are told apart by what the checkpoint says.
    if (this.#options.hasBanner) return;
    this.#checkpoints.splice(-count, count);
    this.#hasLostCheckpoints = true;
  }

  /** Device numbers are given anew when a host starts. */
  renumberDevices(): void {
    const last = this.#checkpoints.at(-1);
    if (last) last.text = last.text.replaceAll(/"device":"\d+"/g, '"device":"7"');
  }

  /** Until all that can be read is stored. */
  async drain(): Promise<void> {
    this.isStalled = false;
    for (let round = 0; round < 10; round += 1) {
      await this.pass(6000);
      this.acknowledge(Infinity);
    }
  }

  /** What is wrong when all is drained, in words. */
  verdict(): string[] {
    const problems: string[] = [];
    const { missing, doubled } = this.ledger.account(this.nextId.value);
    const repeatable = new Set(this.#repeatable());
    const twice = doubled.filter((id) => !repeatable.has(id));
    if (missing.length > 0) problems.push(`missing: bytes ${missing.join(' ')}`);
    const { hasBanner } = this.#options;
    // Where all files begin alike and the collector was away, a file that came twice cannot be told
    // from two: rather twice than not at all.
    const isRiddle = hasBanner && this.#wasKilled;
    if (twice.length > 0 && !isRiddle) problems.push(`stored twice: bytes ${twice.join(' ')}`);
    const counted = this.gaps.reduce((sum, { bytes }) => sum + bytes, 0);
    // Where all files begin alike, one may be taken for another that was lost while nobody looked.
    if (!isRiddle && counted < this.#knownLost.size) {
      problems.push(`lost ${this.#knownLost.size} bytes that were known, counted ${counted}`);
    }
    // What was seen and could not be read may have been cut away, or be of what came after the cut;
    // of a copy that is given up what is in flight is counted as well.
    const isTold = !this.gaps.some(({ reason }) => reason === 'held_files_bytes');
    const isSure = !hasBanner && !this.#wasKilled && !this.#wasBlocked && isTold;
    const kept = this.disks.reduce((sum, disk) => sum + disk.kept.size, 0);
    const lost = this.ledger.excused.size + kept;
    if (isSure && counted > lost) problems.push(`counted ${counted} bytes as lost, lost ${lost}`);
    return problems;
  }

  /** Bytes that come under another file id as well: cut files, and all that a lost checkpoint knew. */
  *#repeatable(): Generator<number> {
    for (const disk of this.disks) {
      yield* disk.kept;
      if (this.#hasLostCheckpoints) yield* disk.ambiguousIds();
      // Of a file that is not held only its name is known.
      const isHeld = !this.#wasKilled && this.#options.maxOpenFiles > this.disks.length;
      if (!isHeld) yield* disk.orphaned;
    }
  }

  dispose(): void {
    this.#tailer?.closeAll();
    for (const disk of this.disks) disk.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  reserve(bytes: number): Buffer | null {
    const isFull = this.isStalled || this.#inFlightBytes >= this.#options.maxInFlightBytes;
    return isFull ? null : room.subarray(0, bytes);
  }

  commit(chunk: TailChunk): void {
    const bytes = room.subarray(0, chunk.end - chunk.start);
    const ids = this.#idsOf(chunk, bytes);
    assert(chunk.file.fileId !== '', 'a chunk without a file id');
    for (const id of ids) this.ledger.handed.add(id);
    if (!chunk.file.isPersisted) this.writeCheckpoint();
    chunk.file.isPersisted = true;
    this.#inFlight.push({ chunk, marker: chunk.file.markerSum, ids });
    this.#inFlightBytes += ids.length;
  }

  commitRecords(): void {
    assert.fail('no path here has a processor');
  }

  #idsOf({ file, start, end }: TailChunk, bytes: Buffer): number[] {
    const fits = (content: Content | undefined): boolean =>
      content?.data.subarray(start, end).equals(bytes) ?? false;
    const content = this.#contents.get(keyOf(file));
    if (content && fits(content)) {
      this.#read.set(file.fileId, content);
      return content.ids(start, end);
    }
    for (const other of this.#contents.values()) if (fits(other)) return other.ids(start, end);
    return assert.fail(`bytes [${start}, ${end}) of ${file.path} are in no file`);
  }

  #fileOf(key: FileKey): LogFile | null {
    let found: LogFile | null = null;
    for (const { file } of this.#tailer?.files() ?? []) if (keyOf(file) === key) found = file;
    return found;
  }

  #noteDestroyed({ content, from, key, isUnlinked }: Destruction): void {
    const file = this.#fileOf(key);
    if (isUnlinked && (file?.isOpen || file?.unpacking)) return;
    const alive = this.#aliveIds();
    const isLost = (id: number): boolean => !alive.has(id) && !this.ledger.handed.has(id);
    this.#excuse(content.ids(from).filter(isLost));
    const seen = this.#seen.get(key);
    if (!file || seen?.content !== content || this.#tailer?.isBlocked) return;
    // Neither a beginning too short to tell nor a cut behind the position can be seen once the
    // file has grown again.
    if (file.fileId === '' || from > 0) return;
    const known = content.ids(Math.max(file.position, from), seen.size);
    for (const id of known.filter(isLost)) this.#lostUnlooked.add(id);
  }

  /** What the checkpoint knows of and nobody can read any more. */
  #noteMissed({ files, contents }: Saved): void {
    const alive = this.#aliveIds();
    const known = new Set(files.filter(({ file_id: id }) => id !== '').map(keyOfSaved));
    for (const { key, ids } of this.#copied) if (!known.has(key)) this.#excuse(ids);
    for (const [index, file] of files.entries()) {
      const { fingerprint, position, size } = file;
      const content = contents[index];
      const ids = content?.ids(position, size) ?? [];
      // Of a file whose beginning was never seen nobody can say that it is another now.
      if (fingerprint === null) continue;
      // Nor that a file that has grown again was cut behind the position.
      const isCut = ids[0] !== undefined && alive.has(ids[0]);
      for (const id of ids) if (!isCut && !alive.has(id)) this.#lostUnlooked.add(id);
      if (content) this.#seen.set(keyOfSaved(file), { content, size });
    }
  }

  #noteGap(gap: LogGap): void {
    this.gaps.push(gap);
    if (gap.reason !== 'held_files_bytes') return;
    const ids = this.#contents.get(keyOf(gap.file))?.ids() ?? [];
    this.#excuse(ids.filter((id) => !this.ledger.handed.has(id)));
  }

  #aliveIds(): Set<number> {
    const alive = new Set<number>();
    for (const disk of this.disks) {
      for (const content of disk.living()) for (const id of content.ids()) alive.add(id);
    }
    return alive;
  }

  #excuse(ids: readonly number[]): void {
    for (const id of ids) if (!this.ledger.isStored(id)) this.ledger.excused.add(id);
  }
}

function keyOfSaved({ inode, birthtime_ns }: CheckpointFile): FileKey {
  return keyOf({ inode: BigInt(inode), birthtimeNs: BigInt(birthtime_ns) });
}
