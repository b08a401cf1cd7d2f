/**
 * Frames: what one publish carries from a collector to ingest, over Kafka or within one process.
 *
 * ```
 * frame    = prelude header payload
 * prelude  = magic "PLMF"      4 bytes
 *            version           u8       1
 *            kind              u8       1 logs, 2 rows
 *            codec             u8       0 none, 1 zstd (payload only)
 *            reserved          u8       0
 *            header length     u32 LE   bytes of header
 *            payload length    u32 LE   bytes of payload as it stands here (compressed)
 *            raw length        u32 LE   bytes of payload after decompression
 *            checksum          u32 LE   CRC-32 of the 20 bytes before it, header and payload
 * header   = JSON, UTF-8: LogsHeader or RowsHeader
 * payload  = logs: the raw bytes of every chunk, one after another, in the header's order
 *            rows: JSONCompactEachRow, one row per line
 * ```
 *
 * Invariants: the raw bytes of a log chunk are exactly what the file holds in `[start, end)`;
 * sequence numbers grow by one per frame within one `(collector_id, epoch)`; a frame that does not
 * decode is rejected whole with the reason, never in part.
 */
import { promisify } from 'node:util';
import { constants, crc32, zstdCompress, zstdDecompress } from 'node:zlib';
import type { TargetLabels } from './labels.ts';
import { limits } from './limits.ts';
import type { RowTable } from './rows.ts';

const magic = 0x464d4c50; // "PLMF", little endian
const version = 1;
const preludeBytes = 24;
/** Memory for compressed output, allocated at once; log frames compress to a sixth or less. */
const minOutputBytes = 4 * 1024;
const maxOutputBytes = 2 * 1024 * 1024;
const maxHeaderBytes = 16 * 1024 * 1024;
/** A rows frame is small; log frames are bounded by limits.maxFrameBytes plus one record. */
const maxRawBytes = limits.maxFrameBytes + 2 * limits.maxRecordBytes;

/** How the bytes of a source are to be split into records. */
export type LogFormat = 'docker-json' | 'cri' | 'plain';

/** Where a frame comes from. `epoch` grows with every start of the collector. */
export interface FrameOrigin {
  tenant: string;
  host: string;
  boot_id: string;
  collector_id: string;
  epoch: number;
  sequence: number;
  /** Milliseconds since 1970 when the frame was closed. */
  created_at_ms: number;
}

/** A file that log bytes come from. Shared by all chunks of a frame that name its index. */
export interface LogSource {
  labels: TargetLabels;
  format: LogFormat;
  /** Stable identity of the file's content: device, inode and fingerprint; never re-used. */
  file_id: string;
  path: string;
  /** Stream of a format that does not say it per line; otherwise empty. */
  stream: string;
}

/** A byte range `[start, end)` of one source: whole records only. */
export interface LogChunk {
  /** Index into the header's `sources`. */
  source: number;
  start: number;
  end: number;
  /** Complete records (newlines) within, for accounting. */
  lines: number;
}

export interface LogsHeader extends FrameOrigin {
  sources: LogSource[];
  chunks: LogChunk[];
}

export interface RowsHeader extends FrameOrigin {
  table: RowTable;
  columns: string[];
  rows: number;
}

export type Frame =
  | { kind: 'logs'; header: LogsHeader; payload: Buffer }
  | { kind: 'rows'; header: RowsHeader; payload: Buffer };

/** A frame that cannot be read, with the reason; goes to the dead letters whole. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/**
 * Level 1 with tables that fit a core's own cache: a fifth faster than level 1 as it is, on log
 * lines of several shapes, and no larger.
 */
const compression = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_windowLog]: 17,
  [constants.ZSTD_c_hashLog]: 12,
  [constants.ZSTD_c_minMatch]: 6,
};

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * Encodes a frame; the payload is given in parts that need not be joined first.
 *
 * @throws {FrameError} when the payload's length is not what the header's chunks add up to.
 */
export async function encodeFrame(
  frame: { kind: 'logs'; header: LogsHeader } | { kind: 'rows'; header: RowsHeader },
  parts: readonly Buffer[],
): Promise<Buffer> {
  const raw = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  if (frame.kind === 'logs') checkChunks(frame.header, raw.length);
  const payload = await compress(raw, {
    params: compression,
    // One piece of output: every further one costs a turn through the thread pool and a copy.
    chunkSize: Math.min(Math.max(raw.length, minOutputBytes), maxOutputBytes),
  });
  const header = Buffer.from(JSON.stringify(frame.header));
  const prelude = Buffer.alloc(preludeBytes);
  prelude.writeUInt32LE(magic, 0);
  prelude.writeUInt8(version, 4);
  prelude.writeUInt8(frame.kind === 'logs' ? 1 : 2, 5);
  prelude.writeUInt8(1, 6);
  prelude.writeUInt32LE(header.length, 8);
  prelude.writeUInt32LE(payload.length, 12);
  prelude.writeUInt32LE(raw.length, 16);
  prelude.writeUInt32LE(checksum(prelude, header, payload), 20);
  return Buffer.concat([prelude, header, payload]);
}

