/**
 * Lines as a runtime writes them. A unit is what is written together: one line, or a long line on one
 * stream with the next line on the other stream between its parts.
 *
 *     plain        <content> LF
 *     cri          <time> <stream> <P|F> <content> LF           P: goes on in the next of its stream
 *     docker-json  {"log":"<content>\n","stream":"…","time":"…"} LF   without \n: goes on
 */
import { lineContent, numbersOf, type LineSource } from './line.ts';

export type LogFormat = 'plain' | 'cri' | 'docker-json';
export type StreamName = 'stdout' | 'stderr' | '';

export interface UnitSource extends LineSource {
  format: LogFormat;
  /** Time that the first line claims, milliseconds since 1970. */
  baseMs: number;
}

export interface UnitRecord {
  number: number;
  /** Of the first byte within the unit. */
  offset: number;
  stream: StreamName;
  content: Buffer;
}

export interface Unit {
  /** Of its first line; the next unit begins at `number + records.length`. */
  number: number;
  bytes: Buffer;
  records: UnitRecord[];
  /** It has lines that say that they go on. */
  hasParts: boolean;
}

/** As containerd and Docker split. */
const partBytes = 16 * 1024;
/** Of lines that follow each other; so claimed times stay behind the clock. */
const lineIntervalNs = 10_000n;

export function unitAt(source: UnitSource, number: number): Unit {
  const [first, ...rest] = piecesOf(source, number);
  if (first === undefined) throw new Error('expected a line to have a piece');
  if (rest.length === 0 || numbersOf(source, number)() % 2 === 0) {
    return assemble(number, [
      { record: number, stream: streamOf(source, number), pieces: [first, ...rest] },
    ]);
  }
  // The next line gets between, on the other stream.
  const stream = streamOf(source, number);
  const other = stream === 'stdout' ? 'stderr' : 'stdout';
  return assemble(number, [
    { record: number, stream, pieces: [first] },
    { record: number + 1, stream: other, pieces: piecesOf(source, number + 1, other) },
    { record: number, stream, pieces: rest },
  ]);
}

interface Piece {
  content: Buffer;
  bytes: Buffer;
}

interface Turn {
  record: number;
  stream: StreamName;
  pieces: Piece[];
}

function assemble(number: number, turns: readonly Turn[]): Unit {
  const chunks: Buffer[] = [];
  const records = new Map<number, UnitRecord & { contents: Buffer[] }>();
  let offset = 0;
  let pieces = 0;
  for (const turn of turns) {
    const record = records.get(turn.record) ?? {
      number: turn.record,
      offset,
      stream: turn.stream,
      content: Buffer.alloc(0),
      contents: [],
    };
    records.set(turn.record, record);
    for (const piece of turn.pieces) {
      record.contents.push(piece.content);
      chunks.push(piece.bytes);
      offset += piece.bytes.length;
      pieces += 1;
    }
  }
  return {
    number,
    bytes: Buffer.concat(chunks),
    hasParts: pieces > records.size,
    records: [...records.values()].map(({ contents, ...record }) => {
      const [only] = contents;
      const content = contents.length === 1 && only ? only : Buffer.concat(contents);
      return { ...record, content };
    }),
  };
}

function streamOf(source: UnitSource, number: number): StreamName {
  if (source.format === 'plain') return '';
  return (numbersOf(source, number)() >>> 8) % 3 === 0 ? 'stderr' : 'stdout';
}

function piecesOf(source: UnitSource, number: number, stream = streamOf(source, number)): Piece[] {
  const content = lineContent(source, number);
  if (source.format === 'plain') {
    return [{ content, bytes: Buffer.concat([content, lineFeed]) }];
  }
  const time = claimedTime(source, number);
  const parts = split(content, source.isText);
  return parts.map((part, index) => {
    const isLast = index === parts.length - 1;
    const encode = source.format === 'cri' ? criLine : dockerLine;
    return { content: part, bytes: encode({ time, stream, part, isLast }) };
  });
}

const lineFeed = Buffer.from('\n');

export interface EncodedLine {
  time: string;
  stream: StreamName;
  part: Buffer;
  isLast: boolean;
}

export function criLine({ time, stream, part, isLast }: EncodedLine): Buffer {
  const head = Buffer.from(`${time} ${stream} ${isLast ? 'F' : 'P'} `);
  return Buffer.concat([head, part, lineFeed]);
}

function dockerLine({ time, stream, part, isLast }: EncodedLine): Buffer {
  const log = goJson(`${part.toString('utf8')}${isLast ? '\n' : ''}`);
  return Buffer.from(`{"log":"${log}","stream":"${stream}","time":"${time}"}\n`);
}

/** As Go's encoder writes a string. */
function goJson(text: string): string {
  return text.replaceAll(/["\\<>&\u2028\u2029]|\p{Cc}/gu, (found) => {
    const code = found.charCodeAt(0);
    // Control characters from 0x7f on stay as they are.
    if (code >= 0x7f && code < 0x2028) return found;
    return shortEscapes[found] ?? `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** @param isText not within a character: Docker would write each half as U+FFFD */
function split(content: Buffer, isText: boolean): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  while (content.length - start > partBytes) {
    const end = start + partBytes;
    const cut = isText ? characterStart(content, end) : end;
    parts.push(content.subarray(start, cut));
    start = cut;
  }
  return [...parts, content.subarray(start)];
}

/** Of UTF-8: where the character at a place begins. */
function characterStart(content: Buffer, at: number): number {
  let start = at;
  while (((content[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}

/** Thirty bytes, as both runtimes write it here: so positions do not depend on the clock. */
export function claimedTime({ baseMs }: UnitSource, number: number): string {
  const ns = BigInt(baseMs) * 1_000_000n + BigInt(number) * lineIntervalNs;
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}
