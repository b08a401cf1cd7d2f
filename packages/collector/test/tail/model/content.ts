/**
 * What a file holds, byte by byte known by number: each byte that is ever written gets the next
 * one, and keeps it wherever rotation, copying or compression puts it.
 */
export class Content {
  /** The bytes; file offset is the index. */
  data: Buffer;
  /** From `offset` on, the numbers go up from `first`. */
  readonly #segments: { offset: number; first: number }[];

  constructor(data: Buffer = Buffer.alloc(0), segments: { offset: number; first: number }[] = []) {
    this.data = data;
    this.#segments = segments;
  }

  append(bytes: Buffer, first: number): void {
    this.#segments.push({ offset: this.data.length, first });
    this.data = Buffer.concat([this.data, bytes]);
  }

  prefix(length: number): Content {
    const kept = this.#segments.filter(({ offset }) => offset < length);
    return new Content(this.data.subarray(0, length), [...kept]);
  }

  /** Numbers of the bytes `[start, end)`. */
  ids(start = 0, end = this.data.length): number[] {
    const ids: number[] = [];
    for (const [index, { offset, first }] of this.#segments.entries()) {
      const until = Math.min(end, this.#segments[index + 1]?.offset ?? this.data.length);
      for (let at = Math.max(start, offset); at < until; at += 1) ids.push(first + at - offset);
    }
    return ids;
  }
}
