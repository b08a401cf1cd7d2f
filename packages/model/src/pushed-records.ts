/**
 * Payload of a chunk of format `pushed`: log records that others pushed over HTTP, with what their
 * protocol says of each. One record per line.
 *
 * ```
 * record   = position TAB time TAB stream TAB severity TAB labels TAB text LF
 * position = decimal, number of the record within what was pushed at once
 * time     = decimal, nanoseconds since 1970, may be negative; empty when the record has none
 * stream   = stdout, stderr or empty
 * severity = as `severity.ts` has it; empty: to be found in the text
 * labels   = a JSON object of texts, or empty: what has no column of its own
 * text     = bytes as they came, with these of two bytes:
 *            01 03 the byte 01      01 04 TAB      01 06 LF
 * ```
 *
 * A "file" of such records is one push, positions count its records, and its `file_id` is made of
 * its content: so a push that is repeated is the same range of the same file.
 */
import { severities, type Severity } from './severity.ts';

export interface PushedRecord {
  position: number;
  timeNs: bigint | null;
  stream: string;
  severity: Severity;
  /** JSON of an object of texts, as {@link byteTextOf} makes it; or empty. */
  labels: string;
  /** One character per byte. */
  text: string;
}

const fieldCount = 6;
const newline = 0x0a;

/**
 * A string of one character per byte of its UTF-8 (`latin1`): it is made into bytes without being
 * looked at again, and bytes that are not UTF-8 stay what they are.
 */
export function byteTextOf(text: string): string {
  const isAscii = Buffer.byteLength(text) === text.length;
  return isAscii ? text : Buffer.from(text).toString('latin1');
}

/** One line, its line feed counted; one character per byte. */
export function encodePushedRecord(record: PushedRecord): string {
  const { position, timeNs, stream, severity, labels, text } = record;
  return `${position}\t${timeNs ?? ''}\t${stream}\t${severity}\t${labels}\t${escapeText(text)}\n`;
}

/** @throws {Error} on a line that is no record */
export function decodePushedRecords(payload: Buffer): PushedRecord[] {
  return [...readLines(payload)].map((line) => {
    const fields = line.toString('latin1').split('\t');
    const [position = '', time = '', stream = '', severity = '', labels = '', text = ''] = fields;
    if (fields.length !== fieldCount) throw notARecord(`${fieldCount} fields`, fields.length);
    const known = severities.find((name) => name === severity);
    if (known === undefined) throw notARecord('a severity', severity.slice(0, 20));
    if (!/^-?\d{0,19}$/.test(time)) throw notARecord('nanoseconds', time.slice(0, 30));
    return {
      position: positionOf(position),
      timeNs: time === '' ? null : BigInt(time),
      stream,
      severity: known,
      labels,
      text: unescapeText(text),
    };
  });
}

/**
 * The records whose positions lie in `[start, end)`.
 *
 * @throws {Error} on a line that is no record
 */
export function cutPushedRecords(
  payload: Buffer,
  { start, end }: { start: number; end: number },
): { payload: Buffer; lines: number } {
  const kept: Buffer[] = [];
  for (const line of readLines(payload)) {
    const tab = line.indexOf(9);
    const position = positionOf(line.toString('latin1', 0, Math.max(tab, 0)));
    if (position >= start && position < end) kept.push(line, lineEnd);
  }
  return { payload: Buffer.concat(kept), lines: kept.length / 2 };
}

const lineEnd = Buffer.of(newline);

function* readLines(payload: Buffer): Generator<Buffer> {
  for (let start = 0; start < payload.length;) {
    const end = payload.indexOf(newline, start);
    if (end < 0) throw new Error('pushed record: expected a line feed at its end');
    yield payload.subarray(start, end);
    start = end + 1;
  }
}

function positionOf(text: string): number {
  const position = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(position)) throw notARecord('a position', text.slice(0, 20));
  return position;
}

function notARecord(expected: string, came: string | number): Error {
  return new Error(`pushed record: expected ${expected}, got ${came}`);
}

const unescapes: Readonly<Record<string, string>> = {
  '\x03': '\x01',
  '\x04': '\t',
  '\x06': '\n',
};

/** 01 first: the others make new ones. */
function escapeText(text: string): string {
  return text
    .replaceAll('\x01', '\x01\x03')
    .replaceAll('\t', '\x01\x04')
    .replaceAll('\n', '\x01\x06');
}

function unescapeText(text: string): string {
  const [head = '', ...pieces] = text.split('\x01');
  const plain = pieces.map((piece) => {
    const special = unescapes[piece.slice(0, 1)];
    if (special === undefined) throw notARecord('03, 04 or 06 after 01', 'another byte');
    return `${special}${piece.slice(1)}`;
  });
  return `${head}${plain.join('')}`;
}
