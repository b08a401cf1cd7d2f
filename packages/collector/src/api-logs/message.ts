/**
 * What the daemon logged at once: a line, or a part of one. Docker's copier cuts a line into parts
 * of 16 KiB; each is a message of its own, and all of one line have the same time.
 *
 * The log is thought of as a file, whatever form the daemon sends it in: each message is a line of it
 * as the container runtimes of Kubernetes write them. Positions are positions in that file.
 *
 * ```
 * message = time SP ("stdout" | "stderr") SP ("P" | "F") SP text LF       P: more of the line follows
 * ```
 */
import { limits } from '@plimsoll/model';

export type MessageStream = 'stdout' | 'stderr';

export interface LogMessage {
  stream: MessageStream;
  /** UTC with nine digits of a second, so that text order is time order; empty when there was none. */
  time: string;
  /** As the container wrote it, with its line end where it has one. */
  text: Buffer;
}

/** Takes what a connection brings, cut anywhere, and gives the messages that are complete. */
export interface MessageReader {
  take(bytes: Buffer): LogMessage[];
  /** The daemon ended the answer in good order: what is left is complete as it is. */
  end(): LogMessage[];
}

/** A part is as long, whether or not its line goes on. */
const leastPartBytes = 16 * 1024;
/** A message longer than this is taken in pieces, so that no buffer grows without bound. */
export const maxMessageBytes = limits.maxRecordBytes / 2;

/** Three spaces and the letter. */
const separatorBytes = 4;
const newline = 0x0a;
const space = 0x20;

/** Bytes of the message's line in the log as a file. */
export function messageBytes({ time, stream, text }: LogMessage): number {
  const lineFeed = text.at(-1) === newline ? 0 : 1;
  return time.length + stream.length + separatorBytes + text.length + lineFeed;
}

/** The message's line in the log as a file. A line feed within the text, which no driver makes, is a space. */
export function messageLine(message: LogMessage): Buffer {
  const { time, stream, text } = message;
  const line = Buffer.allocUnsafe(messageBytes(message));
  const start = line.write(`${time} ${stream} ${isPart(message) ? 'P' : 'F'} `, 'latin1');
  text.copy(line, start);
  const end = line.length - 1;
  line[end] = newline;
  for (let at = line.indexOf(newline, start); at < end; at = line.indexOf(newline, at + 1)) {
    line[at] = space;
  }
  return line;
}

/**
 * True for a part that more may follow. The last part of a line is shorter; it need not end in a
 * line feed (the `local` driver of Docker 20.10 leaves it out).
 */
export function isPart({ text }: LogMessage): boolean {
  return text.length >= leastPartBytes && text.at(-1) !== newline;
}

export { leastPartBytes as partBytes };
