/**
 * One batch of frames as a file of the journal.
 *
 * ```
 * name    = first "-" last ".batch"     offsets of the first and last frame, 16 digits each
 * file    = prelude frame*
 * prelude = magic "PLMJ"   4 bytes
 *           version        u8       1
 *           reserved       3 bytes  0
 *           frames         u32 LE
 *           body length    u32 LE   bytes after the prelude
 *           checksum       u32 LE   CRC-32 of the body
 * frame   = length u32 LE, then that many bytes
 * ```
 *
 * A file gets its name only when it is complete on the disk, so that a torn one was damaged later:
 * it is set aside, never read in part.
 */
import { crc32 } from 'node:zlib';

const magic = 0x4a4d4c50; // "PLMJ", little endian
const version = 1;
const preludeBytes = 20;

export interface JournalFileName {
  name: string;
  first: number;
  last: number;
}

export function journalFileName(first: number, last: number): JournalFileName {
  return { name: `${digits(first)}-${digits(last)}.batch`, first, last };
}

/** Null for a name that is not a batch of the journal. */
export function parseJournalFileName(name: string): JournalFileName | null {
  const match = /^(\d{16})-(\d{16})\.batch$/.exec(name);
  if (!match) return null;
  const [first, last] = [Number(match[1]), Number(match[2])];
  return Number.isSafeInteger(last) && first <= last ? { name, first, last } : null;
}

/** The file's bytes, in parts that need not be joined. */
export function encodeJournalFile(frames: readonly Buffer[]): Buffer[] {
  const body: Buffer[] = [];
  for (const frame of frames) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(frame.length);
    body.push(length, frame);
  }
  const prelude = Buffer.alloc(preludeBytes);
  prelude.writeUInt32LE(magic, 0);
  prelude.writeUInt8(version, 4);
  prelude.writeUInt32LE(frames.length, 8);
  prelude.writeUInt32LE(
    body.reduce((sum, part) => sum + part.length, 0),
    12,
  );
  prelude.writeUInt32LE(
    body.reduce((sum, part) => crc32(part, sum), 0),
    16,
  );
  return [prelude, ...body];
}

export type DecodedJournalFile = { ok: true; frames: Buffer[] } | { ok: false; reason: string };

export function decodeJournalFile(bytes: Buffer, name: JournalFileName): DecodedJournalFile {
  if (bytes.length < preludeBytes) {
    return damaged(`expected at least ${preludeBytes} bytes, got ${bytes.length}`);
  }
  if (bytes.readUInt32LE(0) !== magic) return damaged('expected it to begin with "PLMJ"');
  if (bytes.readUInt8(4) !== version) {
    return damaged(`expected version ${version}, got ${bytes.readUInt8(4)}`);
  }
  const body = bytes.subarray(preludeBytes);
  const bodyLength = bytes.readUInt32LE(12);
  if (body.length !== bodyLength) {
    return damaged(`expected ${bodyLength} bytes of frames, got ${body.length}`);
  }
  if (crc32(body) !== bytes.readUInt32LE(16)) return damaged('the checksum does not match');
  const frames = splitFrames(body);
  const expected = name.last - name.first + 1;
  if (frames.length !== expected || bytes.readUInt32LE(8) !== expected) {
    return damaged(`expected ${expected} frames, got ${frames.length}`);
  }
  return { ok: true, frames };
}

/** The checksum holds, so lengths are what was written. */
function splitFrames(body: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 4 <= body.length;) {
    const length = body.readUInt32LE(at);
    frames.push(body.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}

function damaged(reason: string): DecodedJournalFile {
  return { ok: false, reason };
}

function digits(offset: number): string {
  return String(offset).padStart(16, '0');
}