/**
 * Decodes one frame.
 *
 * @throws {FrameError} on anything but a complete, undamaged frame of a known version.
 */
export async function decodeFrame(bytes: Buffer): Promise<Frame> {
  const parts = splitFrame(bytes);
  const payload = parts.codec === 0 ? parts.payload : await decompressPayload(parts);
  if (payload.length !== parts.rawLength) {
    throw new FrameError(`raw length: expected ${parts.rawLength} bytes, got ${payload.length}`);
  }
  if (parts.kind === 1) {
    const header = parseHeader(parts.header) as LogsHeader;
    checkChunks(header, payload.length);
    return { kind: 'logs', header, payload };
  }
  return { kind: 'rows', header: parseHeader(parts.header) as RowsHeader, payload };
}

/**
 * Bytes of a frame's payload after decompression, as its prelude says; the frame's own length where
 * it has no prelude to read. Looks at no more than that: for those who only weigh frames.
 */
export function frameRawBytes(bytes: Buffer): number {
  if (bytes.length < preludeBytes || bytes.readUInt32LE(0) !== magic) return bytes.length;
  return Math.min(bytes.readUInt32LE(16), maxRawBytes);
}

interface FrameParts {
  kind: 1 | 2;
  codec: 0 | 1;
  rawLength: number;
  header: Buffer;
  payload: Buffer;
}

function splitFrame(bytes: Buffer): FrameParts {
  if (bytes.length < preludeBytes) {
    throw new FrameError(`prelude: expected ${preludeBytes} bytes, got ${bytes.length}`);
  }
  if (bytes.readUInt32LE(0) !== magic) throw new FrameError('magic: expected "PLMF"');
  const gotVersion = bytes.readUInt8(4);
  if (gotVersion !== version) {
    throw new FrameError(`version: expected ${version}, got ${gotVersion}; upgrade ingest first`);
  }
  const kind = bytes.readUInt8(5);
  const codec = bytes.readUInt8(6);
  if (kind !== 1 && kind !== 2) throw new FrameError(`kind: expected 1 or 2, got ${kind}`);
  if (codec !== 0 && codec !== 1) throw new FrameError(`codec: expected 0 or 1, got ${codec}`);
  const headerLength = bytes.readUInt32LE(8);
  const payloadLength = bytes.readUInt32LE(12);
  const rawLength = bytes.readUInt32LE(16);
  if (headerLength > maxHeaderBytes || rawLength > maxRawBytes) {
    throw new FrameError(`length: header ${headerLength} or payload ${rawLength} over the limit`);
  }
  const expected = preludeBytes + headerLength + payloadLength;
  if (bytes.length !== expected) {
    throw new FrameError(`length: expected ${expected} bytes, got ${bytes.length}`);
  }
  const header = bytes.subarray(preludeBytes, preludeBytes + headerLength);
  const payload = bytes.subarray(preludeBytes + headerLength);
  if (checksum(bytes, header, payload) !== bytes.readUInt32LE(20)) {
    throw new FrameError('checksum: the frame was altered after it was made');
  }
  return { kind, codec, rawLength, header, payload };
}

/** Over the prelude too: a flipped codec or length must not pass for another frame. */
function checksum(prelude: Buffer, header: Buffer, payload: Buffer): number {
  return crc32(payload, crc32(header, crc32(prelude.subarray(0, preludeBytes - 4))));
}

async function decompressPayload({ payload, rawLength }: FrameParts): Promise<Buffer> {
  try {
    return await decompress(payload, {
      maxOutputLength: maxRawBytes,
      // In one piece, as in encodeFrame: a third of the time of many.
      chunkSize: Math.max(rawLength, minOutputBytes),
    });
  } catch (error) {
    throw new FrameError(`payload: expected zstd (${String(error)})`);
  }
}

/** The checksum was verified and the version is known: the shape is what encodeFrame wrote. */
function parseHeader(header: Buffer): unknown {
  try {
    return JSON.parse(header.toString('utf8'));
  } catch (error) {
    throw new FrameError(`header: expected JSON (${String(error)})`);
  }
}

function checkChunks(header: LogsHeader, rawLength: number): void {
  let sum = 0;
  for (const chunk of header.chunks) {
    if (!header.sources[chunk.source]) {
      throw new FrameError(`chunk: names source ${chunk.source} of ${header.sources.length}`);
    }
    if (!(chunk.start >= 0 && chunk.end > chunk.start)) {
      throw new FrameError(`chunk: expected start < end, got [${chunk.start}, ${chunk.end})`);
    }
    sum += chunk.end - chunk.start;
  }
  if (sum !== rawLength) {
    throw new FrameError(`chunks: add up to ${sum} bytes, the payload has ${rawLength}`);
  }
}
