/**
 * What a line says: a pure function of the seed, the file and the line's number, so that a ledger of
 * numbers is enough to know every byte that was written.
 *
 *     @<writer>/<file>/<number>/<CRC-32 of what follows the blank> <phrases>
 *
 * Some lines are so short that they can say nothing of themselves (none to four bytes): those are
 * known by where they stand.
 */
import { crc32 } from 'node:zlib';

export interface LineSource {
  seed: number;
  writer: number;
  file: number;
  /** Only what Docker can write into JSON as it is: UTF-8. Else any byte but the line feed. */
  isText: boolean;
  /** Whether there are lines that say nothing of themselves. */
  hasTiny: boolean;
}

const longest = 600;
const blank = Buffer.from(' ');

/** Bytes of a line, without its line feed. The first line of a file is never a tiny one. */
export function lineContent(source: LineSource, number: number): Buffer {
  const random = numbersOf(source, number);
  const size = random() % 1000;
  if (size < 40 && source.hasTiny) return tiny(source.isText, random());
  const count = phraseCount(size, random());
  const parts: Buffer[] = [];
  const known = source.isText ? textPhrases : bytePhrases;
  for (let at = 0; at < count; at++) parts.push(known[random() % known.length] ?? blank);
  const filler = Buffer.concat(parts);
  const sum = crc32(filler).toString(16).padStart(8, '0');
  const { writer, file } = source;
  return Buffer.concat([Buffer.from(`@${writer}/${file}/${number}/${sum} `), filler]);
}

/** Whether a line says which it is. */
export function isTiny(content: Buffer): boolean {
  return content.length < 5;
}

/** A number for each decision about a line, the same each time. */
export function numbersOf({ seed, writer, file }: LineSource, number: number): () => number {
  let state = mix(mix(mix(seed ^ 0x9e3779b9) ^ (writer << 16) ^ file) ^ number);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return mix(state) >>> 0;
  };
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 16);
}

/** Of a thousand lines 900 are short, 10 are longer than the 16 KiB that runtimes split at. */
function phraseCount(size: number, random: number): number {
  if (size >= 990) return 250 + (random % longest);
  if (size >= 940) return 20 + (random % 150);
  return random % 8;
}

function tiny(isText: boolean, random: number): Buffer {
  const known = isText ? tinyTexts : tinyBytes;
  return known[random % known.length] ?? blank;
}

const tinyTexts = ['', 'x', '0', ' ', '\t', 'é', '"', '\\', '{}', '日'].map((text) =>
  Buffer.from(text),
);
const tinyBytes = [...tinyTexts, Buffer.from([0xff]), Buffer.from([0]), Buffer.from([0xc3])];

/** Each of them is something that a stage on the way could trip over. */
const textPhrases = [
  'the quick brown fox jumps over the lazy dog ',
  'GET /api/v1/orders?id=4711&sort=desc HTTP/1.1 200 1234 "curl/8" ',
  'level=error msg="could not write" err="no space left on device" ',
  '{"level":30,"msg":"nested \\"quotes\\"","n":1} ',
  '日本語のログ行 ',
  'Größe überschritten, café ',
  '🚢⚓ 👩‍👩‍👧‍👦 ',
  'tab\there, carriage\rreturn, nul\u0000byte, bell\u0007 ',
  '\u001b[31mred\u001b[0m and \u001b]0;title\u0007 ',
  'backslashes \\ \\\\ \\n \\u00e9 \\ud800 ',
  '<script>&amp;</script> ',
  '"log":"not a log\\n","stream":"stdout","time":"never"} ',
  '2026-01-31T00:00:00.000000000Z stdout F not a head ',
  ' stdout P ',
  '  spaces   at   many   places  ',
  'line\u2028separator\u2029paragraph ',
  "it's `quoted` 'well' ",
  '%s %d %n ${HOME} $(id) ; DROP TABLE logs; -- ',
  '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef ',
  'ends with a carriage return\r',
].map((text) => Buffer.from(text));

const bytePhrases = [
  ...textPhrases,
  Buffer.from([0x80, 0x81, 0xfe, 0xff, 0x20]),
  Buffer.from([0xc3, 0x28, 0xa0, 0xe2, 0x82, 0x20]),
  Buffer.from([0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x20]),
  Buffer.from([0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80, 0x20]),
  Buffer.from([0x00, 0x00, 0x00]),
];
