import { createRequire } from 'node:module';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRecords } from '../../src/kafka/record-batches.ts';
import { WireReader, WireWriter } from '../../src/kafka/wire-codec.ts';

/** The library's own encoder: what producers send. */
const load = createRequire(import.meta.url);
const encoders = {
  batch: (load('kafkajs/src/protocol/recordBatch/v0') as { RecordBatch: unknown }).RecordBatch as (
    batch: object,
  ) => Promise<{ buffer: Buffer }>,
  record: load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => {
    buffer: Buffer;
  },
};

interface Message {
  offsetDelta: number;
  key: Buffer | null;
  value: Buffer | null;
}

async function batchOf(firstOffset: number, messages: readonly Message[]): Promise<Buffer> {
  const { buffer } = await encoders.batch({
    firstOffset,
    lastOffsetDelta: messages.at(-1)?.offsetDelta ?? 0,
    records: messages.map((message) => encoders.record(message)),
  });
  return buffer;
}

/** The same batch with its records compressed, as a broker's `compression.type` makes it. */
function compressed(batch: Buffer, codec: number, compress: (bytes: Buffer) => Buffer): Buffer {
  const [prefix, header] = [12, 61];
  const body = Buffer.concat([batch.subarray(0, header), compress(batch.subarray(header))]);
  body.writeInt32BE(body.length - prefix, 8);
  body.writeInt16BE(codec, 21);
  return body;
}

const message = (offsetDelta: number, text: string | null): Message => ({
  offsetDelta,
  key: Buffer.from('k'),
  value: text === null ? null : Buffer.from(text),
});
const texts = (bytes: Buffer, from = 0): string[] =>
  decodeRecords(bytes, from).records.map(({ offset, value }) => `${offset} ${value.toString()}`);

/** 0 for what cannot be decoded. */
function countOf(bytes: Buffer): number {
  try {
    return decodeRecords(bytes, 0).records.length;
  } catch {
    return 0;
  }
}

describe('record batches', () => {
  test('give back what a producer encoded, as slices of the answer', async () => {
    const values = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(values, fc.nat(1e9), async (all, first) => {
        const messages = all.map((value, offsetDelta) => ({
          offsetDelta,
          key: offsetDelta % 2 === 0 ? Buffer.from('key') : null,
          value: Buffer.from(value),
        }));
        const bytes = await batchOf(first, messages);
        const { records, next } = decodeRecords(bytes, 0);
        expect(next).toBe(first + all.length);
        expect(records.map(({ value }) => value)).toEqual(messages.map(({ value }) => value));
        expect(records.map(({ key }) => key)).toEqual(messages.map(({ key }) => key));
        expect(records.every(({ value }) => value.buffer === bytes.buffer)).toBe(true);
      }),
    );
  });

  test('leave out what is before the offset that was asked for', async () => {
    const bytes = await batchOf(10, [message(0, 'a'), message(1, 'b'), message(2, 'c')]);
    expect(texts(bytes, 11)).toEqual(['11 b', '12 c']);
  });

  test('end before one that is cut off', async () => {
    const two = Buffer.concat([
      await batchOf(0, [message(0, 'a')]),
      await batchOf(1, [message(0, 'b')]),
    ]);
    for (let length = 0; length < two.length; length++) {
      const { records, next } = decodeRecords(two.subarray(0, length), 0);
      expect(records.length).toBe(next ?? 0);
      expect(records.length).toBeLessThan(2);
    }
  });

  test('go on behind holes, and behind marks of transactions', async () => {
    const holes = await batchOf(0, [message(1, 'a'), message(5, 'b')]);
    const mark = await batchOf(6, [message(0, 'mark')]);
    mark.writeInt16BE(0x30, 21);
    expect(texts(Buffer.concat([holes, mark]))).toEqual(['1 a', '5 b']);
    expect(decodeRecords(Buffer.concat([holes, mark]), 0).next).toBe(7);
  });

  test('take a record without a value for an empty frame', async () => {
    expect(texts(await batchOf(3, [message(0, null)]))).toEqual(['3 ']);
  });

  test.each([
    ['gzip', 1, gzipSync],
    ['zstd', 4, zstdCompressSync],
  ] as const)('are read when a broker compressed them: %s', async (_, codec, compress) => {
    const bytes = await batchOf(0, [message(0, 'a'), message(1, 'b')]);
    expect(texts(compressed(bytes, codec, (part) => compress(part)))).toEqual(['0 a', '1 b']);
  });

  test.each([
    ['snappy', 2],
    ['lz4', 3],
  ])('say what to do where they cannot be read: %s', async (name, codec) => {
    const bytes = compressed(await batchOf(0, [message(0, 'a')]), codec, (part) => part);
    expect(() => decodeRecords(bytes, 0)).toThrow(`got ${name}: set compression.type=producer`);
  });

  test('of an older format are refused with a reason', async () => {
    const bytes = await batchOf(0, [message(0, 'a')]);
    bytes.writeInt8(1, 16);
    expect(() => decodeRecords(bytes, 0)).toThrow('expected message format 2, got 1');
  });

  test('that are damaged throw and never run on', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 61, maxLength: 200 }), (bytes) => {
        expect(countOf(Buffer.from(bytes))).toBeLessThan(200);
      }),
    );
  });
});

describe('the codec', () => {
  test('reads what it wrote', () => {
    const writer = new WireWriter()
      .int8(-1)
      .int16(-2)
      .int32(3)
      .int64(2 ** 53 - 1);
    writer
      .string('ä')
      .string(null)
      .bytes(Buffer.from('b'))
      .array([1, 2], (n) => writer.int32(n));
    const reader = new WireReader(writer.finish());
    expect([reader.int8(), reader.int16(), reader.int32(), reader.int64()]).toEqual([
      -1,
      -2,
      3,
      2 ** 53 - 1,
    ]);
    expect([reader.string(), reader.string(), reader.bytes()?.toString()]).toEqual([
      'ä',
      null,
      'b',
    ]);
    expect(reader.array(() => reader.int32())).toEqual([1, 2]);
    expect(reader.left).toBe(0);
    expect(() => reader.int8()).toThrow('expected 1 bytes more, got 0');
  });
});
