/** Blocks of ClickHouse's own compression, held to those that the engine writes and to themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  maxBlockBytes,
  packBlock,
  unpackBlock,
  unpackBlocks,
} from '../src/native-compression/block-compressor.ts';
import { cityHash128 } from '../src/native-compression/city-hash-128.ts';
import { compressBlock, decompressBlock } from '../src/native-compression/lz4-block.ts';
import { serve, type Served } from './support/serve.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
  await served.engine.command(
    'CREATE TABLE t (a UInt64 CODEC(LZ4), s String CODEC(LZ4), z String CODEC(ZSTD(1)), n UInt8 CODEC(NONE)) ENGINE = MergeTree ORDER BY tuple() SETTINGS min_bytes_for_wide_part = 0',
  );
});
afterAll(async () => served[Symbol.asyncDispose]());

async function unpackAll(parts: readonly Buffer[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of unpackBlocks(Readable.from(parts))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('what the engine packed on the disk is unpacked, its checksums included', async () => {
  await served.engine.command(
    "INSERT INTO t SELECT number % 1000, concat('text ', toString(number % 100)), repeat('z', number % 50), number FROM numbers(200000)",
  );
  const [part] = await served.engine.select<{ path: string }>(
    "SELECT path FROM system.parts WHERE table = 't' AND active LIMIT 1",
  );
  const folder = part?.path ?? '';
  const files = readdirSync(folder).filter((name) => /^(?:a|s|z|n)\.bin$/.test(name));
  expect(files).toHaveLength(4);
  const numbers = await unpackAll([readFileSync(join(folder, 'a.bin'))]);
  expect(numbers.length).toBe(200_000 * 8);
  expect(numbers.readBigUInt64LE(1234 * 8)).toBe(234n);
  for (const name of files) {
    const bytes = readFileSync(join(folder, name));
    const pieces = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, index) =>
      bytes.subarray(index * 777, (index + 1) * 777),
    );
    expect((await unpackAll(pieces)).length).toBeGreaterThan(200_000 - 1);
  }
});

test('what is packed here comes out as it was, of any bytes', () => {
  const text = fc.array(fc.constantFrom('abc', 'aaaaaaaaaaaa', 'xyz ', '\n', '0123456789abcdef'), {
    maxLength: 400,
  });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }).map((array) => Buffer.from(array)),
    text.map((parts) => Buffer.from(parts.join(''))),
  );
  fc.assert(
    fc.property(bytes, (plain) => {
      expect(decompressBlock(compressBlock(plain), plain.length).equals(plain)).toBe(true);
      expect(unpackBlock(packBlock(plain)).equals(plain)).toBe(true);
    }),
  );
});

test('large blocks are packed well and come out', () => {
  const plain = Buffer.from(
    'a line of a log that repeats itself with a number 12345\n'.repeat(20_000),
  );
  const packed = compressBlock(plain);
  expect(packed.length).toBeLessThan(plain.length / 20);
  expect(decompressBlock(packed, plain.length).equals(plain)).toBe(true);
});

test('no bytes make the unpacking throw anything but what it says, or hang', () => {
  const outcome = (bytes: Buffer, length: number): unknown => {
    try {
      return decompressBlock(bytes, length).length;
    } catch (error) {
      return error instanceof RangeError ? length : error;
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(500), (bytes, length) => {
      expect(outcome(Buffer.from(bytes), length)).toBe(length);
    }),
  );
});

describe('damage', () => {
  const good = packBlock(Buffer.from('hello hello hello hello hello'));

  test('a flipped bit', () => {
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      expect(() => unpackBlock(bad)).toThrow(/checksum|Cannot decompress/i);
    }
  });

  test('an end that comes too early', async () => {
    await expect(unpackAll([good.subarray(0, good.length - 1)])).rejects.toThrow(/ended too early/);
  });

  test('a block that says it is larger than the limit', async () => {
    const bad = Buffer.from(good);
    bad.writeUInt32LE(maxBlockBytes + 1, 21);
    await expect(unpackAll([bad])).rejects.toThrow(/at most/);
  });

  test('a zstd block that unpacks to more than it says', () => {
    const data = zstdCompressSync(Buffer.alloc(1_000_000));
    const block = Buffer.alloc(25 + data.length);
    block[16] = 0x90;
    block.writeUInt32LE(9 + data.length, 17);
    block.writeUInt32LE(100, 21);
    data.copy(block, 25);
    cityHash128(block.subarray(16)).copy(block);
    expect(() => unpackBlock(block)).toThrow(/Cannot decompress/);
  });
});

test('compress=1: the result comes in blocks', async () => {
  const answer = await served.ask('SELECT number FROM numbers(400000) FORMAT RowBinary', {
    params: { compress: '1' },
  });
  const bytes = await unpackAll([Buffer.from(await answer.arrayBuffer())]);
  expect(bytes.length).toBe(3_200_000);
  expect(bytes.readBigUInt64LE(399_999 * 8)).toBe(399_999n);
});

test('decompress=1: the data of an insert, or the whole statement, comes in blocks', async () => {
  const data = await buffer(
    Readable.from([packBlock(Buffer.from('1\tx\tz\t1\n')), packBlock(Buffer.from('2\ty\tz\t2\n'))]),
  );
  const params = { decompress: '1' };
  await served.engine.command('TRUNCATE TABLE t');
  expect(
    (await served.ask('INSERT INTO t FORMAT TSV', { user: 'ingest', params, body: data })).status,
  ).toBe(200);
  const whole = packBlock(Buffer.from('INSERT INTO t FORMAT TSV\n3\tx\tz\t3\n'));
  expect((await served.ask('', { user: 'ingest', params, body: whole })).status).toBe(200);
  expect(
    await (
      await served.ask('', { params, body: packBlock(Buffer.from('SELECT sum(a) FROM t')) })
    ).text(),
  ).toBe('6\n');
  const bad = await served.ask('INSERT INTO t FORMAT TSV', {
    user: 'ingest',
    params,
    body: 'no block, but long enough to look like one',
  });
  expect(bad.status).toBe(400);
});
