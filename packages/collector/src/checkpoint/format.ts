/**
 * The checkpoint: what a restarted collector must know. JSON, so that people can read it:
 *
 *     { "version": 1, "collector_id": "…", "epoch": 7, "docker_events_since": "…",
 *       "kernel_log": {…}, "files": […] }
 *
 * A field is never given another meaning within one version; a reader refuses a version it does
 * not know.
 */
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
  } = value;
  if (typeof id !== 'string' || id === '') return { problem: 'collector_id: expected text' };
  if (!isCount(epoch)) return { problem: 'epoch: expected a whole number' };
  if (typeof since !== 'string') return { problem: 'docker_events_since: expected text' };
  if (kernelLog !== null && !isKmsgPosition(kernelLog)) {
    return { problem: 'kernel_log: expected a position or null' };
  }
  if (!Array.isArray(files)) return { problem: 'files: expected a list' };
  const checked: CheckpointFile[] = [];
  for (const [index, file] of files.entries()) {
    if (!isCheckpointFile(file)) {
      return { problem: `files[${index}]: expected a file's position, got another shape` };
    }
    checked.push(file);
  }
  return {
    version: checkpointVersion,
    collector_id: id,
    epoch,
    docker_events_since: since,
    kernel_log: kernelLog,
    files: checked,
  };
}

function isCheckpointFile(value: unknown): value is CheckpointFile {
  if (!isObject(value)) return false;
  const texts = ['followed', 'path', 'file_id'];
  const counts = ['generation', 'position', 'size'];
  const wholes = ['device', 'inode', 'birthtime_ns'];
  return (
    texts.every((key) => typeof value[key] === 'string') &&
    counts.every((key) => isCount(value[key])) &&
    wholes.every((key) => typeof value[key] === 'string' && /^\d{1,20}$/.test(value[key])) &&
    typeof value['mtime_ms'] === 'number' &&
    typeof value['seen_at_ms'] === 'number' &&
    isMarker(value['marker']) &&
    (value['fingerprint'] === null || isFingerprint(value['fingerprint']))
  );
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
