/** Escapes of one letter behind a backslash, as bytes; 0 where there is none. */
export const escaped = new Uint8Array(256);
for (const [letter, byte] of [
  ['"', 0x22],
  ['\\', 0x5c],
  ['/', 0x2f],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
] as const) {
  escaped[letter.charCodeAt(0)] = byte;
}

/**
 * Writes what `uXXXX` at `block[at]` stands for to `texts[to]`, as UTF-8. The two halves of a pair are
 * read together, and are the only four bytes wide; a half alone is U+FFFD.
 *
 * @returns the bytes written; 0 when it is no such escape
 */
export function decodeEscape(
  block: Buffer,
  at: number,
  { texts, to }: { texts: Buffer; to: number },
): number {
  const first = readHex(block, at);
  if (first < 0) return 0;
  const isHigh = first >= 0xd800 && first < 0xdc00;
  const second = isHigh && block[at + 5] === 0x5c ? readHex(block, at + 6) : -1;
  const isPair = second >= 0xdc00 && second < 0xe000;
  const isLone = !isPair && first >= 0xd800 && first < 0xe000;
  const code = isPair
    ? 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
    : isLone
      ? 0xfffd
      : first;
  return writeUtf8(code, texts, to);
}

/** Four hexadecimal digits behind `u`; -1 when it is anything else. */
function readHex(block: Buffer, at: number): number {
  if (block[at] !== 0x75) return -1;
  let value = 0;
  for (let index = 1; index <= 4; index += 1) {
    const byte = block[at + index] ?? 0;
    const digit =
      byte >= 0x30 && byte <= 0x39
        ? byte - 0x30
        : (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66
          ? (byte | 0x20) - 0x57
          : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function writeUtf8(code: number, texts: Buffer, to: number): number {
  if (code < 0x80) {
    texts[to] = code;
    return 1;
  }
  if (code < 0x800) {
    texts[to] = 0xc0 | (code >> 6);
    texts[to + 1] = 0x80 | (code & 0x3f);
    return 2;
  }
  if (code < 0x10000) {
    texts[to] = 0xe0 | (code >> 12);
    texts[to + 1] = 0x80 | ((code >> 6) & 0x3f);
    texts[to + 2] = 0x80 | (code & 0x3f);
    return 3;
  }
  texts[to] = 0xf0 | (code >> 18);
  texts[to + 1] = 0x80 | ((code >> 12) & 0x3f);
  texts[to + 2] = 0x80 | ((code >> 6) & 0x3f);
  texts[to + 3] = 0x80 | (code & 0x3f);
  return 4;
}
