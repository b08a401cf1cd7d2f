/**
 * The multiplexed answer of `GET /containers/<id>/logs`, for containers without a terminal:
 *
 *     frame  = type 00 00 00 length payload       type: 0 stdin, 1 stdout, 2 stderr, 3 daemon error
 *     length = 4 bytes, big-endian
 *
 * One frame is one message, with its timestamp before it. A frame that is not this is an error: what
 * follows it cannot be told apart any more.
 */
import {
  maxMessageBytes,
  type LogMessage,
  type MessageReader,
  type MessageStream,
} from './message.ts';
import { readTimestamp } from './timestamp.ts';

const headerBytes = 8;
const daemonError = 3;
const nothing = Buffer.alloc(0);

/** A frame too long to be kept as a whole, of which the beginning was given already. */
interface LongFrame {
  stream: MessageStream;
  time: string;
  left: number;
}

export class FrameReader implements MessageReader {
  #rest: Buffer = nothing;
  #long: LongFrame | null = null;

  /** @throws {Error} on a frame header that is none, and on an error that the daemon sent. */
  take(chunk: Buffer): LogMessage[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: LogMessage[] = [];
    let at = 0;
    for (;;) {
      const used = this.#long ? this.#takeLong(bytes, at, messages) : takeFrame(bytes, at);
      if (used === null) break;
      if (typeof used === 'number') at += used;
      else {
        at += used.bytes;
        messages.push(used.message);
        if (used.left > 0) this.#long = { ...used.message, left: used.left };
      }
    }
    // A copy: what is left is small as a rule, and must not keep the whole chunk.
    this.#rest = at === bytes.length ? nothing : Buffer.from(bytes.subarray(at));
    return messages;
  }

  /** A frame that is not whole will be sent again. */
  end(): LogMessage[] {
    return [];
  }

  #takeLong(bytes: Buffer, at: number, messages: LogMessage[]): number | null {
    const long = this.#long;
    if (!long) return null;
    const length = Math.min(long.left, maxMessageBytes);
    if (bytes.length - at < length) return null;
    const { stream, time } = long;
    messages.push({ stream, time, text: bytes.subarray(at, at + length) });
    this.#long = long.left > length ? { stream, time, left: long.left - length } : null;
    return length;
  }
}

/** Null: the frame is not whole yet. */
function takeFrame(
  bytes: Buffer,
  at: number,
): { message: LogMessage; bytes: number; left: number } | null {
  if (bytes.length - at < headerBytes) return null;
  const type = bytes[at] ?? 0;
  const padding = bytes.readUIntBE(at + 1, 3);
  if (type > daemonError || padding !== 0) {
    const got = bytes.toString('hex', at, at + headerBytes);
    throw new Error(`log frame: expected a header of type 00 to 03 and three zeros, got ${got}`);
  }
  const length = bytes.readUInt32BE(at + 4);
  const taken = Math.min(length, maxMessageBytes);
  const start = at + headerBytes;
  if (bytes.length - start < taken) return null;
  const payload = bytes.subarray(start, start + taken);
  if (type === daemonError) throw new Error(`the daemon: ${payload.toString('utf8', 0, 300)}`);
  const timestamp = readTimestamp(payload, 0);
  const message: LogMessage = {
    stream: type === 2 ? 'stderr' : 'stdout',
    time: timestamp?.time ?? '',
    text: payload.subarray(timestamp?.bytes ?? 0),
  };
  return { message, bytes: headerBytes + taken, left: length - taken };
}
