/**
 * Reads the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding):
 *
 * ```
 * message = ( tag value )*        tag = varint of field number << 3 | wire type
 * value   = varint                wire type 0
 *           8 bytes               wire type 1
 *           varint of n, n bytes  wire type 2
 *           4 bytes               wire type 5
 * ```
 *
 * Over one buffer and without objects for submessages, which a push has by the ten thousands:
 *
 *     const end = reader.enter();
 *     while (reader.isBefore(end)) {
 *       switch (reader.tag()) {
 *         case tagOf(1, wire.bytes): name = reader.string(); break;
 *         default: reader.skip();
 *       }
 *     }
 *
 * Every method throws a ReceiverError `invalid_body` on bytes that are no message; none reads beyond
 * the message that was entered last.
 */
import { invalidBody } from '../receiver-error.ts';

export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** What {@link ProtobufReader.tag} answers for a field of this number and wire type. */
export function tagOf(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

export class ProtobufReader {
  readonly buffer: Buffer;
  /** Bytes read so far. */
  position = 0;
  #tag = 0;
  /** End of the message that was entered last. */
  #end: number;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
    this.#end = buffer.length;
  }

  /** True while fields of the message that ends at `end` are left; checks that it ends there. */
  isBefore(end: number): boolean {
    if (this.position < end) {
      this.#end = end;
      return true;
    }
    if (this.position > end) throw this.#broken('a field within its message');
    return false;
  }

  /** Field number and wire type of the next field: see {@link tagOf}. */
  tag(): number {
    const tag = this.varint();
    if (tag < 8 || tag > 0xffff_ffff) throw this.#broken('a field number');
    this.#tag = tag;
    return tag;
  }

  /** Passes over the value of the field whose tag was read last. */
  skip(): void {
    switch (this.#tag & 7) {
      case wire.varint:
        this.#skipVarint();
        return;
      case wire.fixed64:
        this.#take(8);
        return;
      case wire.bytes:
        this.#take(this.#length());
        return;
      case wire.fixed32:
        this.#take(4);
        return;
      default:
        // 3 and 4 are groups, which none of our messages has.
        throw this.#broken('wire type 0, 1, 2 or 5');
    }
  }

  /** Enters a submessage: where it ends. */
  enter(): number {
    const length = this.#length();
    this.#end = this.position + length;
    return this.#end;
  }

  /** An unsigned number; exact below 2^53, which is all that lengths, counts and tags need. */
  varint(): number {
    const { buffer } = this;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10; count += 1) {
      if (this.position >= this.#end) break;
      const byte = buffer[this.position++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw this.#broken('a number of at most ten bytes');
  }

  /** int64 as a varint: two's complement. Beyond 2^53 the nearest there is. */
  int64(): number {
    const start = this.position;
    const { buffer } = this;
    this.#skipVarint();
    // Seven bytes are 49 bits; a negative number is ten.
    if (this.position - start < 8) {
      this.position = start;
      return this.varint();
    }
    let bits = 0n;
    for (let at = this.position - 1; at >= start; at -= 1) {
      bits = (bits << 7n) | BigInt((buffer[at] ?? 0) & 0x7f);
    }
    return Number(BigInt.asIntN(64, bits));
  }

  /** The same, exact. */
  int64Exact(): bigint {
    const start = this.position;
    this.#skipVarint();
    let bits = 0n;
    for (let at = this.position - 1; at >= start; at -= 1) {
      bits = (bits << 7n) | BigInt((this.buffer[at] ?? 0) & 0x7f);
    }
    return BigInt.asIntN(64, bits);
  }

  /** sint64: zigzag. Beyond 2^53 the nearest there is. */
  sint64(): number {
    const start = this.position;
    const { buffer } = this;
    this.#skipVarint();
    if (this.position - start < 8) {
      this.position = start;
      const value = this.varint();
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    let bits = 0n;
    for (let at = this.position - 1; at >= start; at -= 1) {
      bits = (bits << 7n) | BigInt((buffer[at] ?? 0) & 0x7f);
    }
    bits = BigInt.asUintN(64, bits);
    return Number((bits >> 1n) ^ -(bits & 1n));
  }

  /** int32, sint32's plain sibling, and enumerations. */
  int32(): number {
    return this.int64() | 0;
  }

  boolean(): boolean {
    return this.varint() !== 0;
  }

  double(): number {
    const at = this.#take(8);
    return this.buffer.readDoubleLE(at);
  }

  fixed64(): bigint {
    const at = this.#take(8);
    return this.buffer.readBigUInt64LE(at);
  }

  sfixed64(): bigint {
    const at = this.#take(8);
    return this.buffer.readBigInt64LE(at);
  }

  fixed32(): number {
    const at = this.#take(4);
    return this.buffer.readUInt32LE(at);
  }

  /** Bytes that are not UTF-8 become U+FFFD, as everywhere in ClickHouse's JSON. */
  string(): string {
    const length = this.#length();
    const at = this.#take(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  /** A view of the buffer, not a copy. */
  bytes(): Buffer {
    const length = this.#length();
    const at = this.#take(length);
    return this.buffer.subarray(at, at + length);
  }

  #length(): number {
    const length = this.varint();
    if (length > this.#end - this.position) throw this.#broken('a length within its message');
    return length;
  }

  #take(length: number): number {
    const at = this.position;
    if (length > this.#end - at) throw this.#broken('a value within its message');
    this.position = at + length;
    return at;
  }

  #skipVarint(): void {
    for (let count = 0; count < 10; count += 1) {
      if (this.position >= this.#end) break;
      if ((this.buffer[this.position++] ?? 0) < 0x80) return;
    }
    throw this.#broken('a number of at most ten bytes');
  }

  #broken(expected: string): Error {
    const field = this.#tag >>> 3;
    return invalidBody(
      `body: expected a protobuf message; at byte ${this.position} (field ${field}) expected ${expected}`,
    );
  }
}
