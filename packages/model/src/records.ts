/**
 * Format `records`: what a chunk holds whose bytes are not the file's own, because its lines were
 * joined, redacted or withheld before they left the host, or because there is no file at all.
 * One line per record:
 *
 * ```
 * record    = position TAB time TAB stream TAB positions TAB text LF
 * position  = decimal, first byte of the record in its file
 * time      = as the runtime wrote it, RFC 3339; empty when it wrote none
 * stream    = stdout, stderr or empty
 * positions = decimal, comma separated: where the second line of the text begins in the file, the
 *             third, …, and where the parts of a split line begin but for its first
 * text      = bytes as written, without the last line end; with these of two bytes:
 *             01 02  line feed between two lines of the file         has a position
 *             01 05  nothing: between two parts of a split line      has a position
 *             01 06  line feed within a line of the file (as JSON can hold it)
 *             01 03  the byte 01
 *             01 04  TAB
 * ```
 *
 * The chunk's `[start, end)` is the range of the file that its records come from, and also covers
 * what was withheld. A receiver that has stored a part of the range already drops the lines and
 * parts whose positions lie in that part ({@link cutRecords}); what is left of a record is one of
 * its own. A text has one more line or part than it has positions, always.
 */
export interface LogRecord {
  position: number;
  time: string;
  stream: string;
  /** Of the second line of the text and those after it; ascending, above `position`. */
  linePositions: readonly number[];
  /** Without the last line end. Line feeds beyond `linePositions` count as the last line's own. */
  text: Buffer;
}

/** The byte behind 01, by what the two stand for. */
export const recordEscapes = {
  lineFeed: 0x02,
  escape: 0x03,
  tab: 0x04,
  part: 0x05,
  innerLineFeed: 0x06,
} as const;

const escape = 0x01;
const tab = 0x09;
const newline = 0x0a;

/** One line of a records payload, its line feed counted. */
export function encodeRecord({ position, time, stream, linePositions, text }: LogRecord): Buffer {
  const head = `${position}\t${time}\t${stream}\t${linePositions.join(',')}\t`;
  const escaped = escapeText(text, linePositions.length);
  return Buffer.concat([Buffer.from(head), escaped, Buffer.of(newline)]);
}

/** Every record of a payload, parts joined. @throws {Error} on a line that is not one. */
export function decodeRecords(payload: Buffer): LogRecord[] {
  return [...readRecords(payload)].map(({ head, pieces }) => {
    const [first, ...others] = pieces;
    return {
      ...head,
      position: first?.position ?? 0,
      linePositions: others.filter(({ isPart }) => !isPart).map(({ position }) => position),
      text: Buffer.concat(
        pieces.flatMap(({ isPart, text }, index) => {
          const piece = unescapeText(text);
          return index === 0 || isPart ? [piece] : [Buffer.of(newline), piece];
        }),
      ),
    };
  });
}

/**
 * What of a payload lies in the range `[start, end)` of its file, and how many lines and parts that
 * are. A record of which nothing does is left out.
 *
 * @throws {Error} on a line that is not a record
 */
export function cutRecords(
  payload: Buffer,
  { start, end }: { start: number; end: number },
): { payload: Buffer; lines: number } {
  const kept: Buffer[] = [];
  let lines = 0;
  for (const { head, pieces } of readRecords(payload)) {
    const inRange = pieces.filter(({ position }) => position >= start && position < end);
    const [first, ...others] = inRange;
    if (!first) continue;
    lines += inRange.length;
    const positions = others.map(({ position }) => position).join(',');
    const text = others.flatMap((piece) => [piece.isPart ? partBreak : lineBreak, piece.text]);
    kept.push(
      Buffer.from(`${first.position}\t${head.time}\t${head.stream}\t${positions}\t`),
      first.text,
      ...text,
      Buffer.of(newline),
    );
  }
  return { payload: Buffer.concat(kept), lines };
}

const lineBreak = Buffer.of(escape, recordEscapes.lineFeed);
const partBreak = Buffer.of(escape, recordEscapes.part);

/** A line of the file, or a part of one, with its text as it stands in the payload. */
interface RecordPiece {
  position: number;
  isPart: boolean;
  text: Buffer;
}

