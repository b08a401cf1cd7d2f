/**
 * zstd as frames use it (RFC 8878), and the little of the format that must be read or written without
 * a codec.
 *
 * Compression runs in the calling thread: by way of the thread pool and a stream it takes a sixth more
 * processor time, and memory in each thread of the pool. A megabyte takes some 1.5 ms, so those with
 * more of them let others run in between.
 */
import { promisify } from 'node:util';
import { constants, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';

/**
 * Level 1 with tables that fit a core's own cache and matches of at least seven bytes: a quarter
 * faster than level 1 as it is, on log lines of several shapes, and a hundredth larger.
 */
const compression = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_windowLog]: 17,
  [constants.ZSTD_c_hashLog]: 12,
  [constants.ZSTD_c_minMatch]: 7,
};

/**
 * V8 collects garbage by the bytes allocated for output, used or not; what shrinks to less than this
 * is copied once more.
 */
const expectedRatio = 6;
const minOutputBytes = 4 * 1024;

/** Decompressed in the calling thread: 25 µs, where the way through the thread pool takes 160 µs of CPU. */
const inThreadBytes = 64 * 1024;

const decompressLater = promisify(zstdDecompress);

/** One zstd frame that says how large its content is. */
export function compress(raw: Buffer): Buffer {
  return zstdCompressSync(raw, {
    params: compression,
    pledgedSrcSize: raw.length,
    chunkSize: Math.max(Math.ceil(raw.length / expectedRatio), minOutputBytes),
  });
}

/** @throws when the bytes are no zstd, or hold more than `maxBytes` */
export async function decompress(
  bytes: Buffer,
  expectedBytes: number,
  maxBytes: number,
): Promise<Buffer> {
  if (expectedBytes > 0 && expectedBytes <= inThreadBytes) {
    return zstdDecompressSync(bytes, {
      maxOutputLength: maxBytes,
      chunkSize: Math.max(expectedBytes, minOutputBytes),
    });
  }
  return decompressLater(bytes, {
    maxOutputLength: maxBytes,
    // In one piece: a third of the time of many.
    chunkSize: Math.max(expectedBytes, minOutputBytes),
  });
}

const magic = 0xfd2fb528;
/** Largest block of a frame. */
const maxBlockBytes = 128 * 1024;

/**
 * Bytes of content that a zstd frame announces in its header; null when it announces none or is no
 * zstd frame. A decoder refuses a frame whose content is longer or shorter than announced.
 */
export function contentBytes(frame: Buffer): number | null {
  if (frame.length < 6 || frame.readUInt32LE(0) !== magic) return null;
  const descriptor = frame.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  if (sizeFlag === 0 && !isSingleSegment) return null;
  const at = 5 + (isSingleSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const length = 1 << sizeFlag;
  if (frame.length < at + length) return null;
  switch (length) {
    case 1:
      return frame.readUInt8(at);
    case 2:
      return frame.readUInt16LE(at) + 256;
    case 4:
      return frame.readUInt32LE(at);
    default: {
      const size = frame.readBigUInt64LE(at);
      return size > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(size);
    }
  }
}

/**
 * The bytes as a zstd frame that only stores them, in parts to be written one after another: to stand
 * between compressed frames in one stream.
 */
export function storedFrame(bytes: Buffer): Buffer[] {
  const head = Buffer.alloc(9);
  head.writeUInt32LE(magic, 0);
  head.writeUInt8(0x20 | (2 << 6), 4); // a single segment, its size in 4 bytes
  head.writeUInt32LE(bytes.length, 5);
  const parts: Buffer[] = [head];
  let at = 0;
  do {
    const block = bytes.subarray(at, at + maxBlockBytes);
    at += block.length;
    const blockHead = Buffer.alloc(3);
    const isLast = at >= bytes.length ? 1 : 0;
    blockHead.writeUIntLE((block.length << 3) | isLast, 0, 3); // type 0: stored
    parts.push(blockHead, block);
  } while (at < bytes.length);
  return parts;
}
