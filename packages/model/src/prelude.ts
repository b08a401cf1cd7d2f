/**
 * What stands before header and payload of a frame, see `frame.ts`.
 *
 * ```
 * prelude = magic "PLMF"      4 bytes
 *           version           u8       2
 *           kind              u8       1 logs, 2 rows
 *           codec             u8       of the payload: 0 none, 1 zstd, 2 members (logs only)
 *           header codec      u8       0 none, 1 zstd
 *           header length     u32 LE   bytes of header as it stands here (compressed)
 *           payload length    u32 LE   bytes of payload as it stands here (compressed)
 *           raw length        u32 LE   bytes of payload after decompression
 *           rows              u32 LE   lines of all chunks, or rows
 *           checksum          u32 LE   CRC-32 of the bytes before it, header and payload
 * ```
 *
 * Version 1 had no rows, and a 0 in the place of the header's codec: its header is never compressed.
 */
import { crc32 } from 'node:zlib';

export interface Prelude {
  /** Length of the prelude itself. */
  bytes: number;
  kind: number;
  codec: number;
  headerCodec: number;
  headerLength: number;
  payloadLength: number;
  rawLength: number;
  /** Null: only the header says it. */
  rows: number | null;
}

const magic = 0x464d4c50; // "PLMF", little endian
const version = 2;
const checksumBytes = 4;
const maxRows = 0xffff_ffff;
/** Of version 1. */
const leastBytes = 24;

/** Without the checksum, by version. */
const fieldBytes = new Map([
  [1, 20],
  [version, 24],
]);

export type PreludeFields = Omit<Prelude, 'bytes' | 'rows'> & { rows: number };

/** @param parts header and payload, which the checksum covers */
export function writePrelude(fields: PreludeFields, parts: readonly Buffer[]): Buffer {
  const prelude = Buffer.alloc(24 + checksumBytes);
  prelude.writeUInt32LE(magic, 0);
  prelude.writeUInt8(version, 4);
  prelude.writeUInt8(fields.kind, 5);
  prelude.writeUInt8(fields.codec, 6);
  prelude.writeUInt8(fields.headerCodec, 7);
  prelude.writeUInt32LE(fields.headerLength, 8);
  prelude.writeUInt32LE(fields.payloadLength, 12);
  prelude.writeUInt32LE(fields.rawLength, 16);
  prelude.writeUInt32LE(Math.min(fields.rows, maxRows), 20);
  prelude.writeUInt32LE(checksum([prelude.subarray(0, 24), ...parts]), 24);
  return prelude;
}

/** The prelude, or what is wrong with it. Of the rest of the frame nothing is looked at. */
export function readPrelude(frame: Buffer): Prelude | string {
  if (frame.length < leastBytes) {
    return `prelude: expected at least ${leastBytes} bytes, got ${frame.length}`;
  }
  if (frame.readUInt32LE(0) !== magic) return 'magic: expected "PLMF"';
  const gotVersion = frame.readUInt8(4);
  const fields = fieldBytes.get(gotVersion);
  if (fields === undefined) {
    return `version: expected 1 to ${version}, got ${gotVersion}; upgrade ingest first`;
  }
  const bytes = fields + checksumBytes;
  if (frame.length < bytes) return `prelude: expected ${bytes} bytes, got ${frame.length}`;
  return {
    bytes,
    kind: frame.readUInt8(5),
    codec: frame.readUInt8(6),
    headerCodec: gotVersion === 1 ? 0 : frame.readUInt8(7),
    headerLength: frame.readUInt32LE(8),
    payloadLength: frame.readUInt32LE(12),
    rawLength: frame.readUInt32LE(16),
    rows: gotVersion === 1 ? null : frame.readUInt32LE(20),
  };
}

/** Over the prelude too: a flipped codec or length must not pass for another frame. */
export function hasChecksum(frame: Buffer, { bytes }: Prelude): boolean {
  const fields = frame.subarray(0, bytes - checksumBytes);
  return checksum([fields, frame.subarray(bytes)]) === frame.readUInt32LE(bytes - checksumBytes);
}

function checksum(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), 0);
}
