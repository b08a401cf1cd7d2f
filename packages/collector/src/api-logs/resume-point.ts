/**
 * How far the log of a container was taken, such that the daemon can be asked for the rest.
 *
 * The daemon can only be asked by time (`since`), it keeps the order of its log, and messages may
 * have equal times, or times a little out of order: each stream is stamped by its own copier. So it
 * is asked for more than the rest, from some seconds before the last message, and what was taken is
 * recognised: everything up to and with the last message taken. That one is known by its stream, its
 * time, how many messages of this stream had this very time before it, and a sum of them.
 *
 *     asked since        last taken
 *         │ ◀── margin ──▶  │
 *     ────┴──▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┴────────────▶
 *            skipped          taken
 *
 * A message later than all that were taken is new in any case. When one comes and the last taken was
 * not seen, the daemon does not have it any more, nor, perhaps, some that followed it: a gap.
 */
import { crc32 } from 'node:zlib';
import { isPart, type LogMessage, type MessageStream } from './message.ts';
import { sinceText, timeMs } from './timestamp.ts';

/** The last messages of a stream that have one time. */
export interface StreamTail {
  time: string;
  /** Messages of this time. */
  count: number;
  /** CRC-32 over their texts. */
  crc: number;
  /** The last is a part that more may follow: they have the same time. */
  open: boolean;
}

export interface ResumePoint {
  /** Latest time of all taken; before the first: later ones are to be taken. Empty: all are. */
  latest: string;
  /** Stream of the last message taken; null before the first. */
  last: MessageStream | null;
  stdout: StreamTail | null;
  stderr: StreamTail | null;
}

/** Disorder of times that is reckoned with: copiers of two streams, one of which was held up. */
export const marginMs = 3000;

/** Before the first message: those later than a time are taken; empty for all. */
export function startingPoint(latest: string): ResumePoint {
  return { latest, last: null, stdout: null, stderr: null };
}

/** The point after one more message was taken. */
export function advance(point: ResumePoint, message: LogMessage): ResumePoint {
  const { stream, time, text } = message;
  const before = point[stream];
  const isSameTime = before?.time === time;
  const tail: StreamTail = {
    time,
    count: isSameTime ? before.count + 1 : 1,
    crc: crc32(text, isSameTime ? before.crc : 0),
    open: isPart(message),
  };
  return {
    latest: time > point.latest ? time : point.latest,
    last: stream,
    stdout: stream === 'stdout' ? tail : point.stdout,
    stderr: stream === 'stderr' ? tail : point.stderr,
  };
}

/** What to ask the daemon for; null: everything. */
export function sinceOf(point: ResumePoint, nowMs: number): string | null {
  if (point.latest === '') return null;
  if (point.last === null) return sinceText(timeMs(point.latest));
  const times = [nowMs, timeMs(point.latest)];
  for (const stream of ['stdout', 'stderr'] as const) {
    const tail = point[stream];
    // A line that goes on keeps its time, however late its next part comes.
    if (tail && (stream === point.last || tail.open)) times.push(timeMs(tail.time));
  }
  const earliest = Math.min(...times);
  return Number.isNaN(earliest) ? null : sinceText(earliest - marginMs);
}

/** Recognises, at the beginning of an answer, what was taken before. */
export class TakenPrefix {
  readonly #point: ResumePoint;
  readonly #tail: StreamTail | null;
  #count = 0;
  #crc = 0;
  #skipped = 0;

  constructor(point: ResumePoint) {
    this.#point = point;
    this.#tail = point.last === null ? null : point[point.last];
  }

  /** Messages recognised as taken, or that came before the last taken one was found. */
  get skipped(): number {
    return this.#skipped;
  }

  /**
   * `taken`: it was, and perhaps the next was too. `last`: it was, and the next was not. `new`: it was
   * not. `gap`: it was not, and what was taken last is not there any more.
   */
  judge(message: LogMessage): 'taken' | 'last' | 'new' | 'gap' {
    const { latest, last } = this.#point;
    const tail = this.#tail;
    if (tail === null) {
      if (message.time === '' || message.time > latest) return 'new';
      this.#skipped += 1;
      return 'taken';
    }
    if (message.time > latest) return 'gap';
    this.#skipped += 1;
    if (message.stream !== last || message.time !== tail.time) return 'taken';
    this.#count += 1;
    this.#crc = crc32(message.text, this.#crc);
    return this.#count === tail.count && this.#crc === tail.crc ? 'last' : 'taken';
  }
}
