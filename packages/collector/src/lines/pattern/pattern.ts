/**
 * A pattern in RE2's syntax, over texts of one character for each byte. It is looked for in a time
 * proportional to the text whatever it is: with JavaScript's own RegExp where that is shown to be
 * so (see `is-linear.ts`; 1 to 4 GB/s), and else with RE2's automata (100 to 1,000 MB/s where
 * nothing fits, 10 where something does).
 */
import { RE2JS } from 're2js';
import { isLinear } from './is-linear.ts';
import { LineAutomaton } from './line-automaton.ts';
import { nativeSource } from './native-source.ts';
import { parsePattern, type PatternNode } from './parse-pattern.ts';
import { staysInLine } from './stays-in-line.ts';

/** Longest pattern that is taken. */
const maxPatternLength = 4096;

export class PatternError extends Error {
  override readonly name = 'PatternError';
}

export interface MatchRange {
  start: number;
  end: number;
}

export class Pattern {
  readonly source: string;
  /** See {@link staysInLine}; only of a pattern that is native. */
  readonly staysInLine: boolean;
  readonly #native: RegExp | null;
  readonly #re2: RE2JS;
  readonly #makeAutomaton: () => LineAutomaton | null;
  /** Made when it is asked for first: most patterns are looked for in another way. */
  #automaton: { made: LineAutomaton | null } | null = null;
  /** Means the same for bytes as for characters. */
  readonly isByteExact: boolean;

  /** @throws {PatternError} naming the pattern and what is wrong with it */
  static compile(source: string): Pattern {
    if (source.length > maxPatternLength) {
      throw new PatternError(
        `pattern: expected at most ${maxPatternLength} characters, got ${source.length}`,
      );
    }
    try {
      return new Pattern(source, RE2JS.compile(source));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PatternError(
        `pattern ${JSON.stringify(source)}: expected RE2 syntax (${reason}); there is no look-around and no back-reference`,
      );
    }
  }

  private constructor(source: string, re2: RE2JS) {
    this.source = source;
    this.#re2 = re2;
    const tree = parsePattern(source);
    this.isByteExact = tree !== null && isByteExact(tree);
    this.#native = tree !== null && isLinear(tree) ? new RegExp(nativeSource(tree), 'g') : null;
    const isNative = tree !== null && this.#native !== null;
    this.staysInLine = isNative && staysInLine(tree);
    this.#makeAutomaton = () => (isNative ? LineAutomaton.of(tree, this.isByteExact) : null);
  }

  /** Says the same as {@link test} where it says something; only of a pattern that is native. */
  get automaton(): LineAutomaton | null {
    this.#automaton ??= { made: this.#makeAutomaton() };
    return this.#automaton.made;
  }

  /** Whether RegExp is used. */
  get isNative(): boolean {
    return this.#native !== null;
  }

  test(text: string): boolean {
    if (this.#needsCharacters(text)) return this.#re2.test(toCharacters(text));
    if (this.#native === null) return this.#re2.test(text);
    this.#native.lastIndex = 0;
    return this.#native.test(text);
  }

  /** Where the first match behind `from` is that is not empty; only of a pattern that is native. */
  findNative(text: string, from: number): MatchRange | null {
    const native = this.#native;
    if (native === null) return null;
    native.lastIndex = from;
    for (;;) {
      const match = native.exec(text);
      if (match === null) return null;
      if (match[0] !== '') return { start: match.index, end: native.lastIndex };
      native.lastIndex += 1;
    }
  }

  /**
   * The text with every match replaced that is not empty; the text itself without one.
   *
   * @param marks ascending places in the text; moved with what is around them, and to the beginning
   *   of the replacement of what they are within
   */
  replace(text: string, replacement: (match: string) => string, marks: number[] = []): string {
    if (this.#needsCharacters(text)) return this.#replaceCharacters(text, replacement, marks);
    if (this.#native !== null && marks.length === 0) {
      return text.replace(this.#native, (match) => (match === '' ? '' : replacement(match)));
    }
    if (!this.test(text)) return text;
    return replaceRanges(text, this.ranges(text), { replacement, marks });
  }

  #replaceCharacters(
    text: string,
    replacement: (match: string) => string,
    marks: number[],
  ): string {
    const characters = toCharacters(text);
    if (!this.#re2.test(characters)) return text;
    for (const [index, mark] of marks.entries()) {
      marks[index] = toCharacters(text.slice(0, mark)).length;
    }
    const replaced = replaceRanges(characters, this.#re2Ranges(characters), {
      replacement: (match) => toCharacters(replacement(toBytes(match))),
      marks,
    });
    for (const [index, mark] of marks.entries()) {
      marks[index] = toBytes(replaced.slice(0, mark)).length;
    }
    return toBytes(replaced);
  }

  /** Every match that is not empty, in bytes; of a text that is looked at as characters none. */
  *ranges(text: string): Generator<MatchRange> {
    if (this.#native === null) {
      yield* this.#re2Ranges(text);
      return;
    }
    let from = 0;
    for (;;) {
      const match = this.findNative(text, from);
      if (match === null) return;
      yield match;
      from = match.end;
    }
  }

  *#re2Ranges(text: string): Generator<MatchRange> {
    const matcher = this.#re2.matcher(text);
    while (matcher.find()) {
      if (matcher.end() > matcher.start()) yield { start: matcher.start(), end: matcher.end() };
    }
  }

  #needsCharacters(text: string): boolean {
    return !this.isByteExact && beyondAscii.test(text);
  }
}

const beyondAscii = /[\x80-\xff]/;

function toCharacters(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function replaceRanges(
  text: string,
  ranges: Iterable<MatchRange>,
  { replacement, marks }: { replacement: (match: string) => string; marks: number[] },
): string {
  const parts: string[] = [];
  let from = 0;
  let length = 0;
  let mark = 0;
  const moveMarks = (end: number, to: (mark: number) => number): void => {
    for (; (marks[mark] ?? Infinity) < end; mark += 1) marks[mark] = to(marks[mark] ?? 0);
  };
  for (const { start, end } of ranges) {
    const replaced = replacement(text.slice(start, end));
    const moved = length - from;
    moveMarks(start, (place) => place + moved);
    length += start - from;
    const begin = length;
    moveMarks(end, () => begin);
    parts.push(text.slice(from, start), replaced);
    length += replaced.length;
    from = end;
  }
  if (from === 0) return text;
  const moved = length - from;
  moveMarks(Infinity, (place) => place + moved);
  parts.push(text.slice(from));
  return parts.join('');
}

/** False where a set of more than ASCII is counted: it may stand for a byte or for a character. */
function isByteExact(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
      return node.set[0x80] !== 1;
    case 'assertion':
      return true;
    case 'sequence':
      return node.items.every(isByteExact);
    case 'choice':
      return node.branches.every(isByteExact);
    case 'repeat': {
      const takesAll = node.max === Infinity && node.min <= 1 && !node.isLazy;
      return (takesAll && node.item.kind === 'set') || isByteExact(node.item);
    }
    default:
      return node satisfies never;
  }
}
