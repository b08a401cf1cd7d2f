/**
 * Makes records of messages: joins the parts of a line, gives each record its position, and says
 * where the log may be cut. What comes out is a function of the messages alone, never of when they
 * came or how they were cut on their way: so what is sent again after a crash is the same.
 *
 * The parts of one stream may have messages of the other between them. A cut is where no stream has
 * a part open; records that begin after an open part wait for it, at most `maxRecordBytes` of them.
 */
import { limits, type LogRecord } from '@plimsoll/model';
import { isPart, messageBytes, type LogMessage, type MessageStream } from './message.ts';

interface OpenLine {
  position: number;
  stream: MessageStream;
  time: string;
  parts: Buffer[];
}

export interface RecordJoinerOptions {
  /** Position of the first message. */
  position: number;
  /** Parts of a line have times of their own: `journald` of older daemons. */
  joinsAcrossTimes?: boolean;
}

const newline = 0x0a;

export class RecordJoiner {
  readonly #joinsAcrossTimes: boolean;
  readonly #open: OpenLine[] = [];
  #waiting: LogRecord[] = [];
  #position: number;

  constructor({ position, joinsAcrossTimes = false }: RecordJoinerOptions) {
    this.#position = position;
    this.#joinsAcrossTimes = joinsAcrossTimes;
  }

  /** Of the next message. */
  get position(): number {
    return this.#position;
  }

  /** A line waits for its next part: the log may not be cut here. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  /** True when open lines would become too long with this message: they are to be ended first. */
  mustEndBefore(message: LogMessage): boolean {
    const oldest = this.#open[0];
    if (!oldest) return false;
    return this.#position + messageBytes(message) - oldest.position > limits.maxRecordBytes;
  }

  /** Records that are complete and before which nothing is open, in order of their positions. */
  take(message: LogMessage): LogRecord[] {
    const position = this.#position;
    this.#position += messageBytes(message);
    if (this.#open.length === 0 && !isPart(message)) return recordsOf(message, position);
    this.#place(message, position);
    return this.#open.length === 0 ? this.#takeWaiting() : [];
  }

  /** The message is not to be joined here. */
  skip(message: LogMessage): void {
    this.#position += messageBytes(message);
  }

  /** Open lines are complete as they are: no more of them will come, or they are too long. */
  end(): LogRecord[] {
    this.#closeAll();
    return this.#takeWaiting();
  }

  #place(message: LogMessage, position: number): void {
    const { stream, time, text } = message;
    const index = this.#open.findIndex((line) => line.stream === stream);
    const line = this.#open[index];
    const goesOn = line !== undefined && (this.#joinsAcrossTimes || line.time === time);
    if (line && !goesOn) this.#close(index);
    if (line && goesOn) {
      line.parts.push(text);
      if (!isPart(message)) this.#close(index);
    } else if (isPart(message)) this.#open.push({ position, stream, time, parts: [text] });
    else this.#waiting.push(...recordsOf(message, position));
  }

  #close(index: number): void {
    const [line] = this.#open.splice(index, 1);
    if (!line) return;
    const { position, stream, time, parts } = line;
    this.#waiting.push(...recordsOf({ stream, time, text: Buffer.concat(parts) }, position));
  }

  #closeAll(): void {
    while (this.#open.length > 0) this.#close(0);
  }

  #takeWaiting(): LogRecord[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting.sort((a, b) => a.position - b.position);
  }
}

/** One record, or one for each line of a text that holds several. */
function recordsOf({ stream, time, text }: LogMessage, position: number): LogRecord[] {
  const end = text.indexOf(newline);
  if (end < 0 || end === text.length - 1) {
    return [
      { position, time, stream, linePositions: [], text: end < 0 ? text : text.subarray(0, end) },
    ];
  }
  const records: LogRecord[] = [];
  for (let from = 0; from < text.length;) {
    const lineEnd = text.indexOf(newline, from);
    const until = lineEnd < 0 ? text.length : lineEnd;
    const line = text.subarray(from, until);
    records.push({ position: position + from, time, stream, linePositions: [], text: line });
    from = until + 1;
  }
  return records;
}
