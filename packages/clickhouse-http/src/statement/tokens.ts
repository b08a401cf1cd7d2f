/** The words of a statement, as ClickHouse's lexer cuts them; comments and blanks are left out. */
export interface Token {
  kind: 'word' | 'quoted' | 'string' | 'number' | 'sign';
  /** As written. */
  text: string;
  /** UTF-16 offsets: of the first character, and behind the last. */
  start: number;
  end: number;
}

const blank = /(?:\s+|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?(?:\*\/|$))+/y;
const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['word', /[A-Za-z_][A-Za-z0-9_$]*/y],
  ['quoted', /`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*"/y],
  ['string', /'(?:[^'\\]|\\[\s\S]|'')*'|\$(\w*)\$[\s\S]*?\$\1\$/y],
  ['number', /\d[\w.]*(?:(?<=[eEpP])[+-]\d+)?/y],
  ['sign', /[\s\S]/y],
];

/** Cuts one by one, so that who needs the first few need not wait for the rest. */
export function* tokens(text: string, from = 0): Generator<Token, void, undefined> {
  let at = from;
  while (at < text.length) {
    blank.lastIndex = at;
    if (blank.test(text)) {
      at = blank.lastIndex;
      continue;
    }
    const token = tokenAt(text, at);
    yield token;
    at = token.end;
  }
}

export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase());
}

export function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign;
}

/** The name that an identifier stands for; null when the token is none. */
export function identifierOf(token: Token | undefined): string | null {
  if (token?.kind === 'word') return token.text;
  return token?.kind === 'quoted' ? unquote(token.text) : null;
}

/** The value of a literal as text: of a string without its quotes; null when it is none. */
export function literalOf(token: Token | undefined): string | null {
  if (token?.kind === 'number') return token.text;
  if (token?.kind !== 'string' || token.text.startsWith('$')) return null;
  return unquote(token.text);
}

export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  '0': '\0',
  a: '\x07',
  v: '\v',
};

function unquote(text: string): string {
  const quote = text.charAt(0);
  return text
    .slice(1, -1)
    .replace(/\\([\s\S])|(['"`])\2/g, (found, escaped: string | undefined, doubled?: string) => {
      if (doubled !== undefined) return doubled === quote ? quote : found;
      return escapes[escaped ?? ''] ?? escaped ?? '';
    });
}

function tokenAt(text: string, at: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    if (pattern.test(text)) {
      const end = pattern.lastIndex;
      return { kind, text: text.slice(at, end), start: at, end };
    }
  }
  return { kind: 'sign', text: text.charAt(at), start: at, end: at + 1 };
}
