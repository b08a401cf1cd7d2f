/**
 * A line of Docker's json-file log: `{"log":"…","stream":"stdout","time":"…"}`, `attrs` perhaps
 * before the time. A line that has exactly this form is read once, four bytes at a time, for a
 * fraction of what parsing JSON costs; any other goes to {@link parseOtherJson}.
 *
 * Bytes that are not UTF-8 stay what they are. A log that does not end in `\n` is a part.
 */
import { noStream, stderr, stdout, type RawLines, type Stream } from '../raw-lines.ts';
import { decodeEscape, escaped } from './json-escape.ts';
import { parseOtherJson } from './other-json.ts';
import { wordView, type WordView } from '../word-view.ts';
import { isTime, maxTimeBytes } from './time.ts';

const quote = 0x22;
const backslash = 0x5c;
const lineFeed = 0x0a;
const tab = 0x09;
const escape = 0x01;
const openingBrace = 0x7b;
const closingBrace = 0x7d;

// Eight bytes each; the keys of the stream's name overlap.
const head = wordsOf('{"log":"');
/** What stands between the quote that ends the log and the time, by its distance from the quote. */
const streamKey = [wordsOf('","strea'), wordsOf('tream":"')] as const;
const streamOut = wordsOf('stdout",');
const streamErr = wordsOf('stderr",');
const timeKey = wordsOf('"time":"');
const attrsKey = wordsOf('"attrs":');
const headBytes = 8;
const streamAt = 12;
const keyAt = 20;
const tailBytes = 28;
/** Behind the log of a line that is whole: longer than an escape, so that none is looked for beyond. */
const leastTailBytes = tailBytes + 3;
const lastTimeKey = Buffer.from(',"time":"');

/** Reads the lines of one block after the other. Kept: V8 forgets what it compiled for objects that are gone. */
export class DockerJsonReader {
  readonly #lines: RawLines;
  #block: Buffer;
  #words: DataView;
  // Of the log that was read last.
  #textEnd = 0;
  #lineFeeds = 0;
  #isSpecial = false;

  constructor(lines: RawLines) {
    this.#lines = lines;
    const none = wordView(Buffer.alloc(0));
    this.#block = none.bytes;
    this.#words = none.words;
  }

  /** The lines that are read next are those of this block. */
  begin({ bytes, words }: WordView): void {
    this.#block = bytes;
    this.#words = words;
  }

