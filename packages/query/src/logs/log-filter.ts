/** Which lines a request is about, and the SQL condition that says so. Values are parameters only. */
import type { Severity } from '@plimsoll/model';
import type { SqlParameter } from '@plimsoll/storage';
import { serviceIn } from './service-name.ts';
import type { TextQuery } from './text-query.ts';

export interface LogFilter {
  text: TextQuery;
  /** RE2, checked. */
  regex: string | null;
  container_id: readonly string[];
  container: readonly string[];
  service: readonly string[];
  image: readonly string[];
  host: readonly string[];
  stream: readonly string[];
  severity: readonly Severity[];
}

export interface SqlCondition {
  /** Joined by AND by whoever uses them; each is a whole expression. */
  conditions: string[];
  params: Record<string, SqlParameter>;
}

const columns = {
  container_id: 'container_id',
  container: 'container_name',
  image: 'image',
  host: 'host',
  stream: 'stream',
  severity: 'severity',
} as const;

/** Cheap conditions first; those that read the message last. */
export function filterConditions(filter: LogFilter, tenant: string): SqlCondition {
  const conditions = ['tenant = {tenant:String}'];
  const params: Record<string, SqlParameter> = { tenant };
  for (const [name, column] of Object.entries(columns)) {
    const values = filter[name as keyof typeof columns];
    if (values.length === 0) continue;
    conditions.push(`${column} IN {f_${name}:Array(String)}`);
    params[`f_${name}`] = [...values];
  }
  if (filter.service.length > 0) {
    conditions.push(serviceIn('f_service'));
    params['f_service'] = [...filter.service];
  }
  addText(filter.text, conditions, params);
  if (filter.regex !== null) {
    conditions.push('match(message, {f_regex:String})');
    params['f_regex'] = filter.regex;
  }
  return { conditions, params };
}

/** `[fromNs, toNs)` over the nanosecond column, as text because JavaScript numbers end at 2^53. */
export function timeCondition(fromMs: number, toMs: number): SqlCondition {
  return {
    conditions: [
      'time >= fromUnixTimestamp64Nano({from_ns:Int64})',
      'time < fromUnixTimestamp64Nano({to_ns:Int64})',
    ],
    params: { from_ns: nanoseconds(fromMs), to_ns: nanoseconds(toMs) },
  };
}

export function nanoseconds(ms: number): string {
  return (BigInt(Math.floor(ms)) * 1_000_000n).toString();
}

/** True when two filters select the same lines: the tail shares one poller between them. */
export function filterKey(filter: LogFilter): string {
  const sorted = (values: readonly string[]) => [...new Set(values)].sort();
  return JSON.stringify([
    sorted(filter.text.include),
    sorted(filter.text.exclude),
    sorted(filter.text.words),
    filter.regex,
    sorted(filter.service),
    ...Object.keys(columns).map((name) => sorted(filter[name as keyof typeof columns])),
  ]);
}

function addText(text: TextQuery, conditions: string[], params: Record<string, SqlParameter>) {
  // Whole words first: the index rules blocks out by them.
  text.words.forEach((term, index) => addWords(`w_${index}`, term, { conditions, params }));
  text.include.forEach((term, index) => {
    params[`q_${index}`] = term;
    conditions.push(`${positionOf(term)}(message, {q_${index}:String}) > 0`);
  });
  text.exclude.forEach((term, index) => {
    params[`x_${index}`] = term;
    conditions.push(`${positionOf(term)}(message, {x_${index}:String}) = 0`);
  });
}

/**
 * hasToken is what the index on `message` understands: it takes one word, with its case. It is
 * exact for a term of one word; several with separators between them are looked at once more.
 */
function addWords(name: string, term: string, condition: SqlCondition): void {
  const tokens = wordsOf(term);
  tokens.forEach((token, index) => {
    condition.params[`${name}_${index}`] = token;
    condition.conditions.push(`hasToken(message, {${name}_${index}:String})`);
  });
  if (tokens.length === 1 && tokens[0] === term) return;
  condition.params[name] = wholeWordsRegex(term);
  condition.conditions.push(`match(message, {${name}:String})`);
}

/** As hasToken cuts words: at every ASCII character that is no letter and no digit. */
function wordsOf(term: string): string[] {
  const tokens = term.split(/[^A-Za-z0-9\u0080-\u{10ffff}]+/u).filter((token) => token !== '');
  return [...new Set(tokens)];
}

/** RE2 in which every ASCII character but letters and digits stands for itself. */
function wholeWordsRegex(term: string): string {
  const literal = term.replaceAll(/[^A-Za-z0-9\u0080-\u{10ffff}]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return `\\x${code}`;
  });
  const isWord = (character: string | undefined) =>
    /[A-Za-z0-9\u0080-\uffff]/.test(character ?? '');
  const separator = '[\\x00-/:-@\\[-`{-\\x7f]';
  const before = isWord(term[0]) ? `(^|${separator})` : '';
  const after = isWord(term.at(-1)) ? `(${separator}|$)` : '';
  return `${before}${literal}${after}`;
}

/** The ASCII search is several times as fast, and equal where the term has no other letters. */
function positionOf(term: string): string {
  return isAscii(term) ? 'positionCaseInsensitive' : 'positionCaseInsensitiveUTF8';
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the whole ASCII range is meant
  return /^[\x00-\x7f]*$/.test(text);
}
