/**
 * The part of an INSERT in front of its data. The data never goes through an SQL parser: what stands
 * behind this header is bytes, read by the format alone.
 *
 *   INSERT INTO [TABLE] [db.]table [(columns)] [SETTINGS a = 1, …] FORMAT name ⏎ data
 *   INSERT INTO [TABLE] [db.]table [(columns)] [SETTINGS a = 1, …] VALUES data
 */
import { ClickHouseException } from '../exception.ts';
import { readAssignments, type Assignment } from './assignments.ts';
import { identifierOf, isSign, isWord, quoteIdentifier, tokens, type Token } from './tokens.ts';

export interface InsertHeader {
  database: string | null;
  table: string;
  /** Such as `(a, b)`, written anew, or empty for all columns. */
  columns: string;
  settings: readonly Assignment[];
  format: string;
  /** Offset in the text, in UTF-16 units, at which the data begins. */
  dataStart: number;
}

export type InsertKind =
  | { kind: 'data'; header: InsertHeader }
  /** INSERT … SELECT, or what only the engine's parser can tell. */
  | { kind: 'other' };

/** Null when the text is no INSERT, or may be one that is not complete. */
export function readInsertHeader(text: string): InsertKind | null {
  const cursor = new Cursor(text);
  if (!cursor.skip('INSERT')) return null;
  cursor.skip('INTO');
  cursor.skip('TABLE');
  if (isWord(cursor.now, 'FUNCTION')) return { kind: 'other' };
  const target = readTarget(cursor);
  if (!target) return { kind: 'other' };
  const columns = readColumns(cursor);
  if (columns === null) return { kind: 'other' };
  const settings = isWord(cursor.now, 'SETTINGS') ? cursor.assignments() : [];
  if (settings === null) return { kind: 'other' };
  const start = cursor.now;
  if (isWord(start, 'VALUES')) {
    const dataStart = start?.end ?? 0;
    return { kind: 'data', header: { ...target, columns, settings, format: 'Values', dataStart } };
  }
  if (!isWord(start, 'FORMAT')) return { kind: 'other' };
  cursor.step();
  const format = cursor.now;
  if (format?.kind !== 'word') return { kind: 'other' };
  if (isWord(format, 'SETTINGS')) throw syntaxError('expected a format behind FORMAT');
  const dataStart = startOfData(text, format.end);
  return { kind: 'data', header: { ...target, columns, settings, format: format.text, dataStart } };
}

/** How the header is told to the engine; `source` is where its data is. */
export function insertStatement(
  header: InsertHeader,
  source: { path: string; compression: string },
): string {
  const names = header.database === null ? [header.table] : [header.database, header.table];
  return [
    `INSERT INTO ${names.map(quoteIdentifier).join('.')} ${header.columns}`,
    `FROM INFILE '${source.path}' COMPRESSION '${source.compression}' FORMAT ${header.format}`,
  ].join(' ');
}

function readTarget(cursor: Cursor): { database: string | null; table: string } | null {
  const first = identifierOf(cursor.now);
  if (first === null) return null;
  cursor.step();
  if (!isSign(cursor.now, '.')) return { database: null, table: first };
  cursor.step();
  const second = identifierOf(cursor.now);
  if (second === null) return null;
  cursor.step();
  return { database: first, table: second };
}

/** Words that may stand in front of a parenthesis: `(* EXCEPT (a, b))`, `(COLUMNS('a.*'))`. */
const columnMatchers = ['EXCEPT', 'COLUMNS'];

/** A list of columns, written anew from its tokens; null for what else stands in parentheses. */
function readColumns(cursor: Cursor): string | null {
  if (!isSign(cursor.now, '(')) return '';
  const written: string[] = [];
  let depth = 0;
  do {
    const token = cursor.now;
    if (!token || token.kind === 'number') return null;
    if (token.kind === 'sign' && !'(),.*'.includes(token.text)) return null;
    cursor.step();
    if (isSign(token, '(')) depth += 1;
    if (isSign(token, ')')) depth -= 1;
    const isMatcher = isSign(cursor.now, '(');
    if (isMatcher && token.kind !== 'sign' && !isWord(token, ...columnMatchers)) return null;
    const name = identifierOf(token);
    const isKeyword = isWord(token, 'STRICT') || (isMatcher && name !== null);
    written.push(name === null || isKeyword ? token.text : quoteIdentifier(name));
  } while (depth > 0);
  const columns = written.join(' ');
  if (isSelect(columns)) return null;
  return columns === '( )' ? '' : columns;
}

/** `INSERT INTO t (SELECT 1)` is a statement, not a list. */
function isSelect(columns: string): boolean {
  return /^\( (?:\( )*`(?:SELECT|WITH)` /i.test(columns);
}

/** Blanks behind the format's name and one line break are no data. */
function startOfData(text: string, from: number): number {
  const match = /[ \t\f]*\r?\n?/y;
  match.lastIndex = from;
  match.test(text);
  return match.lastIndex;
}

class Cursor {
  now: Token | undefined;
  readonly #tokens: Generator<Token, void, undefined>;

  constructor(text: string) {
    this.#tokens = tokens(text);
    this.step();
  }

  step(): void {
    const next = this.#tokens.next();
    this.now = next.done ? undefined : next.value;
  }

  skip(word: string): boolean {
    if (!isWord(this.now, word)) return false;
    this.step();
    return true;
  }

  /** Behind SETTINGS, which is the present token. */
  assignments(): Assignment[] | null {
    this.step();
    return readAssignments(this);
  }
}

function syntaxError(message: string): ClickHouseException {
  return new ClickHouseException('SYNTAX_ERROR', `Syntax error: ${message}`);
}
