/**
 * What a user types into the search field:
 *
 * ```
 * query  = *( space / term )
 * term   = [ "-" ] ( word / phrase ) / "=" word
 * phrase = DQUOTE *( character / "\" DQUOTE ) DQUOTE     an unclosed quote runs to the end
 * ```
 *
 * Every term must occur in the line, `-` terms must not; case does not matter and a word is a
 * substring: `foo` finds `foobar`. `=foo` is the whole word as it is written: that is what the
 * index of words can answer without reading every line.
 */
export interface TextQuery {
  include: string[];
  exclude: string[];
  /** Whole words, or several with what stands between them. */
  words: string[];
}

const term = /(-?)(?:"((?:\\.|[^"\\])*)(?:"|\\?$)|(\S+))/gsy;

/** Never fails: any text is a query. Repeated terms count once. */
export function parseTextQuery(text: string): TextQuery {
  const include = new Set<string>();
  const exclude = new Set<string>();
  const words = new Set<string>();
  const pattern = new RegExp(term);
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] ?? '')) {
      at++;
      continue;
    }
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match || match[0] === '') break;
    at = pattern.lastIndex;
    const phrase = match[2]?.replace(/\\(["\\])/g, '$1');
    const word = phrase ?? match[3] ?? '';
    if (word === '') continue;
    if (match[1] === '-') exclude.add(word);
    else if (phrase === undefined && /^=.*[a-z0-9\u0080-\uffff]/i.test(word))
      words.add(word.slice(1));
    else include.add(word);
  }
  return { include: [...include], exclude: [...exclude], words: [...words] };
}
