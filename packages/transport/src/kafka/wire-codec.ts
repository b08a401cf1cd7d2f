/** Kafka's primitive types (the versions without "flexible" encoding): big endian, lengths first. */

/** Grows as it is written to. */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    const part = Buffer.alloc(1);
    part.writeInt8(value);
    return this.#add(part);
  }

  int16(value: number): this {
    const part = Buffer.alloc(2);
    part.writeInt16BE(value);
    return this.#add(part);
  }

  int32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32BE(value);
    return this.#add(part);
  }

  int64(value: number): this {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(BigInt(value));
    return this.#add(part);
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const part = Buffer.from(value, 'utf8');
    return this.int16(part.length).#add(part);
  }

  bytes(value: Buffer): this {
    return this.int32(value.length).#add(value);
  }

  array<T>(items: readonly T[], write: (item: T) => unknown): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #add(part: Buffer): this {
    this.#parts.push(part);
    return this;
  }
}

/** Reads in order; bytes are slices of what is read. Throws `RangeError` beyond the end. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#skip(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#skip(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#skip(4));
  }

  /** @throws {RangeError} for a number above 2^53, which no offset and no time is */
  int64(): number {
    const value = Number(this.#bytes.readBigInt64BE(this.#skip(8)));
    if (!Number.isSafeInteger(value)) throw new RangeError(`int64: got ${value}`);
    return value;
  }

  /** Of any value: nothing is made of it. */
  skip(bytes: number): this {
    this.#skip(bytes);
    return this;
  }

  string(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    const at = this.#skip(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  /** Null where none are sent. */
  bytes(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.slice(length);
  }

  slice(length: number): Buffer {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  array<T>(read: () => T): T[] {
    const length = this.int32();
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }

  /** Zigzag, of at most 32 bits: lengths and deltas of records. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#skip(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError('varint: expected at most 5 bytes');
  }

  /** A varlong of which only the end is wanted. */
  skipVarlong(): this {
    for (let count = 0; count < 10; count++) {
      if (this.#bytes.readUInt8(this.#skip(1)) < 0x80) return this;
    }
    throw new RangeError('varlong: expected at most 10 bytes');
  }

  #skip(length: number): number {
    if (length < 0 || length > this.left) {
      throw new RangeError(`expected ${length} bytes more, got ${this.left}`);
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
