/**
 * Chunks as the tables of chunks take them: RowBinary in one zstd stream. A row ends with the bytes of
 * its chunk, so a chunk that came compressed goes on as it is, behind a zstd frame that only stores
 * what stands before it. Heads and small chunks are gathered in one buffer; large ones are not copied.
 */
import { storedFrame, targetLabelNames } from '@plimsoll/model';
import type { LogChunkRow } from '../plan/insert-unit.ts';

export const logChunkColumns: readonly string[] = [
  'received_at',
  ...targetLabelNames,
  'stream',
  'file_id',
  'start',
  'end',
  'partition',
  'batch',
  'data',
];

/** Content of at most this many bytes is copied: a part of its own costs more. */
const copiedBytes = 16 * 1024;
const scratchBytes = 256 * 1024;
/** zstd frame of one stored block: magic, descriptor, content size, block head (RFC 8878, 3.1.1). */
const storedHeadBytes = 12;
const zstdMagic = 0xfd2fb528;
const maxBlockBytes = 128 * 1024;

/** @returns the stream in parts, to be written one after another */
export function logChunkData(
  chunks: readonly LogChunkRow[],
  batch: { partition: string; first: number },
): Buffer[] {
  const parts = new Parts();
  for (const chunk of chunks) {
    const { codec, bytes } = chunk.content;
    const isStored = codec === 'none';
    const most = maxHeadBytes(chunk, batch);
    const isCopied = bytes.length <= copiedBytes;
    if (most + bytes.length > maxBlockBytes && (isStored || most > maxBlockBytes)) {
      addLarge(parts, chunk, batch);
      continue;
    }
    const at = parts.reserve(storedHeadBytes + most + (isCopied ? bytes.length : 0));
    let end = writeHead(parts.scratch, at + storedHeadBytes, { chunk, batch });
    if (isStored && isCopied) end += bytes.copy(parts.scratch, end);
    const inFrame = end - at - storedHeadBytes + (isStored && !isCopied ? bytes.length : 0);
    writeStoredHead(parts.scratch, at, inFrame);
    if (!isStored && isCopied) end += bytes.copy(parts.scratch, end);
    parts.take(end);
    if (!isCopied) parts.append(bytes);
  }
  return parts.end();
}

/** More than one stored block: a long head, or bytes that came as they are. */
function addLarge(
  parts: Parts,
  chunk: LogChunkRow,
  batch: { partition: string; first: number },
): void {
  const head = Buffer.alloc(maxHeadBytes(chunk, batch));
  const { codec, bytes } = chunk.content;
  for (const part of storedFrame(head.subarray(0, writeHead(head, 0, { chunk, batch })))) {
    parts.append(part);
  }
  for (const part of codec === 'none' ? storedFrame(bytes) : [bytes]) parts.append(part);
}

/** A stream that is written into one buffer, and now and then continued in another. */
class Parts {
  scratch = Buffer.allocUnsafe(scratchBytes);
  readonly #parts: Buffer[] = [];
  #from = 0;
  #at = 0;

  /** Makes room; returns where it begins in `scratch`. */
  reserve(bytes: number): number {
    if (this.#at + bytes > this.scratch.length) {
      this.#cut();
      this.scratch = Buffer.allocUnsafe(Math.max(scratchBytes, bytes));
      this.#from = 0;
      this.#at = 0;
    }
    return this.#at;
  }

  /** Of what was reserved, that before `end` was written. */
  take(end: number): void {
    this.#at = end;
  }

  append(bytes: Buffer): void {
    this.#cut();
    this.#parts.push(bytes);
  }

  end(): Buffer[] {
    this.#cut();
    return this.#parts;
  }

  #cut(): void {
    if (this.#at > this.#from) this.#parts.push(this.scratch.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }
}

interface Row {
  chunk: LogChunkRow;
  batch: { partition: string; first: number };
}

/** UTF-8 takes at most three bytes for a UTF-16 unit; a length takes at most eight. */
function maxHeadBytes({ source }: LogChunkRow, { partition }: Row['batch']): number {
  let units = source.stream.length + source.file_id.length + partition.length;
  for (const name of targetLabelNames) units += source.labels[name].length;
  return 3 * units + 8 * (targetLabelNames.length + 8);
}

/** The row until the first byte of its last column. @returns where it ends */
function writeHead(target: Buffer, start: number, { chunk, batch }: Row): number {
  const { source } = chunk;
  let at = writeInteger(target, start, chunk.origin.created_at_ms);
  // A container may have a tenant of its own; that of the chunk is the collector's.
  for (const name of targetLabelNames) at = writeText(target, at, source.labels[name]);
  at = writeText(target, at, source.stream);
  at = writeText(target, at, source.file_id);
  at = writeInteger(target, at, chunk.start);
  at = writeInteger(target, at, chunk.end);
  at = writeText(target, at, batch.partition);
  at = writeInteger(target, at, batch.first);
  return writeLength(target, at, chunk.bytes);
}

/** UInt64 below 2^53, and DateTime64(3) as milliseconds since 1970. */
function writeInteger(target: Buffer, at: number, value: number): number {
  target.writeUInt32LE(value % 0x1_0000_0000, at);
  return target.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
}

function writeText(target: Buffer, at: number, text: string): number {
  const { length } = text;
  // Nearly always: so short that its length is one byte, whatever its letters take.
  if (length * 3 < 128) {
    const written = target.write(text, at + 1);
    target.writeUInt8(written, at);
    return at + 1 + written;
  }
  const start = writeLength(target, at, Buffer.byteLength(text));
  return start + target.write(text, start);
}

/** The length before a String: base 128, low digits first, the high bit on all but the last. */
function writeLength(target: Buffer, start: number, value: number): number {
  let at = start;
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) at = target.writeUInt8((left % 128) | 128, at);
  return target.writeUInt8(left, at);
}

function writeStoredHead(target: Buffer, start: number, bytes: number): void {
  target.writeUInt32LE(zstdMagic, start);
  target.writeUInt8(0x20 | (2 << 6), start + 4); // a single segment, its size in 4 bytes
  target.writeUInt32LE(bytes, start + 5);
  target.writeUIntLE((bytes << 3) | 1, start + 9, 3); // the last block, type 0: stored
}
