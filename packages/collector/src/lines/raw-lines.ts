/**
 * The lines of one block, taken apart: numbers in arrays, texts one behind the other in one buffer.
 * One instance is used again for every block, so that a line costs no object.
 *
 *     texts   line one LF line two LF first part, second part LF …
 *             └ textStart   └ textEnd of line one
 *
 * A text is followed by a line feed unless it is a part of a split line that is not its last: so
 * lines that follow each other are one string, as they were written.
 */
import { limits } from '@plimsoll/model';
import { wordView } from './word-view.ts';

/** Lines looked at in one go: with the limits on their bytes it keeps a payload within a frame. */
export const maxLines = 32 * 1024;

export const streamNames = ['', 'stdout', 'stderr'] as const;
/** Index into {@link streamNames}. */
export type Stream = 0 | 1 | 2;
export const noStream: Stream = 0;
export const stdout: Stream = 1;
export const stderr: Stream = 2;

const lineFeed = 0x0a;
const tab = 0x09;
const escape = 0x01;

export class RawLines {
  count = 0;
  /** In the block: the first byte behind the line and its line end. A line begins where one ended. */
  readonly end = new Int32Array(maxLines);
  /** In `texts`. */
  readonly textStart = new Int32Array(maxLines);
  readonly textEnd = new Int32Array(maxLines);
  /** In the block; both 0 for a line without a time. */
  readonly timeStart = new Int32Array(maxLines);
  readonly timeEnd = new Int32Array(maxLines);
  readonly stream = new Uint8Array(maxLines);
  /** 1: goes on in the next line of its stream. */
  readonly isPart = new Uint8Array(maxLines);
  /** 1: the text has bytes that a record escapes. */
  readonly isSpecial = new Uint8Array(maxLines);
  /** Line feeds within the text. */
  readonly innerLines = new Int32Array(maxLines);
  /**
   * Twice a block: only bytes that are not UTF-8 beside escapes that are can outgrow their line. Half
   * as much again is for texts that have been changed; memory that is never written to costs nothing.
   */
  readonly texts = Buffer.allocUnsafeSlow(3 * limits.maxRecordBytes + 1);
  readonly textWords = wordView(this.texts);
  used = 0;
  /** At least one line is a part. */
  hasParts = false;

  reset(): void {
    this.count = 0;
    this.used = 0;
    this.hasParts = false;
  }

  startOf(line: number): number {
    return line === 0 ? 0 : (this.end[line - 1] ?? 0);
  }

  /** Takes in the line whose text was written to `texts[used, textEnd)`. */
  push(line: {
    end: number;
    textEnd: number;
    stream: Stream;
    isPart: boolean;
    isSpecial: boolean;
    innerLines: number;
    timeStart: number;
    timeEnd: number;
  }): void {
    this.noteTime(line.timeStart, line.timeEnd);
    this.noteText(line.isSpecial, line.innerLines);
    this.noteStream(line.stream, line.isPart);
    this.endLine(line.end, line.textEnd);
  }

  // The same in steps, for who reads very many lines: no object is made. `endLine` comes last.

  noteTime(start: number, end: number): void {
    this.timeStart[this.count] = start;
    this.timeEnd[this.count] = end;
  }

  noteText(isSpecial: boolean, innerLines: number): void {
    this.isSpecial[this.count] = isSpecial ? 1 : 0;
    this.innerLines[this.count] = innerLines;
  }

  noteStream(stream: Stream, isPart: boolean): void {
    this.stream[this.count] = stream;
    this.isPart[this.count] = isPart ? 1 : 0;
  }

  endLine(end: number, textEnd: number): void {
    const index = this.count;
    this.end[index] = end;
    this.textStart[index] = this.used;
    this.textEnd[index] = textEnd;
    this.used = textEnd;
    if (this.isPart[index] === 1) this.hasParts = true;
    else this.texts[this.used++] = lineFeed;
    this.count = index + 1;
  }

  /** A line whose text is the bytes `[from, to)` of the block as they are. */
  pushBytes(
    block: Buffer,
    [from, to]: readonly [number, number],
    line: { end: number; stream: Stream; isPart: boolean; timeStart: number; timeEnd: number },
  ): void {
    block.copy(this.texts, this.used, from, to);
    const textEnd = this.used + to - from;
    const isSpecial = hasSpecial(this.texts, this.used, textEnd);
    this.push({ ...line, textEnd, isSpecial, innerLines: 0 });
  }
}

function hasSpecial(texts: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = texts[at];
    if (byte === tab || byte === escape) return true;
  }
  return false;
}
