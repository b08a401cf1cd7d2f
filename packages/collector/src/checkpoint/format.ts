/**
 * The checkpoint: what a restarted collector must know. JSON, so that people can read it:
 *
 *     { "version": 1, "collector_id": "…", "epoch": 7, "docker_events_since": "…",
 *       "kernel_log": {…}, "files": […], "done": […], "streams": […] }
 *
 * A field is never given another meaning within one version; a reader refuses a version it does
 * not know. `streams` and `done` came later: without them there are none.
 */
import type { ResumePoint, StreamTail } from '../api-logs/resume-point.ts';
import { isKmsgPosition, type KmsgPosition } from '../kernel/kmsg-position.ts';
import type { Fingerprint, MarkerSum } from '../tail/identity.ts';

export const checkpointVersion = 1;

export interface CheckpointFile {
  /** The followed path this inode belongs to (its current name or a former one). */
  followed: string;
  /** Where it was seen last. */
  path: string;
  file_id: string;
  /** Whole numbers as text: they may exceed what a JSON number holds. */
  device: string;
  inode: string;
  birthtime_ns: string;
  fingerprint: Fingerprint | null;
  generation: number;
  /** Every byte before it was acknowledged. */
  position: number;
  marker: MarkerSum;
  /** Size when last looked at: what is between it and the position is lost if the file is gone. */
  size: number;
  mtime_ms: number;
  /**
   * Size and time of change when the content was last found to be what it was; after that it may have
   * been cut and written anew. Where they are absent, it was so at the last look.
   */
  proven_size?: number;
  proven_mtime_ms?: number;
  seen_at_ms: number;
}

/** A file that was read to its end and let go: known again when rotation compresses it later. */
export interface CheckpointDone {
  followed: string;
  device: string;
  inode: string;
  birthtime_ns: string;
  fingerprint: Fingerprint | null;
  size: number;
  mtime_ms: number;
  seen_at_ms: number;
}

/** The log of a container that is read through the Docker API. */
export interface CheckpointStream {
  container_id: string;
  /** Empty before its first message. */
  file_id: string;
  generation: number;
  /** Every canonical byte before it was acknowledged. */
  position: number;
  /** How to ask the daemon for what follows. */
  point: ResumePoint;
  /** Of a terminal: text without a line end that was taken when its container had stopped. */
  unterminated: { time: string; bytes: number } | null;
  /** Start of the container's life that was read to its end, milliseconds since 1970; 0 for none. */
  complete_life_ms: number;
  seen_at_ms: number;
}

export interface Checkpoint {
  version: typeof checkpointVersion;
  collector_id: string;
  epoch: number;
  /** Time of the last Docker event taken in, `seconds.nanoseconds`; empty before the first. */
  docker_events_since: string;
  /** How far the kernel log was taken in; null before it was opened for the first time. */
  kernel_log: KmsgPosition | null;
  /** Oldest first within one followed path. */
  files: CheckpointFile[];
  /** Oldest first within one followed path. Absent in checkpoints of older collectors. */
  done?: CheckpointDone[];
  /** Absent in checkpoints of older collectors. */
  streams?: CheckpointStream[];
}

/** The checkpoint, or what is wrong with the text in a sentence. Never throws. */
export function parseCheckpoint(text: string): Checkpoint | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: `expected JSON, got ${text.length} bytes that are not` };
  }
  if (!isObject(value)) return { problem: 'expected an object' };
  if (value['version'] !== checkpointVersion) {
    return {
      problem: `expected version ${checkpointVersion}, got ${JSON.stringify(value['version'])}`,
    };
  }
  const {
    collector_id: id,
    epoch,
    docker_events_since: since,
    kernel_log: kernelLog,
    files,
    done = [],
    streams = [],
  } = value;
  if (typeof id !== 'string' || id === '') return { problem: 'collector_id: expected text' };
  if (!isCount(epoch)) return { problem: 'epoch: expected a whole number' };
  if (typeof since !== 'string') return { problem: 'docker_events_since: expected text' };
  if (kernelLog !== null && !isKmsgPosition(kernelLog)) {
    return { problem: 'kernel_log: expected a position or null' };
  }
  const checkedFiles = checkList(files, isCheckpointFile, 'files');
  if ('problem' in checkedFiles) return checkedFiles;
  const checkedDone = checkList(done, isCheckpointDone, 'done');
  if ('problem' in checkedDone) return checkedDone;
  const checkedStreams = checkList(streams, isCheckpointStream, 'streams');
  if ('problem' in checkedStreams) return checkedStreams;
  return {
    version: checkpointVersion,
    collector_id: id,
    epoch,
    docker_events_since: since,
    kernel_log: kernelLog,
    files: checkedFiles,
    done: checkedDone,
    streams: checkedStreams,
  };
}

