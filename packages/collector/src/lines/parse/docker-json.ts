/**
 * A line of Docker's json-file log: `{"log":"…","stream":"stdout","time":"…"}`, `attrs` perhaps
 * before the time. A line that has exactly this form is read byte by byte, for a fraction of what
 * parsing JSON costs; any other goes to {@link parseOtherJson}.
 *
 * Bytes that are not UTF-8 stay what they are. A log that does not end in `\n` is a part.
 */
import { stderr, stdout, type RawLines, type Stream } from '../raw-lines.ts';
import { decodeEscape, escaped } from './json-escape.ts';
import { parseOtherJson } from './other-json.ts';
import { isTime } from './time.ts';

const head = Buffer.from('{"log":"');
const streamKey = Buffer.from('","stream":"std');
const timeKey = Buffer.from('","time":"');
const attrsKey = Buffer.from('","attrs":{');
const quote = 0x22;
const backslash = 0x5c;
const lineFeed = 0x0a;
const tab = 0x09;
const escape = 0x01;
const streamNameBytes = 3;

export function parseDockerJson(
  block: Buffer,
  range: readonly [number, number],
  lines: RawLines,
): void {
  const [start, end] = range;
  const lineEnd = block[end - 1] === lineFeed ? end - 1 : end;
  const log = startsWith(block, head, start) ? readLog(block, start + head.length, lines) : null;
  const stream = log === null ? null : readStream(block, log.end);
  const timeStart = log === null || stream === null ? 0 : findTime(block, log.end, lineEnd);
  const isWhole =
    log !== null && log.end < lineEnd && timeStart > 0 && isTime(block, timeStart, lineEnd - 2);
  if (!isWhole || stream === null) {
    parseOtherJson(block, range, lines);
    return;
  }
  const isPart = lines.texts[log.textEnd - 1] !== lineFeed || log.textEnd === lines.used;
  lines.push({
    end,
    textEnd: isPart ? log.textEnd : log.textEnd - 1,
    stream,
    isPart,
    isSpecial: log.isSpecial || log.lineFeeds > (isPart ? 0 : 1),
    innerLines: isPart ? log.lineFeeds : log.lineFeeds - 1,
    timeStart,
    timeEnd: lineEnd - 2,
  });
}

interface Log {
  /** In the block: the quote that ends it. */
  end: number;
  /** In `texts`. */
  textEnd: number;
  lineFeeds: number;
  isSpecial: boolean;
}

/** 1 for a byte that stands for itself in a string and in a record. */
const isOrdinary = new Uint8Array(256).fill(1);
for (const byte of [quote, backslash, lineFeed, tab, escape]) isOrdinary[byte] = 0;

/** Decodes the string that begins at `start` behind what `texts` holds; null when it is none. */
function readLog(block: Buffer, start: number, { texts, used }: RawLines): Log | null {
  let at = start;
  let to = used;
  let lineFeeds = 0;
  let isSpecial = false;
  for (;;) {
    let byte = block[at] ?? lineFeed;
    while (isOrdinary[byte] === 1) {
      texts[to++] = byte;
      at += 1;
      byte = block[at] ?? lineFeed;
    }
    if (byte === quote) return { end: at, textEnd: to, lineFeeds, isSpecial };
    if (byte === lineFeed) return null;
    let width = 1;
    if (byte === backslash) {
      at += 1;
      byte = escaped[block[at] ?? 0] ?? 0;
      if (byte === 0) {
        width = decodeEscape(block, at, { texts, to });
        if (width === 0) return null;
        byte = texts[to] ?? 0;
        // To the last digit; the second half of a pair has been read with the first.
        at += width === 4 ? 10 : 4;
      }
      if (byte === lineFeed) lineFeeds += 1;
    }
    if (byte === tab || byte === escape) isSpecial = true;
    texts[to] = byte;
    to += width;
    at += 1;
  }
}

/** The stream named behind the log that ends at `at`. */
function readStream(block: Buffer, at: number): Stream | null {
  if (!startsWith(block, streamKey, at)) return null;
  const name = at + streamKey.length;
  const isOut = block[name] === 0x6f && block[name + 1] === 0x75 && block[name + 2] === 0x74;
  const isErr = block[name] === 0x65 && block[name + 1] === 0x72 && block[name + 2] === 0x72;
  return isOut ? stdout : isErr ? stderr : null;
}

/** Where the time begins that ends the line with `"}`; 0 without one. */
function findTime(block: Buffer, logEnd: number, lineEnd: number): number {
  if (block[lineEnd - 1] !== 0x7d || block[lineEnd - 2] !== quote) return 0;
  const behindStream = logEnd + streamKey.length + streamNameBytes;
  if (startsWith(block, timeKey, behindStream)) return behindStream + timeKey.length;
  if (!startsWith(block, attrsKey, behindStream)) return 0;
  let at = lineEnd - 3;
  while (at > behindStream && block[at] !== quote) at -= 1;
  // The quote before the time is the last byte of the key, whose first is another quote or a brace.
  return startsWith(block, timeKey.subarray(1), at - timeKey.length + 2) ? at + 1 : 0;
}

function startsWith(block: Buffer, wanted: Buffer, at: number): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    if (block[at + index] !== wanted[index]) return false;
  }
  return true;
}
