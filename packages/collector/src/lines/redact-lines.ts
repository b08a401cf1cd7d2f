/**
 * Redacts the lines of a block in large pieces of text, which costs a fraction of looking at each
 * record. It gives what {@link Redactor.redact} gives for each record, or does nothing at all: where a
 * match may go beyond a line, where bytes and characters differ, where there is not enough room.
 *
 * Records with a part of a split line are left out: a match in them may go over from part to part, and
 * what the parts of a changed text are is known by its marks only.
 */
import { isAscii } from 'node:buffer';
import type { LineGroups } from './group-lines.ts';
import { maxLines, type RawLines } from './raw-lines.ts';
import type { Redactor } from './redactor.ts';

/** Strings of this length die young; those over 128 KiB wait for a collection of all garbage. */
const pieceBytes = 64 * 1024;

export class LineRedaction {
  /** 1 for lines of records with parts. */
  readonly #isLeftOut = new Uint8Array(maxLines);
  readonly #textStart = new Int32Array(maxLines);
  readonly #textEnd = new Int32Array(maxLines);
  #isDone = false;
  #room = 0;

  /** Redacts the texts of the lines before the cut; those that have changed stand behind the others. */
  redact(redactor: Redactor, block: { lines: RawLines; groups: LineGroups; cut: number }): void {
    const { lines, groups, cut } = block;
    redactor.reset();
    this.#markLeftOut(lines, groups);
    this.#isDone = redactor.staysInLine && this.#redactPieces(redactor, lines, cut);
    if (!this.#isDone) {
      redactor.reset();
      return;
    }
    lines.textStart.set(this.#textStart.subarray(0, cut));
    lines.textEnd.set(this.#textEnd.subarray(0, cut));
    if (redactor.isSpecial) lines.isSpecial.fill(1, 0, cut);
  }

  /** Whether the record that begins with this line still has to be redacted. */
  isDue(line: number): boolean {
    return !this.#isDone || this.#isLeftOut[line] === 1;
  }

  #markLeftOut(lines: RawLines, groups: LineGroups): void {
    this.#isLeftOut.fill(0, 0, lines.count);
    if (!lines.hasParts) return;
    for (let group = 0; group < groups.count; group += 1) {
      const first = groups.first[group] ?? 0;
      let hasParts = 0;
      for (let line = first; line >= 0; line = groups.next[line] ?? -1) {
        hasParts |= lines.isPart[line] ?? 0;
      }
      if (hasParts === 0) continue;
      for (let line = first; line >= 0; line = groups.next[line] ?? -1) this.#isLeftOut[line] = 1;
    }
  }

  #redactPieces(redactor: Redactor, lines: RawLines, cut: number): boolean {
    const isAsciiOnly = isAscii(lines.texts.subarray(0, lines.used));
    this.#room = lines.used;
    for (let first = 0; first < cut;) {
      const end = this.#endOfPiece(lines, first, cut);
      const start = lines.textStart[first] ?? 0;
      const textEnd = lines.textEnd[end - 1] ?? 0;
      const isLeftOut = this.#isLeftOut[first] === 1;
      const text = isLeftOut ? '' : lines.texts.toString('latin1', start, textEnd);
      const redacted = redactor.redactLines(text, isAsciiOnly);
      if (redacted === null || redactor.isOverGrown) return false;
      if (redacted === text) this.#keep(lines, first, end);
      else if (!this.#place(redacted, lines, [first, end])) return false;
      first = end;
    }
    return true;
  }

  /** Behind the last line of the piece that begins with `first`. */
  #endOfPiece(lines: RawLines, first: number, cut: number): number {
    const isLeftOut = this.#isLeftOut[first] === 1;
    const limit = (lines.textStart[first] ?? 0) + pieceBytes;
    let line = first + 1;
    while (
      line < cut &&
      (lines.textEnd[line] ?? 0) <= limit &&
      (this.#isLeftOut[line] === 1) === isLeftOut
    ) {
      line += 1;
    }
    return line;
  }

  #keep(lines: RawLines, first: number, end: number): void {
    this.#textStart.set(lines.textStart.subarray(first, end), first);
    this.#textEnd.set(lines.textEnd.subarray(first, end), first);
  }

  /** Puts a changed piece behind all texts; it has as many line feeds as before. */
  #place(text: string, lines: RawLines, [first, end]: readonly [number, number]): boolean {
    if (this.#room + text.length > lines.texts.length) return false;
    const room = this.#room;
    lines.texts.write(text, room, 'latin1');
    let at = 0;
    for (let line = first; line < end; line += 1) {
      this.#textStart[line] = room + at;
      let behind = text.indexOf('\n', at);
      for (let inner = lines.innerLines[line] ?? 0; inner > 0; inner -= 1) {
        behind = text.indexOf('\n', behind + 1);
      }
      if (behind < 0) behind = text.length;
      this.#textEnd[line] = room + behind;
      at = behind + 1;
    }
    this.#room = room + text.length;
    return true;
  }
}