function checkList<Entry>(
  value: unknown,
  isEntry: (entry: unknown) => entry is Entry,
  name: string,
): Entry[] | { problem: string } {
  if (!Array.isArray(value)) return { problem: `${name}: expected a list` };
  const checked: Entry[] = [];
  for (const [index, entry] of value.entries()) {
    if (!isEntry(entry)) {
      return { problem: `${name}[${index}]: expected a position, got another shape` };
    }
    checked.push(entry);
  }
  return checked;
}

function isCheckpointFile(value: unknown): value is CheckpointFile {
  if (!isObject(value) || !isCheckpointDone(value)) return false;
  const { path, file_id: id, generation, position, marker }: Partial<CheckpointFile> = value;
  const { proven_size: size = 0, proven_mtime_ms: time = 0 }: Partial<CheckpointFile> = value;
  return (
    isCount(size) &&
    typeof time === 'number' &&
    typeof path === 'string' &&
    typeof id === 'string' &&
    isCount(generation) &&
    isCount(position) &&
    isMarker(marker)
  );
}

function isCheckpointDone(value: unknown): value is CheckpointDone {
  if (!isObject(value)) return false;
  const wholes = ['device', 'inode', 'birthtime_ns'];
  return (
    typeof value['followed'] === 'string' &&
    isCount(value['size']) &&
    wholes.every((key) => typeof value[key] === 'string' && /^\d{1,20}$/.test(value[key])) &&
    typeof value['mtime_ms'] === 'number' &&
    typeof value['seen_at_ms'] === 'number' &&
    (value['fingerprint'] === null || isFingerprint(value['fingerprint']))
  );
}

function isCheckpointStream(value: unknown): value is CheckpointStream {
  if (!isObject(value)) return false;
  const { container_id: id, unterminated } = value;
  return (
    typeof id === 'string' &&
    id !== '' &&
    typeof value['file_id'] === 'string' &&
    isCount(value['generation']) &&
    isCount(value['position']) &&
    isCount(value['complete_life_ms']) &&
    typeof value['seen_at_ms'] === 'number' &&
    isResumePoint(value['point']) &&
    (unterminated === null ||
      (isObject(unterminated) && isTime(unterminated['time']) && isCount(unterminated['bytes'])))
  );
}

function isResumePoint(value: unknown): value is ResumePoint {
  if (!isObject(value)) return false;
  const { latest, last, stdout, stderr } = value;
  if (last !== null && last !== 'stdout' && last !== 'stderr') return false;
  const areTails = [stdout, stderr].every((tail) => tail === null || isStreamTail(tail));
  return isTime(latest) && areTails && (last === null || value[last] !== null);
}

function isStreamTail(value: unknown): value is StreamTail {
  return (
    isObject(value) &&
    isTime(value['time']) &&
    isCount(value['count']) &&
    value['count'] > 0 &&
    isCount(value['crc']) &&
    typeof value['open'] === 'boolean'
  );
}

/** As messages carry it, or empty. */
function isTime(value: unknown): value is string {
  const shape = /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)?$/;
  return typeof value === 'string' && shape.test(value);
}

function isFingerprint(value: unknown): boolean {
  return isObject(value) && isCount(value['bytes']) && typeof value['hash'] === 'string';
}

function isMarker(value: unknown): boolean {
  return isObject(value) && isCount(value['bytes']) && isCount(value['crc']);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
