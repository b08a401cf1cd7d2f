/**
 * ClickHouse's own compression of a stream, which drivers ask for by `compress=1` and `decompress=1`:
 * blocks, each
 *
 *   16 bytes  CityHash128 of what follows
 *    1 byte   method: 0x82 LZ4, 0x90 ZSTD, 0x02 none
 *    4 bytes  length from the method on, lowest byte first
 *    4 bytes  length when unpacked
 *             data
 */
import { Transform } from 'node:stream';
import { zstdDecompressSync } from 'node:zlib';
import { ClickHouseException } from '../exception.ts';
import { cityHash128 } from './city-hash-128.ts';
import { compressBlock, decompressBlock } from './lz4-block.ts';

const checksumBytes = 16;
const headerBytes = 9;
const lz4 = 0x82;
const zstd = 0x90;
const none = 0x02;

/** As a server's buffers. */
const blockBytes = 1024 * 1024;
/** A block of a client, packed or unpacked. */
export const maxBlockBytes = 64 * 1024 * 1024;

export class BlockCompressor extends Transform {
  #waiting: Buffer[] = [];
  #bytes = 0;

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + blockBytes - this.#bytes);
      this.#waiting.push(part);
      this.#bytes += part.length;
      from += part.length;
      if (this.#bytes === blockBytes) this.#pack();
    }
    done();
  }

  override _flush(done: () => void): void {
    if (this.#bytes > 0) this.#pack();
    done();
  }

  #pack(): void {
    this.push(packBlock(Buffer.concat(this.#waiting)));
    this.#waiting = [];
    this.#bytes = 0;
  }
}

export function packBlock(plain: Buffer): Buffer {
  const data = compressBlock(plain);
  const block = Buffer.allocUnsafe(checksumBytes + headerBytes + data.length);
  block[checksumBytes] = lz4;
  block.writeUInt32LE(headerBytes + data.length, checksumBytes + 1);
  block.writeUInt32LE(plain.length, checksumBytes + 5);
  data.copy(block, checksumBytes + headerBytes);
  cityHash128(block.subarray(checksumBytes)).copy(block);
  return block;
}

/** @throws {ClickHouseException} CHECKSUM_DOESNT_MATCH, CANNOT_DECOMPRESS, UNKNOWN_COMPRESSION_METHOD */
export async function* unpackBlocks(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  let needed = checksumBytes + headerBytes;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    // Joined when a block is complete, not with each piece of it.
    if (bytes < needed) continue;
    let rest = Buffer.concat(parts);
    let size = blockSize(rest);
    for (; size !== null && rest.length >= size; size = blockSize(rest)) {
      yield unpackBlock(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
    needed = size ?? checksumBytes + headerBytes;
    parts = [rest];
    bytes = rest.length;
  }
  if (bytes > 0) throw undecodable('the last block ended too early');
}

/** Null while the header is not complete. */
function blockSize(bytes: Buffer): number | null {
  if (bytes.length < checksumBytes + headerBytes) return null;
  const size = bytes.readUInt32LE(checksumBytes + 1);
  const plain = bytes.readUInt32LE(checksumBytes + 5);
  if (size < headerBytes || size > maxBlockBytes || plain > maxBlockBytes) {
    throw undecodable(
      `expected blocks of at most ${maxBlockBytes} bytes, got ${size} for ${plain}`,
    );
  }
  return checksumBytes + size;
}

export function unpackBlock(block: Buffer): Buffer {
  const body = block.subarray(checksumBytes);
  if (!cityHash128(body).equals(block.subarray(0, checksumBytes))) {
    throw new ClickHouseException(
      'CHECKSUM_DOESNT_MATCH',
      "Checksum doesn't match: corrupted data",
    );
  }
  const data = body.subarray(headerBytes);
  const length = body.readUInt32LE(5);
  const unpack = methods[body[0] ?? 0];
  if (!unpack) {
    throw new ClickHouseException(
      'UNKNOWN_COMPRESSION_METHOD',
      `Unknown compression method: expected LZ4, ZSTD or none, got ${body[0]}`,
    );
  }
  try {
    return unpack(data, length);
  } catch (error) {
    throw undecodable(error instanceof Error ? error.message : String(error));
  }
}

const methods: Readonly<Record<number, (data: Buffer, length: number) => Buffer>> = {
  [lz4]: decompressBlock,
  [zstd]: (data, length) => zstdDecompressSync(data, { maxOutputLength: Math.max(length, 1) }),
  [none]: (data) => data,
};

function undecodable(reason: string): ClickHouseException {
  return new ClickHouseException('CANNOT_DECOMPRESS', `Cannot decompress: ${reason}`);
}
