/**
 * Replaces what fits a pattern, before it leaves the host. Texts are one character for each byte.
 * The number of line feeds never changes: a replaced text of three lines is the replacement and two
 * empty lines. Patterns are applied one after the other; each sees what the ones before have left.
 */
import { isAscii } from 'node:buffer';
import { limits } from '@plimsoll/model';
import type { MatchRange, Pattern } from './pattern/pattern.ts';

export interface RedactRule {
  pattern: Pattern;
  replacement: string;
}

/** By how many bytes replacements may lengthen the records of one block; then they are left out. */
const maxGrowthBytes = limits.maxRecordBytes;

export class Redactor {
  readonly #rules: readonly (RedactRule & { isAscii: boolean })[];
  #growthBytes = 0;

  constructor(rules: readonly RedactRule[]) {
    this.#rules = rules.map(({ pattern, replacement }) => {
      // A line feed in it would be one line more.
      const bytes = Buffer.from(replacement.replaceAll('\n', ' '), 'utf8');
      return { pattern, replacement: bytes.toString('latin1'), isAscii: isAscii(bytes) };
    });
  }

  /** Another block: its growth is counted anew. */
  reset(): void {
    this.#growthBytes = 0;
  }

  /** No match goes beyond a line or looks beyond it, so lines of any records can be one text. */
  get staysInLine(): boolean {
    return this.#rules.every(({ pattern }) => pattern.staysInLine);
  }

  /** Replacements may bring a byte that a record has to escape. */
  get isSpecial(): boolean {
    return this.#rules.some(
      ({ replacement }) => replacement.includes('\t') || replacement.includes('\u0001'),
    );
  }

  /** Some replacement was left out, as all of them together were too long. */
  get isOverGrown(): boolean {
    return this.#growthBytes > maxGrowthBytes;
  }

  /**
   * Of many lines what {@link redact} makes of each record, as long as {@link staysInLine}; null where
   * the whole could be another than its parts, as some of them are read as bytes and some as characters.
   */
  redactLines(text: string, isAsciiOnly: boolean): string | null {
    let left = text;
    let isPlain = isAsciiOnly;
    for (const { pattern, replacement, isAscii: isAsciiReplacement } of this.#rules) {
      if (!isPlain && !pattern.isByteExact) return null;
      const before = left;
      left = pattern.replace(before, (match) => this.#replaced(match, replacement));
      if (left !== before) isPlain &&= isAsciiReplacement;
    }
    return left;
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

  #replaced(match: string, replacement: string): string {
    const lineFeeds = match.includes('\n') ? '\n'.repeat(match.split('\n').length - 1) : '';
    this.#growthBytes += Math.max(0, replacement.length + lineFeeds.length - match.length);
    return this.#growthBytes > maxGrowthBytes ? lineFeeds : replacement + lineFeeds;
  }
}

function isAcross({ start, end }: MatchRange, cut: number): boolean {
  return start < cut && end > cut;
}