function* readRecords(
  payload: Buffer,
): Generator<{ head: { time: string; stream: string }; pieces: RecordPiece[] }> {
  for (let start = 0; start < payload.length;) {
    const end = payload.indexOf(newline, start);
    if (end < 0) throw new Error('record: expected a line feed at its end');
    yield readRecord(payload.subarray(start, end));
    start = end + 1;
  }
}

function readRecord(line: Buffer): {
  head: { time: string; stream: string };
  pieces: RecordPiece[];
} {
  const fields: Buffer[] = [];
  let from = 0;
  for (let field = 0; field < 4; field += 1) {
    const at = line.indexOf(tab, from);
    if (at < 0) throw new Error('record: expected five fields');
    fields.push(line.subarray(from, at));
    from = at + 1;
  }
  const [position = '', time = '', stream = '', others = ''] = fields.map(String);
  const positions = [position, ...(others === '' ? [] : others.split(','))].map(wholeNumber);
  return { head: { time, stream }, pieces: splitText(line.subarray(from), positions) };
}

/** At each break that has a position. */
function splitText(text: Buffer, positions: readonly number[]): RecordPiece[] {
  const pieces: RecordPiece[] = [];
  let from = 0;
  let isPart = false;
  for (const position of positions.slice(0, -1)) {
    const at = findBreak(text, from);
    if (at < 0) throw new Error(`record: expected ${positions.length} lines and parts`);
    pieces.push({ position, isPart, text: text.subarray(from, at) });
    isPart = text[at + 1] === recordEscapes.part;
    from = at + 2;
  }
  if (findBreak(text, from) >= 0) {
    throw new Error(`record: expected ${positions.length} lines and parts, got more`);
  }
  pieces.push({ position: positions.at(-1) ?? 0, isPart, text: text.subarray(from) });
  return pieces;
}

function findBreak(text: Buffer, from: number): number {
  for (let at = text.indexOf(escape, from); at >= 0; at = text.indexOf(escape, at + 2)) {
    const code = text[at + 1];
    if (code === recordEscapes.lineFeed || code === recordEscapes.part) return at;
  }
  return -1;
}

function wholeNumber(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new Error(`record: expected a position, got "${text}"`);
  return value;
}

function escapeText(text: Buffer, lineFeeds: number): Buffer {
  let special = 0;
  for (const byte of text) if (byte === escape || byte === newline || byte === tab) special += 1;
  if (special === 0 && lineFeeds === 0) return text;
  const bytes = Buffer.allocUnsafe(text.length + special);
  let at = 0;
  let seen = 0;
  for (const byte of text) {
    if (byte !== escape && byte !== newline && byte !== tab) {
      bytes[at++] = byte;
      continue;
    }
    if (byte === newline) seen += 1;
    bytes[at++] = escape;
    bytes[at++] = codeOf(byte, seen <= lineFeeds);
  }
  if (seen < lineFeeds) {
    throw new Error(
      `record: expected ${lineFeeds} line feeds, as there are positions, got ${seen}`,
    );
  }
  return bytes;
}

function codeOf(byte: number, hasPosition: boolean): number {
  if (byte === escape) return recordEscapes.escape;
  if (byte === tab) return recordEscapes.tab;
  return hasPosition ? recordEscapes.lineFeed : recordEscapes.innerLineFeed;
}

const unescapes: Readonly<Record<number, number>> = {
  [recordEscapes.escape]: escape,
  [recordEscapes.tab]: tab,
  [recordEscapes.innerLineFeed]: newline,
};

function unescapeText(escaped: Buffer): Buffer {
  if (!escaped.includes(escape)) return Buffer.from(escaped);
  const bytes = Buffer.allocUnsafe(escaped.length);
  let length = 0;
  for (let at = 0; at < escaped.length; at += 1) {
    const byte = escaped[at] ?? 0;
    if (byte !== escape) {
      bytes[length++] = byte;
      continue;
    }
    at += 1;
    const code = unescapes[escaped[at] ?? 0];
    if (code === undefined) throw new Error('record: expected 02 to 06 after 01');
    bytes[length++] = code;
  }
  return bytes.subarray(0, length);
}
