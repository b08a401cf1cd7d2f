/** Whether a line goes on with the record before, and how long a record may become. */
import type { Pattern } from './pattern/pattern.ts';
import type { RawLines } from './raw-lines.ts';

export interface JoinRuleOptions {
  /** A line goes on that does not fit `start` and does fit `goesOn`; null: not asked. */
  start: Pattern | null;
  goesOn: Pattern | null;
  maxLines: number;
  /** Of the file from the first line's beginning to the last one's end. */
  maxBytes: number;
}

export class JoinRule {
  readonly maxLines: number;
  readonly maxBytes: number;
  readonly #start: Pattern | null;
  readonly #goesOn: Pattern | null;

  constructor({ start, goesOn, maxLines, maxBytes }: JoinRuleOptions) {
    this.#start = start;
    this.#goesOn = goesOn;
    this.maxLines = maxLines;
    this.maxBytes = maxBytes;
  }

  continues(lines: RawLines, line: number): boolean {
    if (this.#start !== null && fits(this.#start, lines, line)) return false;
    return this.#goesOn === null || fits(this.#goesOn, lines, line);
  }
}

function fits(pattern: Pattern, lines: RawLines, line: number): boolean {
  const from = lines.textStart[line] ?? 0;
  const to = lines.textEnd[line] ?? 0;
  return (
    pattern.automaton?.test(lines.texts, from, to) ??
    pattern.test(lines.texts.toString('latin1', from, to))
  );
}
