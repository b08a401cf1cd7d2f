import { RE2JS, RE2JSException } from 're2js';
import { QueryError } from '../http/api-error.ts';

/**
 * Checks a user's regular expression before any row is read. ClickHouse runs RE2, whose time is
 * linear in the line; re2js has the same syntax and says where it is broken.
 *
 * @throws {QueryError} `invalid_regex` with the position.
 */
export function checkRegex(pattern: string): void {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const position = errorPosition(pattern, error);
    const where = position === undefined ? '' : ` at character ${position + 1}`;
    throw new QueryError(
      'invalid_regex',
      `regex: expected RE2 syntax, got ${reason(error)}${where}`,
      { position },
    );
  }
}

function reason(error: RE2JSException): string {
  return error.message.replace(/^error parsing regexp: /, '').slice(0, 200);
}

/** re2js names the fragment that it could not read; a group without its partner is found here. */
function errorPosition(pattern: string, error: RE2JSException): number | undefined {
  if (error.message.includes('trailing backslash')) return Math.max(0, pattern.length - 1);
  if (/missing closing \)|unexpected \)/.test(error.message)) return unbalancedAt(pattern);
  const fragment = 'input' in error && typeof error.input === 'string' ? error.input : '';
  const at = fragment === '' ? -1 : pattern.lastIndexOf(fragment);
  return at < 0 ? undefined : at;
}

/** Position of the first parenthesis that has no partner, outside classes and escapes. */
function unbalancedAt(pattern: string): number | undefined {
  const open: number[] = [];
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '\\') at++;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') inClass = true;
    else if (character === '(') open.push(at);
    else if (character === ')' && open.pop() === undefined) return at;
  }
  return open.at(-1);
}
