/**
 * The labels of a Loki stream, as text:
 *
 * ```
 * labels = "{" ( label ( "," label )* ","? )? "}"       white space anywhere between
 * label  = name "=" value
 * name   = [a-zA-Z_:.] [a-zA-Z0-9_:./-]*, or a quoted value
 * value  = '"' … '"' or "'" … "'" with Go's escapes, or "`" … "`" without any
 * ```
 */
import { labelLimits } from '../logs/label-limits.ts';

export type ParsedLabels =
  { ok: true; labels: [name: string, value: string][] } | { ok: false; problem: string };

/** Escapes may be four times as long as what they stand for. */
const maxTextLength = 4 * labelLimits.maxLength;

export function parseLabelString(text: string): ParsedLabels {
  if (text.length > maxTextLength) {
    return { ok: false, problem: `expected at most ${maxTextLength} characters of labels` };
  }
  return new LabelString(text).parse();
}

/** A stream as errors name it. */
export function nameStream(labels: string): string {
  return `stream ${labels.length > 200 ? `${labels.slice(0, 200)}…` : labels}`;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

class LabelString {
  readonly #text: string;
  #at = 0;
  #problem: string | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): ParsedLabels {
    const labels: [string, string][] = [];
    this.#expect('{');
    while (this.#problem === null && !this.#skip('}')) {
      const name = this.#name();
      this.#expect('=');
      labels.push([name, this.#value()]);
      if (labels.length > labelLimits.maxCount) {
        this.#problem ??= `expected at most ${labelLimits.maxCount} labels`;
      }
      if (!this.#skip(',') && this.#peek() !== '}') this.#fail('a comma or }');
    }
    if (this.#peek() !== '') this.#fail('nothing behind }');
    return this.#problem === null ? { ok: true, labels } : { ok: false, problem: this.#problem };
  }

  #name(): string {
    if (this.#peek() === '"') return this.#value();
    const name = this.#match(/[a-zA-Z_:.][a-zA-Z0-9_:./-]*/y);
    if (name === '') this.#fail('the name of a label');
    return name;
  }

  #value(): string {
    const quote = this.#peek();
    if (quote !== '"' && quote !== "'" && quote !== '`') {
      this.#fail('a quoted value');
      return '';
    }
    this.#at += 1;
    let value = '';
    for (;;) {
      const plain = quote === '`' ? /[^`]*/y : quote === '"' ? /[^"\\\n]*/y : /[^'\\\n]*/y;
      value += this.#match(plain);
      const next = this.#text[this.#at];
      if (next === quote) {
        this.#at += 1;
        return value;
      }
      if (next !== '\\') {
        this.#fail(`a closing ${quote}`);
        return '';
      }
      const escaped = this.#escape();
      if (escaped === null) return '';
      value += escaped;
    }
  }

  /** What of UTF-8 is written byte by byte (`\xe2\x82\xac`) is joined. */
  #escape(): string | null {
    const bytes = this.#match(/(?:\\x[0-9a-fA-F]{2}|\\[0-3][0-7]{2})+/y);
    if (bytes !== '') {
      const codes = bytes.split('\\').slice(1);
      const numbers = codes.map((code) =>
        code.startsWith('x') ? parseInt(code.slice(1), 16) : parseInt(code, 8),
      );
      return Buffer.from(numbers).toString('utf8');
    }
    const point = this.#match(/\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}/y);
    if (point !== '') {
      const code = parseInt(point.slice(2), 16);
      if (code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)) return String.fromCodePoint(code);
      return this.#fail('a character of Unicode');
    }
    const simple = simpleEscapes[this.#text[this.#at + 1] ?? ''];
    if (simple === undefined) return this.#fail('an escape such as \\n or \\u00e9');
    this.#at += 2;
    return simple;
  }

  /** Passes over white space, then the character if it is next. */
  #skip(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#skip(character)) this.#fail(character);
  }

  /** The next character that is no white space; empty at the end. */
  #peek(): string {
    this.#match(/\s*/y);
    return this.#text[this.#at] ?? '';
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #fail(expected: string): null {
    this.#problem ??= `expected ${expected} at character ${this.#at + 1} of its labels`;
    return null;
  }
}
