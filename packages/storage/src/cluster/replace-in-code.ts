/** Strings, quoted names and comments. */
const text = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S]|'')*'|`(?:[^`\\]|\\[\s\S])*`/g;

/** `String.replace` with a global pattern, but for what stands in strings, quoted names and comments. */
export function replaceInCode(
  sql: string,
  pattern: RegExp,
  replace: (found: string, groups: Readonly<Record<string, string | undefined>>) => string,
): string {
  let result = '';
  let start = 0;
  const code = (end: number): string =>
    sql.slice(start, end).replace(pattern, (found: string, ...rest: unknown[]) => {
      const groups = rest.at(-1);
      // The last argument of a replacer, for a pattern with named groups.
      return replace(found, (groups ?? {}) as Record<string, string | undefined>);
    });
  for (const match of sql.matchAll(text)) {
    result += code(match.index) + match[0];
    start = match.index + match[0].length;
  }
  return result + code(sql.length);
}
