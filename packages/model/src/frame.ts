/**
 * Frames: what one publish carries from a collector to ingest, over Kafka or within one process.
 *
 * ```
 * frame    = prelude header payload     prelude: `prelude.ts`
 * header   = JSON, UTF-8: LogsHeader or RowsHeader
 * payload  = logs: the raw bytes of every chunk, one after another, in the header's order
 *            rows: JSONCompactEachRow, one row per line
 * members  = ( chunks u32 LE, length u32 LE, zstd frame ) for each run of the header's chunks
 * ```
 *
 * Header and payload may be compressed, the payload of logs in members. A host that writes little
 * sends frames of a few lines, which are nearly all header.
 *
 * Members let a receiver pass compressed chunks on as they are: a large chunk has one to itself.
 *
 * Invariants: the raw bytes of a log chunk are exactly what the file holds in `[start, end)`, or its
 * records (`records.ts`, `pushed-records.ts`);
 * sequence numbers grow by one per frame of a kind within one `(collector_id, epoch)`; a frame that
 * does not decode is rejected whole with the reason, never in part.
 */
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
import { hasChecksum, readPrelude, writePrelude, type Prelude } from './prelude.ts';
import { compress, contentBytes, decompress } from './zstd.ts';

/** Compressed before others may run, unless one member is more; some milliseconds. */
const bytesPerTurn = 2 * 1024 * 1024;
const maxHeaderBytes = 16 * 1024 * 1024;
/** Shorter ones gain less than it costs. */
const minCompressedHeaderBytes = 512;
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
  const plain = Buffer.from(JSON.stringify(frame.header));
  const isCompressed = plain.length >= minCompressedHeaderBytes;
  const header = isCompressed ? compress(plain) : plain;
  const prelude = writePrelude(
    {
      kind: frame.kind === 'logs' ? 1 : 2,
      codec: frame.kind === 'logs' ? 2 : 1,
      headerCodec: isCompressed ? 1 : 0,
      headerLength: header.length,
      payloadLength: payload.reduce((sum, part) => sum + part.length, 0),
      rawLength: raw.length,
      rows: rowsOf(frame.header),
    },
    [header, ...payload],
  );
  return Buffer.concat([prelude, header, ...payload]);
}

/** Lines of all chunks, or rows. */
function rowsOf({ chunks, rows }: Partial<LogsHeader & RowsHeader>): number {
  return rows ?? chunks?.reduce((lines, chunk) => lines + chunk.lines, 0) ?? 0;
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
  const json = await parseHeader(parts);
  if (parts.kind === 1) {
    const header = json as LogsHeader;
    checkChunks(header, parts.rawLength);
    return { kind: 'logs', header, members: membersOf(parts, header) };
  }
  const payload = parts.codec === 0 ? parts.payload : await decompressPayload(parts);
  checkLength(payload, parts.rawLength);
  return { kind: 'rows', header: json as RowsHeader, payload };
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
  const prelude = readPrelude(bytes);
  return typeof prelude === 'string' ? bytes.length : Math.min(prelude.rawLength, maxRawBytes);
}

/**
 * Lines and rows of a frame, as it says itself; 1 where it does not. Looks at no payload and checks no
 * sum: for those who only weigh frames.
 */
export function frameRows(bytes: Buffer): number {
  const prelude = readPrelude(bytes);
  if (typeof prelude === 'string') return 1;
  const rows = prelude.rows ?? rowsOfHeader(bytes, prelude);
  return rows >= 1 ? rows : 1;
}

/** Of a frame of version 1. */
function rowsOfHeader(bytes: Buffer, prelude: Prelude): number {
  const end = prelude.bytes + Math.min(prelude.headerLength, maxHeaderBytes);
  try {
    const rows = rowsOf(JSON.parse(bytes.toString('utf8', prelude.bytes, end)) as object);
    return typeof rows === 'number' ? rows : 1;
  } catch {
    return 1;
  }
}

interface FrameParts {
  kind: 1 | 2;
  codec: 0 | 1 | 2;
  headerCodec: 0 | 1;
  rawLength: number;
  header: Buffer;
  payload: Buffer;
}

function splitFrame(bytes: Buffer): FrameParts {
  const prelude = readPrelude(bytes);
  if (typeof prelude === 'string') throw new FrameError(prelude);
  const { kind, codec, headerCodec, headerLength, payloadLength, rawLength } = prelude;
  if (kind !== 1 && kind !== 2) throw new FrameError(`kind: expected 1 or 2, got ${kind}`);
  if (codec !== 0 && codec !== 1 && !(codec === 2 && kind === 1)) {
    throw new FrameError(`codec: expected 0, 1 or (logs only) 2, got ${codec}`);
  }
  if (headerCodec !== 0 && headerCodec !== 1) {
    throw new FrameError(`header codec: expected 0 or 1, got ${headerCodec}`);
  }
  if (headerLength > maxHeaderBytes || rawLength > maxRawBytes) {
    throw new FrameError(`length: header ${headerLength} or payload ${rawLength} over the limit`);
  }
  const expected = prelude.bytes + headerLength + payloadLength;
  if (bytes.length !== expected) {
    throw new FrameError(`length: expected ${expected} bytes, got ${bytes.length}`);
  }
  if (!hasChecksum(bytes, prelude)) {
    throw new FrameError('checksum: the frame was altered after it was made');
  }
  const header = bytes.subarray(prelude.bytes, prelude.bytes + headerLength);
  const payload = bytes.subarray(prelude.bytes + headerLength);
  return { kind, codec, headerCodec, rawLength, header, payload };
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
async function parseHeader({ header, headerCodec }: FrameParts): Promise<unknown> {
  const plain = headerCodec === 0 ? header : await inflateHeader(header);
  try {
    return JSON.parse(plain.toString('utf8'));
  } catch (error) {
    throw new FrameError(`header: expected JSON (${String(error)})`);
  }
}

async function inflateHeader(header: Buffer): Promise<Buffer> {
  try {
    return await decompress(
      header,
      Math.min(contentBytes(header) ?? 0, maxHeaderBytes),
      maxHeaderBytes,
    );
  } catch (error) {
    throw new FrameError(`header: expected zstd (${String(error)})`);
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
