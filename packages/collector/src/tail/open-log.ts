/** Opens log files, and makes sure that what was opened is what was seen. */
import { closeSync, openSync } from 'node:fs';
import {
  isSameInode,
  markerBytes,
  maxFingerprintBytes,
  readRange,
  statDescriptor,
  type FileStat,
} from './identity.ts';
import { LogFile } from './log-file.ts';
import type { SeenFile } from './siblings.ts';

export interface OpenedLog {
  descriptor: number;
  stat: FileStat;
}

/** Throws ENOENT when a rotation came between: the next look sees it whole. */
export function openSeen(seen: SeenFile): OpenedLog {
  const descriptor = openSync(seen.path, 'r');
  const stat = statDescriptor(descriptor);
  if (isSameInode(stat, seen)) return { descriptor, stat };
  closeSync(descriptor);
  throw Object.assign(new Error(`${seen.path}: was rotated while opened`), { code: 'ENOENT' });
}

/** By its beginning, also while nothing may be read; false when that is too short. */
function identifyOpen(file: LogFile, host: string): boolean {
  if (file.fileId !== '') return true;
  const beginning = readRange(file.descriptor, 0, maxFingerprintBytes);
  return file.identify(beginning, { host, isFinal: false });
}

const maxRecordLookBack = 1024 * 1024;

/** After the last complete line; a file whose beginning is too short to know starts at 0. */
export function startAtEnd(file: LogFile, size: number, host: string): void {
  if (!identifyOpen(file, host)) return;
  const from = Math.max(0, size - maxRecordLookBack);
  const tail = readRange(file.descriptor, from, size - from);
  const newline = tail.lastIndexOf(0x0a);
  const position = newline < 0 ? size : from + newline + 1;
  const markerStart = Math.max(0, position - markerBytes);
  file.startAt(position, readRange(file.descriptor, markerStart, position - markerStart));
}
