import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtobufReader, tagOf, wire } from '../../src/protobuf/protobuf-reader.ts';
import { ReceiverError } from '../../src/receiver-error.ts';

function of(write: (writer: BinaryWriter) => BinaryWriter): ProtobufReader {
  return new ProtobufReader(Buffer.from(write(new BinaryWriter()).finish()));
}

describe('reads what another encoder writes', () => {
  test('numbers', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const safe = fc.maxSafeInteger();
    fc.assert(
      fc.property(
        fc.tuple(int64, safe, fc.integer(), fc.double()),
        ([large, small, int32, double]) => {
          expect(of((w) => w.int64(large)).int64Exact()).toBe(large);
          expect(of((w) => w.int64(small)).int64()).toBe(small);
          expect(of((w) => w.sint64(small)).sint64()).toBe(small);
          expect(of((w) => w.sint64(large)).sint64()).toBe(Number(large));
          expect(of((w) => w.int64(large)).int64()).toBe(Number(large));
          expect(of((w) => w.int32(int32)).int32()).toBe(int32);
          expect(of((w) => w.uint32(int32 >>> 0)).varint()).toBe(int32 >>> 0);
          expect(of((w) => w.double(double)).double()).toBe(double);
          expect(of((w) => w.sfixed64(large)).sfixed64()).toBe(large);
          expect(of((w) => w.fixed64(BigInt.asUintN(64, large))).fixed64()).toBe(
            BigInt.asUintN(64, large),
          );
          expect(of((w) => w.fixed32(int32 >>> 0)).fixed32()).toBe(int32 >>> 0);
        },
      ),
    );
  });

  test('texts, messages within each other and fields that are not known', () => {
    const inner = new BinaryWriter().tag(2, WireType.LengthDelimited).string('in é');
    const reader = of((writer) =>
      writer
        .tag(9, WireType.Varint)
        .int64(-1)
        .tag(9, WireType.Bit64)
        .double(1)
        .tag(9, WireType.Bit32)
        .float(1)
        .tag(9, WireType.LengthDelimited)
        .string('x')
        .tag(1, WireType.LengthDelimited)
        .bytes(inner.finish())
        .tag(536_870_911, WireType.Varint)
        .bool(true),
    );
    const seen: string[] = [];
    while (reader.isBefore(reader.buffer.length)) {
      if (reader.tag() !== tagOf(1, wire.bytes)) {
        reader.skip();
        continue;
      }
      const end = reader.enter();
      while (reader.isBefore(end)) {
        expect(reader.tag()).toBe(tagOf(2, wire.bytes));
        seen.push(reader.string());
      }
    }
    expect(seen).toEqual(['in é']);
  });
});

describe('refuses', () => {
  test.each<[string, string, (reader: ProtobufReader) => unknown]>([
    ['a number that does not end', 'ffffffffffffffffffffff01', (reader) => reader.varint()],
    ['a number cut off', '80', (reader) => reader.varint()],
    ['nothing', '', (reader) => reader.varint()],
    ['field 0', '00', (reader) => reader.tag()],
    ['a field number over 29 bits', 'ffffffff7f', (reader) => reader.tag()],
    ['a length over the message', '0a05616263', (reader) => [reader.tag(), reader.string()]],
    ['a fixed value cut off', '0901020304', (reader) => [reader.tag(), reader.double()]],
    [
      'a group',
      '0b',
      (reader) => {
        reader.tag();
        reader.skip();
      },
    ],
    [
      'a field that reaches out of its message',
      '0a020a056162636465',
      (reader) => {
        reader.tag();
        reader.enter();
        reader.tag();
        return reader.string();
      },
    ],
  ])('%s', (_name, hex, read) => {
    expect(() => read(new ProtobufReader(Buffer.from(hex, 'hex')))).toThrow(ReceiverError);
    expect(() => read(new ProtobufReader(Buffer.from(hex, 'hex')))).toThrow(
      /^body: expected a protobuf message; at byte/,
    );
  });
});
