/**
 * Frames: what one publish carries from a collector to ingest, over Kafka or within one process.
 *
 * ```
 * frame    = prelude header payload
 * prelude  = magic "PLMF"      4 bytes
 *            version           u8       1
 *            kind              u8       1 logs, 2 rows
 *            codec             u8       0 none, 1 zstd, 2 members (payload only)
 *            reserved          u8       0
 *            header length     u32 LE   bytes of header
 *            payload length    u32 LE   bytes of payload as it stands here (compressed)
 *            raw length        u32 LE   bytes of payload after decompression
 *            checksum          u32 LE   CRC-32 of the 20 bytes before it, header and payload
 * header   = JSON, UTF-8: LogsHeader or RowsHeader
 * payload  = logs: the raw bytes of every chunk, one after another, in the header's order
 *            rows: JSONCompactEachRow, one row per line
 * members  = ( chunks u32 LE, length u32 LE, zstd frame ) for each run of the header's chunks
 * ```
 *
 * Members let a receiver pass compressed chunks on as they are: a large chunk has one to itself.
 *
 * Invariants: the raw bytes of a log chunk are exactly what the file holds in `[start, end)`, or its
 * records (`records.ts`, `pushed-records.ts`);
 * sequence numbers grow by one per frame of a kind within one `(collector_id, epoch)`; a frame that
 * does not decode is rejected whole with the reason, never in part.
 */
import { crc32 } from 'node:zlib';
import {
  chunkBytes,
  isOfRecords,
  logFormats,
  type LogChunk,
  type LogFormat,
  type LogsHeader,
  type RowsHeader,
} from './frame-header.ts';
import { limits } from './limits.ts';
import { planMembers, readMembers, wholeMember, writeMember, type Member } from './members.ts';
import { compress, decompress } from './zstd.ts';

const magic = 0x464d4c50; // "PLMF", little endian
const version = 1;
const preludeBytes = 24;
/** Compressed before others may run, unless one member is more; some milliseconds. */
const bytesPerTurn = 2 * 1024 * 1024;
const maxHeaderBytes = 16 * 1024 * 1024;
/** A rows frame is small; log frames are bounded by limits.maxFrameBytes plus one record. */
const maxRawBytes = limits.maxFrameBytes + 2 * limits.maxRecordBytes;

/** A frame before its log bytes are decompressed. */
export type OpenedFrame =
  | { kind: 'logs'; header: LogsHeader; members: Member[] }
  | { kind: 'rows'; header: RowsHeader; payload: Buffer };

export type Frame =
  | { kind: 'logs'; header: LogsHeader; payload: Buffer }
  | { kind: 'rows'; header: RowsHeader; payload: Buffer };

/** A frame that cannot be read, with the reason; goes to the dead letters whole. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

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
  const payload =
    frame.kind === 'logs' ? await compressMembers(frame.header, raw) : [compress(raw)];
  const header = Buffer.from(JSON.stringify(frame.header));
  const prelude = Buffer.alloc(preludeBytes);
  prelude.writeUInt32LE(magic, 0);
  prelude.writeUInt8(version, 4);
  prelude.writeUInt8(frame.kind === 'logs' ? 1 : 2, 5);
  prelude.writeUInt8(frame.kind === 'logs' ? 2 : 1, 6);
  prelude.writeUInt32LE(header.length, 8);
  prelude.writeUInt32LE(
    payload.reduce((sum, part) => sum + part.length, 0),
    12,
  );
  prelude.writeUInt32LE(raw.length, 16);
  prelude.writeUInt32LE(checksum(prelude, [header, ...payload]), 20);
  return Buffer.concat([prelude, header, ...payload]);
}

async function compressMembers(header: LogsHeader, raw: Buffer): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  let sinceTurn = 0;
  for (const { chunks, start, end } of planMembers(header.chunks)) {
    sinceTurn += end - start;
    if (sinceTurn > bytesPerTurn) {
      await new Promise((resolve) => setImmediate(resolve));
      sinceTurn = end - start;
    }
    parts.push(...writeMember(chunks, compress(raw.subarray(start, end))));
  }
  return parts;
}

/**
 * Reads a frame, and leaves the bytes of logs compressed as they are.
 *
 * @throws {FrameError} on anything but a complete, undamaged frame of a known version.
 */
export async function openFrame(bytes: Buffer): Promise<OpenedFrame> {
  const parts = splitFrame(bytes);
  if (parts.kind === 1) {
    const header = parseHeader(parts.header) as LogsHeader;
    checkChunks(header, parts.rawLength);
    return { kind: 'logs', header, members: membersOf(parts, header) };
  }
  const payload = parts.codec === 0 ? parts.payload : await decompressPayload(parts);
  checkLength(payload, parts.rawLength);
  return { kind: 'rows', header: parseHeader(parts.header) as RowsHeader, payload };
}

/**
 * Reads a frame whole.
 *
 * @throws {FrameError} on anything but a complete, undamaged frame of a known version.
 */
