/**
 * Numbers straight from kernel text, byte by byte: no string is made on the way. A value that is
 * not there is `NaN`, a limit that the kernel calls `max` is `Infinity`. Parsers never throw.
 */

/** The first `length` bytes of `data` are the text; the rest is left from an earlier read. */
export interface Bytes {
  data: Uint8Array;
  length: number;
}

export const newline = 0x0a;
const space = 0x20;
const tab = 0x09;
const minus = 0x2d;
const digit0 = 0x30;
const digit9 = 0x39;
const letterM = 0x6d;

/** Text as {@link Bytes}, for what is not read through a shared buffer. */
export function bytesOf(text: string): Bytes {
  const data = Buffer.from(text, 'latin1');
  return { data, length: data.length };
}

/** True for the bytes that stand between words of a line. */
export function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === tab;
}

/** First position at or after `from` that is not blank. */
export function skipBlanks(bytes: Bytes, from: number): number {
  let at = from;
  while (at < bytes.length && isBlank(bytes.data[at])) at++;
  return at;
}

/** First position at or after `from` that is blank or ends the line. */
export function skipWord(bytes: Bytes, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes.data[at];
    if (byte === newline || isBlank(byte)) return at;
    at++;
  }
  return at;
}

/** Position after the next newline, or the end. */
export function nextLine(bytes: Bytes, from: number): number {
  const at = bytes.data.indexOf(newline, from);
  return at < 0 || at >= bytes.length ? bytes.length : at + 1;
}

/**
 * The decimal number at `from`: `NaN` without a digit there, `Infinity` for `max`. Exact up to
 * 2^53, beyond it the nearest double.
 */
export function parseNumber(bytes: Bytes, from: number): number {
  const { data, length } = bytes;
  let at = from;
  const isNegative = at < length && data[at] === minus;
  if (isNegative) at++;
  const first = at;
  let value = 0;
  while (at < length) {
    const byte = data[at] ?? 0;
    if (byte < digit0 || byte > digit9) break;
    value = value * 10 + (byte - digit0);
    at++;
  }
  if (at === first) {
    return at < length && data[at] === letterM && !isNegative ? Infinity : NaN;
  }
  return isNegative ? -value : value;
}

/** The number that a file such as `memory.current` consists of. */
export function parseSingle(bytes: Bytes): number {
  return parseNumber(bytes, skipBlanks(bytes, 0));
}

/** Lines, a last one without a newline included. */
export function countLines(bytes: Bytes): number {
  let lines = 0;
  let at = 0;
  while (at < bytes.length) {
    at = nextLine(bytes, at);
    lines++;
  }
  return lines;
}

/** The number at the start of each line, as in `cgroup.procs`; lines without one are left out. */
export function parseNumberLines(bytes: Bytes): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; at = nextLine(bytes, at)) {
    const value = parseNumber(bytes, at);
    if (Number.isFinite(value)) numbers.push(value);
  }
  return numbers;
}
