/**
 * LZ4's block format. A block is a row of sequences:
 *
 *   token (4 bits: literals, 4 bits: match − 4) [more of the first length] literals
 *   offset (2 bytes, lowest first) [more of the second length]
 *
 * A length of 15 goes on in bytes that are added up, the last of which is not 255. The last sequence
 * is literals only; a match neither begins in the last 12 bytes nor reaches into the last 5.
 */
const minMatch = 4;
const noMatchTail = 12;
const lastLiterals = 5;
const maxOffset = 65_535;
const hashBits = 14;

/** Never longer than this. */
function maxCompressedLength(length: number): number {
  return length + Math.ceil(length / 255) + 16;
}

/** A fast, greedy compression. */
export function compressBlock(input: Buffer): Buffer {
  const writer = new Writer(Buffer.allocUnsafe(maxCompressedLength(input.length)));
  const table = new Int32Array(1 << hashBits).fill(-1);
  const limit = input.length - noMatchTail;
  let anchor = 0;
  let at = 0;
  while (at < limit) {
    const word = input.readInt32LE(at);
    const slot = Math.imul(word, -1_640_531_535) >>> (32 - hashBits);
    const candidate = table[slot] ?? -1;
    table[slot] = at;
    if (candidate < 0 || at - candidate > maxOffset || input.readInt32LE(candidate) !== word) {
      // The longer nothing repeats, the larger the steps.
      at += 1 + ((at - anchor) >> 6);
      continue;
    }
    const length = matchLength(input, candidate, at);
    writer.sequence(input.subarray(anchor, at), at - candidate, length);
    at += length;
    anchor = at;
  }
  writer.last(input.subarray(anchor));
  return writer.done();
}

/** @throws {RangeError} when the block is damaged or has another length */
export function decompressBlock(input: Buffer, length: number): Buffer {
  const output = Buffer.allocUnsafe(length);
  const reader = new Reader(input);
  let at = 0;
  while (!reader.isAtEnd) {
    const token = reader.byte();
    const literals = reader.take(reader.length(token >> 4));
    if (at + literals.length > length) throw new RangeError('LZ4: more than it should hold');
    at += literals.copy(output, at);
    if (reader.isAtEnd) break;
    const offset = reader.byte() | (reader.byte() << 8);
    const size = reader.length(token & 15) + minMatch;
    if (offset === 0 || offset > at || at + size > length)
      throw new RangeError('LZ4: a false match');
    copyMatch(output, { from: at - offset, to: at, size });
    at += size;
  }
  if (at !== length) throw new RangeError('LZ4: less than it should hold');
  return output;
}

function matchLength(input: Buffer, candidate: number, at: number): number {
  const end = input.length - lastLiterals;
  let length = minMatch;
  while (at + length < end && input[candidate + length] === input[at + length]) length += 1;
  return length;
}

/** The two may overlap: then what is copied repeats. */
function copyMatch(output: Buffer, { from, to, size }: { from: number; to: number; size: number }) {
  for (let done = 0; done < size;) {
    const step = Math.min(size - done, to + done - from);
    output.copyWithin(to + done, from, from + step);
    done += step;
  }
}

class Writer {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  sequence(literals: Buffer, offset: number, matched: number): void {
    this.#token(literals.length, matched - minMatch);
    this.#at += literals.copy(this.#bytes, this.#at);
    this.#at = this.#bytes.writeUInt16LE(offset, this.#at);
    this.#more(matched - minMatch);
  }

  last(literals: Buffer): void {
    this.#token(literals.length, 0);
    this.#at += literals.copy(this.#bytes, this.#at);
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #token(literals: number, matched: number): void {
    this.#byte((Math.min(literals, 15) << 4) | Math.min(matched, 15));
    this.#more(literals);
  }

  #more(length: number): void {
    if (length < 15) return;
    let left = length - 15;
    for (; left >= 255; left -= 255) this.#byte(255);
    this.#byte(left);
  }

  #byte(value: number): void {
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new RangeError('LZ4: ended too early');
    this.#at += 1;
    return value;
  }

  length(first: number): number {
    if (first < 15) return first;
    let length = 15;
    for (;;) {
      const more = this.byte();
      length += more;
      if (more < 255) return length;
    }
  }

  take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new RangeError('LZ4: ended too early');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}