export async function decodeFrame(bytes: Buffer): Promise<Frame> {
  const opened = await openFrame(bytes);
  if (opened.kind === 'rows') return opened;
  const raw: Buffer[] = [];
  for (const member of opened.members) raw.push(await inflateMember(member));
  const [first] = raw;
  const payload = raw.length === 1 && first ? first : Buffer.concat(raw);
  return { kind: 'logs', header: opened.header, payload };
}

/**
 * The raw bytes of a member's chunks.
 *
 * @throws {FrameError} when they are not what the member says
 */
export async function inflateMember({ codec, bytes, rawBytes }: Member): Promise<Buffer> {
  const raw =
    codec === 'none' ? bytes : await decompressPayload({ payload: bytes, rawLength: rawBytes });
  checkLength(raw, rawBytes);
  return raw;
}

function membersOf({ codec, payload, rawLength }: FrameParts, header: LogsHeader): Member[] {
  if (codec === 2) {
    const members = readMembers(payload, header.chunks);
    if (typeof members === 'string') throw new FrameError(members);
    return members;
  }
  const member = wholeMember(header.chunks, codec === 0 ? 'none' : 'zstd', payload);
  if (codec === 0) checkLength(payload, rawLength);
  return [member];
}

/**
 * Bytes of a frame's payload after decompression, as its prelude says; the frame's own length where
 * it has no prelude to read. Looks at no more than that: for those who only weigh frames.
 */
export function frameRawBytes(bytes: Buffer): number {
  if (bytes.length < preludeBytes || bytes.readUInt32LE(0) !== magic) return bytes.length;
  return Math.min(bytes.readUInt32LE(16), maxRawBytes);
}

/**
 * Lines and rows of a frame, as its header says; 1 where there is none to read. Looks at no payload
 * and checks no sum: for those who only weigh frames.
 */
export function frameRows(bytes: Buffer): number {
  if (bytes.length < preludeBytes || bytes.readUInt32LE(0) !== magic) return 1;
  const end = preludeBytes + Math.min(bytes.readUInt32LE(8), maxHeaderBytes);
  try {
    const header: unknown = JSON.parse(bytes.toString('utf8', preludeBytes, end));
    const { chunks, rows } = header as Partial<LogsHeader & RowsHeader>;
    const sum = rows ?? chunks?.reduce((lines, chunk) => lines + chunk.lines, 0);
    return typeof sum === 'number' && sum >= 1 ? sum : 1;
  } catch {
    return 1;
  }
}

interface FrameParts {
  kind: 1 | 2;
  codec: 0 | 1 | 2;
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
  if (codec !== 0 && codec !== 1 && !(codec === 2 && kind === 1)) {
    throw new FrameError(`codec: expected 0, 1 or (logs only) 2, got ${codec}`);
  }
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
  if (checksum(bytes, [header, payload]) !== bytes.readUInt32LE(20)) {
    throw new FrameError('checksum: the frame was altered after it was made');
  }
  return { kind, codec, rawLength, header, payload };
}

/** Over the prelude too: a flipped codec or length must not pass for another frame. */
function checksum(prelude: Buffer, parts: readonly Buffer[]): number {
  const start = crc32(prelude.subarray(0, preludeBytes - 4));
  return parts.reduce((sum, part) => crc32(part, sum), start);
}

async function decompressPayload({
  payload,
  rawLength,
}: Pick<FrameParts, 'payload' | 'rawLength'>): Promise<Buffer> {
  try {
    return await decompress(payload, rawLength, maxRawBytes);
  } catch (error) {
    throw new FrameError(`payload: expected zstd (${String(error)})`);
  }
}

function checkLength(payload: Buffer, rawLength: number): void {
  if (payload.length !== rawLength) {
    throw new FrameError(`raw length: expected ${rawLength} bytes, got ${payload.length}`);
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
    const source = header.sources[chunk.source];
    if (!source) {
      throw new FrameError(`chunk: names source ${chunk.source} of ${header.sources.length}`);
    }
    if (!(chunk.start >= 0 && chunk.end > chunk.start)) {
      throw new FrameError(`chunk: expected start < end, got [${chunk.start}, ${chunk.end})`);
    }
    checkPayload(chunk, source.format);
    sum += chunkBytes(chunk);
  }
  if (sum !== rawLength) {
    throw new FrameError(`chunks: add up to ${sum} bytes, the payload has ${rawLength}`);
  }
}

/** Records say how many bytes they are; of what is the file's own bytes the range says it. */
function checkPayload({ bytes }: LogChunk, format: LogFormat): void {
  if (!logFormats.includes(format)) {
    throw new FrameError(
      `format: expected one of ${logFormats.join(', ')}, got ${JSON.stringify(format)}; upgrade ingest first`,
    );
  }
  const isCounted = Number.isSafeInteger(bytes) && Number(bytes) >= 0;
  if (isOfRecords(format) && !isCounted) {
    throw new FrameError(`chunk: expected a number of bytes, got ${bytes}`);
  }
  if (!isOfRecords(format) && bytes !== undefined) {
    throw new FrameError(`chunk: expected no number of bytes with ${format}, got ${bytes}`);
  }
}
