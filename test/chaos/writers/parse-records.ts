/**
 * Records of a log as a reader who knows the formats finds them: where each begins and what it says.
 * The reference for what was torn, and the reader of the pipeline that is only there to try the
 * checker. A line of no known shape is a record of its own, as it is.
 */
import type { LogFormat, StreamName } from './unit.ts';

export interface ParsedRecord {
  position: number;
  stream: StreamName;
  text: Buffer;
}

interface ParsedLine {
  stream: StreamName;
  text: Buffer;
  /** Null: not of the format. */
  goesOn: boolean | null;
}

/** In the order of their positions; a record without an end is there with what there is of it. */
export function parseRecords(format: LogFormat, bytes: Buffer): ParsedRecord[] {
  const records: (ParsedRecord & { parts: Buffer[] })[] = [];
  const open = new Map<StreamName, (typeof records)[number]>();
  for (const { position, line } of linesOf(bytes)) {
    const { stream, text, goesOn } = parseLine(format, line);
    const before = goesOn === null ? undefined : open.get(stream);
    if (before) before.parts.push(text);
    const record = before ?? { position, stream, text, parts: [text] };
    if (!before) records.push(record);
    if (goesOn === true) open.set(stream, record);
    else if (goesOn === false) open.delete(stream);
  }
  return records.map(({ parts, ...record }) => ({ ...record, text: Buffer.concat(parts) }));
}

/** Streams whose last record says that it goes on. */
export function openStreams(format: LogFormat, bytes: Buffer): StreamName[] {
  const open = new Set<StreamName>();
  for (const { line } of linesOf(bytes)) {
    const { stream, goesOn } = parseLine(format, line);
    if (goesOn === true) open.add(stream);
    else if (goesOn === false) open.delete(stream);
  }
  return [...open];
}

function* linesOf(bytes: Buffer): Generator<{ position: number; line: Buffer }> {
  for (let position = 0; position < bytes.length;) {
    const found = bytes.indexOf(0x0a, position);
    const end = found < 0 ? bytes.length : found;
    yield { position, line: bytes.subarray(position, end) };
    position = end + 1;
  }
}

function parseLine(format: LogFormat, line: Buffer): ParsedLine {
  if (format === 'plain') return { stream: '', text: line, goesOn: false };
  return (format === 'cri' ? parseCri(line) : parseDocker(line)) ?? unknown(line);
}

function unknown(line: Buffer): ParsedLine {
  return { stream: '', text: line, goesOn: null };
}

const criHead = /^\d{4}-\d\d-\d\dT\S+ (stdout|stderr) ([PF])(?::\S*)?(?: |$)/;

function parseCri(line: Buffer): ParsedLine | null {
  const head = criHead.exec(line.toString('latin1', 0, 200));
  if (!head) return null;
  const stream = head[1] === 'stderr' ? 'stderr' : 'stdout';
  return { stream, text: line.subarray(head[0].length), goesOn: head[2] === 'P' };
}

function parseDocker(line: Buffer): ParsedLine | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.toString('utf8'));
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  if (!('log' in parsed) || typeof parsed.log !== 'string' || !('stream' in parsed)) return null;
  const goesOn = !parsed.log.endsWith('\n');
  const text = Buffer.from(goesOn ? parsed.log : parsed.log.slice(0, -1));
  return { stream: parsed.stream === 'stderr' ? 'stderr' : 'stdout', text, goesOn };
}
