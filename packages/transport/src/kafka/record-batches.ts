/**
 * Record batches (message format 2), as a fetch brings them:
 *
 * ```
 * records = batch …, the last one perhaps cut off
 * batch   = base offset i64, length i32, leader epoch i32, magic i8 (2), crc i32, attributes i16,
 *           last offset delta i32, first time i64, max time i64, producer id i64, epoch i16,
 *           sequence i32, count i32, record …
 * record  = length varint, attributes i8, time delta varlong, offset delta varint,
 *           key bytes, value bytes, headers
 * ```
 *
 * Values are slices of the answer, not copies. Checksums are not looked at: a frame has its own.
 * Batches that a transaction ended with (control batches) hold no frames.
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { WireReader } from './wire-codec.ts';

export interface FetchedRecord {
  offset: number;
  key: Buffer | null;
  /** Empty where the record has none. */
  value: Buffer;
}

export interface DecodedRecords {
  records: FetchedRecord[];
  /** The offset to go on from; null when there is not one complete batch. */
  next: number | null;
}

/** Of one batch after decompression: a broker takes 16 MiB of it, and compresses by itself at most. */
const maxBatchBytes = 256 * 1024 * 1024;
const prefixBytes = 12;

/**
 * Leaves out records before `from`: a batch comes whole, also when it is asked for in the middle.
 *
 * @throws {Error} for a batch that is not as above
 */
export function decodeRecords(bytes: Buffer, from: number): DecodedRecords {
  const reader = new WireReader(bytes);
  const records: FetchedRecord[] = [];
  let next: number | null = null;
  while (reader.left > prefixBytes) {
    const baseOffset = reader.int64();
    const length = reader.int32();
    if (length > reader.left) break;
    const batch = new WireReader(reader.slice(length));
    const { lastOffset } = readBatch(batch, baseOffset, (record) => {
      if (record.offset >= from) records.push(record);
    });
    next = lastOffset + 1;
  }
  return { records, next };
}

function readBatch(
  batch: WireReader,
  baseOffset: number,
  add: (record: FetchedRecord) => void,
): { lastOffset: number } {
  const magic = batch.skip(4).int8();
  if (magic !== 2) {
    throw new Error(`record batch: expected message format 2, got ${magic} at ${baseOffset}`);
  }
  const attributes = batch.skip(4).int16();
  const lastOffset = baseOffset + batch.int32();
  const count = batch.skip(8 + 8 + 8 + 2 + 4).int32();
  const isControl = (attributes & 0x20) !== 0;
  if (isControl || count <= 0) return { lastOffset };
  const records = decompress(batch.slice(batch.left), attributes & 7);
  for (let i = 0; i < count; i++) {
    const record = new WireReader(records.slice(records.varint()));
    const offset = baseOffset + record.skip(1).skipVarlong().varint();
    const key = varBytes(record);
    add({ offset, key, value: varBytes(record) ?? Buffer.alloc(0) });
  }
  return { lastOffset };
}

function varBytes(reader: WireReader): Buffer | null {
  const length = reader.varint();
  return length < 0 ? null : reader.slice(length);
}

/** Frames are compressed before they are sent; a topic's `compression.type` may add another. */
function decompress(bytes: Buffer, codec: number): WireReader {
  const limit = { maxOutputLength: maxBatchBytes };
  if (codec === 0) return new WireReader(bytes);
  if (codec === 1) return new WireReader(gunzipSync(bytes, limit));
  if (codec === 4) return new WireReader(zstdDecompressSync(bytes, limit));
  const name = codec === 2 ? 'snappy' : codec === 3 ? 'lz4' : `codec ${codec}`;
  throw new Error(
    `record batch: expected no compression, gzip or zstd, got ${name}: set compression.type=producer on the topic`,
  );
}
