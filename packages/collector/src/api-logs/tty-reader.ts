/**
 * The raw answer of `GET /containers/<id>/logs` for a container with a terminal: messages one after
 * the other, each with its timestamp, and no frames. A message ends
 *
 * - after its line feed;
 * - after 16 KiB, when a timestamp of the same time follows: the next part of the line;
 * - in a line of such parts, after a carriage return that a timestamp follows: the `local` driver
 *   leaves out the line feed of a line that it split;
 * - after an unterminated text: the container stopped within a line, and the first message of its next
 *   life follows directly. Such a text is known from before ({@link Unterminated}), or is found: its
 *   time is of the former life, and within it is a timestamp of the present one. Those between lives
 *   before that cannot be told from text and stay one line, and so do the two halves of a line that a
 *   restart of the daemon cut: nothing is lost, but there is a timestamp in the middle.
 */
import { maxMessageBytes, partBytes, type LogMessage, type MessageReader } from './message.ts';
import { maxTimestampBytes, readTimestamp, timeMs, type Timestamp } from './timestamp.ts';

/** A message without a line end that was the last of a life of its container. */
export interface Unterminated {
  time: string;
  bytes: number;
}

/** When the container last stopped and started again, milliseconds since 1970. */
export interface LastRestart {
  finishedAtMs: number;
  startedAtMs: number;
}

const newline = 0x0a;
const letterT = 0x54;
/** Bytes of a timestamp before its `T`. */
const dateBytes = 10;
const carriageReturn = 0x0d;
const nothing = Buffer.alloc(0);
const wait = 'wait';

interface Line {
  /** After the timestamp. */
  start: number;
  time: string;
  /** After its line feed; null when that has not come. */
  end: number | null;
}

export class TtyReader implements MessageReader {
  readonly #restart: LastRestart | null;
  #unterminated: Unterminated | null;
  #rest: Buffer = nothing;
  /** The message before was a part of this time. */
  #partTime: string | null = null;
  /** Time of a message too long to be kept as a whole, of which the beginning was given already. */
  #longTime: string | null = null;

  constructor(unterminated: Unterminated | null = null, restart: LastRestart | null = null) {
    this.#unterminated = unterminated;
    this.#restart = restart;
  }

  /** The last one that is known. */
  get unterminated(): Unterminated | null {
    return this.#unterminated;
  }

  take(chunk: Buffer): LogMessage[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: LogMessage[] = [];
    let at = 0;
    while (at < bytes.length) {
      const used = this.#takeMessage(bytes, at, messages);
      if (used === 0) break;
      at += used;
    }
    this.#rest = at === bytes.length ? nothing : Buffer.from(bytes.subarray(at));
    return messages;
  }

  end(): LogMessage[] {
    const rest = this.#rest;
    this.#rest = nothing;
    if (rest.length === 0) return [];
    const timestamp = this.#longTime === null ? readTimestamp(rest, 0) : null;
    const time = this.#longTime ?? timestamp?.time ?? '';
    return [{ stream: 'stdout', time, text: rest.subarray(timestamp?.bytes ?? 0) }];
  }

  /** Bytes used; 0: wait for more. */
  #takeMessage(bytes: Buffer, at: number, messages: LogMessage[]): number {
    const isBeginning = this.#longTime === null;
    const timestamp = isBeginning ? readTimestamp(bytes, at) : null;
    const lineEnd = bytes.indexOf(newline, at) + 1;
    const mayBeShort = lineEnd === 0 && bytes.length - at < maxTimestampBytes;
    if (isBeginning && timestamp === null && mayBeShort) return 0;
    const time = this.#longTime ?? timestamp?.time ?? '';
    const start = at + (timestamp?.bytes ?? 0);
    const end = this.#findEnd(bytes, { start, time, end: lineEnd === 0 ? null : lineEnd });
    if (end === null) return 0;
    const text = bytes.subarray(start, end);
    messages.push({ stream: 'stdout', time, text });
    this.#longTime = text.length === maxMessageBytes && text.at(-1) !== newline ? time : null;
    this.#partTime = text.length === partBytes && text.at(-1) !== newline ? time : null;
    return end - at;
  }

  #findEnd(bytes: Buffer, line: Line): number | null {
    const { start, time, end } = line;
    const limit = end ?? bytes.length;
    const isBeginning = this.#longTime === null;
    const known = this.#unterminated;
    if (known && isBeginning && time !== '' && known.time === time) {
      const split = timestampAt(bytes, start + known.bytes, line);
      if (split === wait) return null;
      if (split) return start + known.bytes;
    }
    const restart = isBeginning ? this.#findRestart(bytes, line) : null;
    if (restart !== null) {
      this.#unterminated = { time, bytes: restart - start };
      return restart;
    }
    const partEnd = start + partBytes;
    if (isBeginning && limit >= partEnd && end !== partEnd) {
      const next = timestampAt(bytes, partEnd, line);
      if (next === wait) return null;
      if (next && next.time === time) return partEnd;
    }
    const split = this.#partTime === time ? findAfterReturn(bytes, start, limit) : null;
    return split ?? (limit - start >= maxMessageBytes ? start + maxMessageBytes : end);
  }

  /** Where the first message of the present life begins within a line of the former one; or null. */
  #findRestart(bytes: Buffer, { start, time, end }: Line): number | null {
    const restart = this.#restart;
    if (restart === null || end === null || !(timeMs(time) < restart.startedAtMs)) return null;
    for (let at = bytes.indexOf(letterT, start); at >= 0 && at < end;) {
      const next = at - dateBytes >= start ? readTimestamp(bytes, at - dateBytes) : null;
      const isLater = next !== null && next.time > time;
      if (isLater && timeMs(next.time) >= restart.finishedAtMs) return at - dateBytes;
      at = bytes.indexOf(letterT, at + 1);
    }
    return null;
  }
}

/** The timestamp there, null when there is none, `wait` when more bytes must come to tell. */
function timestampAt(bytes: Buffer, at: number, line: Line): Timestamp | null | typeof wait {
  const limit = line.end ?? bytes.length;
  const timestamp = at <= limit ? readTimestamp(bytes, at) : null;
  if (timestamp) return timestamp;
  return line.end === null && bytes.length < at + maxTimestampBytes ? wait : null;
}

/** Where a timestamp follows a carriage return within the line; null: nowhere. */
function findAfterReturn(bytes: Buffer, start: number, limit: number): number | null {
  for (let at = bytes.indexOf(carriageReturn, start); at >= 0 && at < limit;) {
    if (readTimestamp(bytes, at + 1)) return at + 1;
    at = bytes.indexOf(carriageReturn, at + 1);
  }
  return null;
}