  /**
   * The common case, without looking for the line's end first.
   *
   * @returns where the next line begins; 0: nothing was read, {@link readRange} is to be asked
   */
  read(start: number): number {
    const logEnd = this.#readLog(start);
    if (logEnd < 0 || !this.#hasKey(timeKey, logEnd)) return 0;
    const stream = this.#streamBehind(logEnd);
    const timeStart = logEnd + tailBytes;
    const timeEnd = this.#endOfTime(timeStart);
    if (stream === noStream || timeEnd < 0) return 0;
    this.#lines.noteTime(timeStart, timeEnd);
    this.#endLine(stream, timeEnd + 3);
    return timeEnd + 3;
  }

  /** A line of any content. */
  readRange(range: readonly [number, number]): void {
    const [start, end] = range;
    const block = this.#block;
    const timeEnd = (block[end - 1] === lineFeed ? end - 1 : end) - 2;
    const isClosed = block[timeEnd] === quote && block[timeEnd + 1] === closingBrace;
    const logEnd = isClosed ? this.#readLog(start) : -1;
    const stream = logEnd < 0 ? noStream : this.#streamBehind(logEnd);
    const timeStart = stream === noStream ? timeEnd : this.#startOfTime(logEnd, timeEnd);
    if (!isTime(block, timeStart, timeEnd)) {
      parseOtherJson(block, range, this.#lines);
      return;
    }
    this.#lines.noteTime(timeStart, timeEnd);
    this.#endLine(stream, end);
  }

  /**
   * Decodes the log of the line that begins at `start` behind what `texts` holds.
   *
   * @returns where its closing quote stands; -1 when there is none
   */
  #readLog(start: number): number {
    if (start + headBytes > this.#block.length || !isAt(this.#words, start, head)) return -1;
    const block = this.#block;
    const words = this.#words;
    const { texts } = this.#lines;
    const textWords = this.#lines.textWords.words;
    const last = block.length - leastTailBytes;
    let at = start + headBytes;
    let to = this.#lines.used;
    let lineFeeds = 0;
    let isSpecial = false;
    while (at <= last) {
      const word = words.getInt32(at, true);
      // What is too much of it is written over.
      textWords.setInt32(to, word, true);
      const found = findSpecial(word);
      if (found === 0) {
        at += 4;
        to += 4;
        continue;
      }
      const ordinary = (31 - Math.clz32(found & -found)) >> 3;
      at += ordinary;
      to += ordinary;
      let byte = block[at] ?? 0;
      let width = 1;
      if (byte === quote) {
        this.#textEnd = to;
        this.#lineFeeds = lineFeeds;
        this.#isSpecial = isSpecial;
        return at;
      }
      if (byte === lineFeed) return -1;
      if (byte === backslash) {
        byte = escaped[block[at + 1] ?? 0] ?? 0;
        at += 1;
        if (byte === 0) {
          width = decodeEscape(block, at, { texts, to });
          if (width === 0) return -1;
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
    return -1;
  }

  /** Whether the stream stands behind the log, and then the key of the time or the attributes. */
  #hasKey(key: WordPair, logEnd: number): boolean {
    const words = this.#words;
    return (
      logEnd + tailBytes <= this.#block.length &&
      isAt(words, logEnd + keyAt, key) &&
      isAt(words, logEnd, streamKey[0]) &&
      isAt(words, logEnd + 4, streamKey[1])
    );
  }

  #streamBehind(logEnd: number): Stream {
    if (logEnd + tailBytes > this.#block.length) return noStream;
    if (isAt(this.#words, logEnd + streamAt, streamOut)) return stdout;
    return isAt(this.#words, logEnd + streamAt, streamErr) ? stderr : noStream;
  }

  /** Where the time ends that `"}` and a line feed follow; -1 when it is none. */
  #endOfTime(start: number): number {
    const block = this.#block;
    const words = this.#words;
    const last = block.length - 3;
    let at = start;
    while (at < last && areTime(words.getInt32(at, true))) at += 4;
    while (at < last && isTimeByte(block[at] ?? 0)) at += 1;
    if (at === start || at > last || at - start > maxTimeBytes) return -1;
    const isEnd = block[at] === quote && block[at + 1] === closingBrace;
    return isEnd && block[at + 2] === lineFeed ? at : -1;
  }

  /** Where the time begins that ends there; its end when there is none. */
  #startOfTime(logEnd: number, timeEnd: number): number {
    if (this.#hasKey(timeKey, logEnd)) return logEnd + tailBytes;
    const block = this.#block;
    if (!this.#hasKey(attrsKey, logEnd) || block[logEnd + tailBytes] !== openingBrace) {
      return timeEnd;
    }
    let at = timeEnd - 1;
    while (at > logEnd + tailBytes && block[at] !== quote) at -= 1;
    const key = at + 1 - lastTimeKey.length;
    return lastTimeKey.equals(block.subarray(key, at + 1)) ? at + 1 : timeEnd;
  }

  /** Of the log that was read last. */
  #endLine(stream: Stream, end: number): void {
    const lines = this.#lines;
    const textEnd = this.#textEnd;
    const isPart = lines.texts[textEnd - 1] !== lineFeed || textEnd === lines.used;
    const innerLines = this.#lineFeeds - (isPart ? 0 : 1);
    lines.noteText(this.#isSpecial || innerLines > 0, innerLines);
    lines.noteStream(stream, isPart);
    lines.endLine(end, isPart ? textEnd : textEnd - 1);
  }
}

/**
 * Not 0 when one of the four bytes is a quote, a backslash or a control character; the lowest bit set
 * is then the highest of the first of these. Of a byte that is 0, the lowest of all, subtracting 1
 * borrows: that is how it is found.
 */
function findSpecial(word: number): number {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  const found =
    ((quotes - 0x01010101) & ~quotes) |
    ((backslashes - 0x01010101) & ~backslashes) |
    ((word - 0x20202020) & ~word);
  return found & 0x80808080;
}

/** Whether all four bytes are {@link isTimeByte}: neither addition carries over for bytes of ASCII. */
function areTime(word: number): boolean {
  const above = word | (word + 0x25252525);
  return ((above | ~(word + 0x55555555)) & 0x80808080) === 0;
}

/** As isTime has it. */
function isTimeByte(byte: number): boolean {
  return byte >= 0x2b && byte <= 0x5a;
}

/** Eight bytes. */
interface WordPair {
  first: number;
  second: number;
}

function wordsOf(text: string): WordPair {
  const bytes = Buffer.from(text);
  return { first: bytes.readInt32LE(0), second: bytes.readInt32LE(4) };
}

function isAt(words: DataView, at: number, { first, second }: WordPair): boolean {
  return words.getInt32(at, true) === first && words.getInt32(at + 4, true) === second;
}
