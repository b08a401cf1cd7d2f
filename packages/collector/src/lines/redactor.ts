/**
 * Replaces what fits a pattern, before it leaves the host. Texts are one character for each byte.
 * The number of line feeds never changes: a replaced text of three lines is the replacement and two
 * empty lines. Patterns are applied one after the other; each sees what the ones before have left.
 */
import { isAscii } from 'node:buffer';
import { limits } from '@plimsoll/model';
import type { MatchRange, Pattern } from './pattern/pattern.ts';
import type { RawLines } from './raw-lines.ts';

export interface RedactRule {
  pattern: Pattern;
  replacement: string;
}

/** By how many bytes replacements may lengthen the records of one block; then they are left out. */
const maxGrowthBytes = limits.maxRecordBytes;

export class Redactor {
  readonly #rules: readonly RedactRule[];
  /** 1 for each line in which something was found. */
  readonly #found: Uint8Array;
  #mustLookAtEach = true;
  #growthBytes = 0;

  constructor(rules: readonly RedactRule[], maxLines: number) {
    this.#rules = rules.map(({ pattern, replacement }) => ({
      pattern,
      // A line feed in it would be one line more.
      replacement: Buffer.from(replacement.replaceAll('\n', ' '), 'utf8').toString('latin1'),
    }));
    this.#found = new Uint8Array(maxLines);
  }

  /** Looks through a whole block at once, which costs far less than line by line. */
  look(lines: RawLines, text: string): void {
    this.#growthBytes = 0;
    this.#found.fill(0, 0, lines.count);
    const isAsciiOnly = isAscii(lines.texts.subarray(0, lines.used));
    this.#mustLookAtEach = !this.#rules.every(
      ({ pattern }) => pattern.staysInLine && (isAsciiOnly || pattern.isByteExact),
    );
    if (this.#mustLookAtEach) return;
    for (const { pattern } of this.#rules) this.#markLines(pattern, lines, text);
  }

  /** False where the line is known to hold nothing to be replaced, as long as it is whole. */
  isSuspect(line: number): boolean {
    return this.#mustLookAtEach || this.#found[line] === 1;
  }

  /** @param marks places in the text, moved as {@link Pattern.replace} does */
  redact(text: string, marks: number[]): string {
    return this.#rules.reduce(
      (left, { pattern, replacement }) =>
        pattern.replace(left, (match) => this.#replaced(match, replacement), marks),
      text,
    );
  }

  /**
   * The last place up to `before` that no match lies across; where there is none, the end of the
   * first match that lies across all of them.
   */
  safeCut(text: string, before: number): number {
    const matches = this.#rules
      .flatMap(({ pattern }) => [...pattern.ranges(text)])
      .sort((a, b) => b.end - a.end);
    let cut = before;
    for (const match of matches) if (isAcross(match, cut)) cut = match.start;
    if (cut > 0) return cut;
    return matches.reduce((end, match) => (isAcross(match, before) ? match.end : end), before);
  }

  #markLines(pattern: Pattern, lines: RawLines, text: string): void {
    let line = 0;
    let from = 0;
    for (;;) {
      const match = pattern.findNative(text, from);
      if (match === null) return;
      while ((lines.textEnd[line] ?? Infinity) < match.end) line += 1;
      this.#found[line] = 1;
      from = Math.max(match.end, lines.textEnd[line] ?? 0);
    }
  }

  #replaced(match: string, replacement: string): string {
    const lineFeeds = match.includes('\n') ? '\n'.repeat(match.split('\n').length - 1) : '';
    this.#growthBytes += Math.max(0, replacement.length + lineFeeds.length - match.length);
    return this.#growthBytes > maxGrowthBytes ? lineFeeds : replacement + lineFeeds;
  }
}

function isAcross({ start, end }: MatchRange, cut: number): boolean {
  return start < cut && end > cut;
}
