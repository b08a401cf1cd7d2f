/**
 * The part of RE2's syntax that means the same in JavaScript, as a tree over bytes. Null for a
 * pattern beyond it: flags but a leading `(?i)` or `(?s)`, classes by Unicode, `\Q`, characters
 * beyond ASCII. The pattern is known to be valid.
 */
export type PatternNode =
  | { kind: 'set'; set: ByteSet }
  | { kind: 'sequence'; items: PatternNode[] }
  | { kind: 'choice'; branches: PatternNode[] }
  | { kind: 'repeat'; item: PatternNode; min: number; max: number; isLazy: boolean }
  | { kind: 'assertion'; text: '^' | '$' | '\\b' | '\\B' };

/** One flag for each byte. */
export type ByteSet = Uint8Array;

export function parsePattern(pattern: string): PatternNode | null {
  if (!/^[\x20-\x7e]*$/.test(pattern)) return null;
  const flags = /^\(\?([is]+)\)/.exec(pattern);
  const parser = new PatternParser(pattern, flags?.[0].length ?? 0, {
    ignoresCase: flags?.[1]?.includes('i') ?? false,
    dotIsAll: flags?.[1]?.includes('s') ?? false,
  });
  try {
    return parser.parse();
  } catch (error) {
    if (error instanceof BeyondSubset) return null;
    throw error;
  }
}

class BeyondSubset extends Error {}

const digit = setOf(['0', '9']);
const word = setOf(['0', '9'], ['A', 'Z'], ['a', 'z'], ['_', '_']);
const blank = setOf(['\t', '\n'], ['\f', '\r'], [' ', ' ']);
const classes: Readonly<Record<string, ByteSet>> = {
  d: digit,
  D: complement(digit),
  w: word,
  W: complement(word),
  s: blank,
  S: complement(blank),
};
const letters: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  f: '\f',
  v: '\v',
  a: '\x07',
};

class PatternParser {
  readonly #text: string;
  readonly #options: { ignoresCase: boolean; dotIsAll: boolean };
  #at: number;

  constructor(text: string, at: number, options: { ignoresCase: boolean; dotIsAll: boolean }) {
    this.#text = text;
    this.#at = at;
    this.#options = options;
  }

  parse(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw new BeyondSubset();
    return node;
  }

  #choice(): PatternNode {
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    const [only] = branches;
    return branches.length === 1 && only ? only : { kind: 'choice', branches };
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = [];
    while (this.#at < this.#text.length && this.#peek() !== '|' && this.#peek() !== ')') {
      const item = this.#repeated(this.#atom());
      // Groups only group: what they hold becomes part of the sequence around.
      if (item.kind === 'sequence') items.push(...item.items);
      else items.push(item);
    }
    return { kind: 'sequence', items };
  }

  #repeated(item: PatternNode): PatternNode {
    const bounds = this.#quantifier();
    if (bounds === null) return item;
    if (item.kind === 'assertion') throw new BeyondSubset();
    const isLazy = this.#take('?');
    if (this.#quantifier() !== null) throw new BeyondSubset();
    return { kind: 'repeat', item, ...bounds, isLazy };
  }

  #quantifier(): { min: number; max: number } | null {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    const counted = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#text.slice(this.#at));
    if (!counted) return null;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    const max = !counted[2] ? min : counted[3] ? Number(counted[3]) : Infinity;
    return { min, max };
  }

  #atom(): PatternNode {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return { kind: 'set', set: this.#class() };
    if (this.#take('^')) return { kind: 'assertion', text: '^' };
    if (this.#take('$')) return { kind: 'assertion', text: '$' };
    if (this.#take('.')) {
      const set = new Uint8Array(256).fill(1);
      if (!this.#options.dotIsAll) set[0x0a] = 0;
      return { kind: 'set', set };
    }
    if (this.#take('\\')) return this.#escape();
    return this.#literal(this.#next());
  }

  #group(): PatternNode {
    if (this.#take('?')) {
      const isNamed = /^P?<[A-Za-z_]\w*>/.exec(this.#text.slice(this.#at));
      if (isNamed) this.#at += isNamed[0].length;
      else if (!this.#take(':')) throw new BeyondSubset();
    }
    const node = this.#choice();
    if (!this.#take(')')) throw new BeyondSubset();
    return node;
  }

  #escape(): PatternNode {
    const letter = this.#next();
    if (letter === 'b') return { kind: 'assertion', text: '\\b' };
    if (letter === 'B') return { kind: 'assertion', text: '\\B' };
    if (letter === 'A') return { kind: 'assertion', text: '^' };
    if (letter === 'z') return { kind: 'assertion', text: '$' };
    const known = classes[letter];
    return known ? { kind: 'set', set: known } : this.#literal(this.#escapedCharacter(letter));
  }

  #escapedCharacter(letter: string): string {
    const known = letters[letter];
    if (known !== undefined) return known;
    if (letter === 'x') {
      const hex = /^([0-7][0-9A-Fa-f])/.exec(this.#text.slice(this.#at))?.[1];
      if (hex === undefined) throw new BeyondSubset();
      this.#at += hex.length;
      return String.fromCharCode(parseInt(hex, 16));
    }
    if (/[A-Za-z0-9]/.test(letter)) throw new BeyondSubset();
    return letter;
  }

  #class(): ByteSet {
    const isNegated = this.#take('^');
    const set = new Uint8Array(256);
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      // `[:alpha:]` and its like.
      if (this.#text.startsWith('[:', this.#at)) throw new BeyondSubset();
      const from = this.#classItem();
      if (typeof from !== 'string') {
        for (const [byte, has] of from.entries()) if (has) set[byte] = 1;
        continue;
      }
      const isRange = this.#peek() === '-' && this.#text[this.#at + 1] !== ']';
      if (isRange) this.#at += 1;
      const to = isRange ? this.#classItem() : from;
      if (typeof to !== 'string') throw new BeyondSubset();
      set.fill(1, from.charCodeAt(0), to.charCodeAt(0) + 1);
    }
    this.#at += 1;
    if (this.#options.ignoresCase) foldCase(set);
    return isNegated ? complement(set) : set;
  }

  /** A character, or a class within a class. */
  #classItem(): string | ByteSet {
    if (!this.#take('\\')) return this.#next();
    const letter = this.#next();
    return classes[letter] ?? this.#escapedCharacter(letter);
  }

  #literal(character: string): PatternNode {
    const set = new Uint8Array(256);
    set[character.charCodeAt(0)] = 1;
    if (this.#options.ignoresCase) foldCase(set);
    return { kind: 'set', set };
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #next(): string {
    const character = this.#text[this.#at];
    if (character === undefined) throw new BeyondSubset();
    this.#at += 1;
    return character;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}

function setOf(...ranges: readonly (readonly [string, string])[]): ByteSet {
  const set = new Uint8Array(256);
  for (const [from, to] of ranges) set.fill(1, from.charCodeAt(0), to.charCodeAt(0) + 1);
  return set;
}

function complement(set: ByteSet): ByteSet {
  return set.map((has) => 1 - has);
}

function foldCase(set: ByteSet): void {
  for (let upper = 0x41; upper <= 0x5a; upper += 1) {
    const has = set[upper] === 1 || set[upper + 0x20] === 1 ? 1 : 0;
    set[upper] = has;
    set[upper + 0x20] = has;
  }
}
