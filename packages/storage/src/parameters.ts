/**
 * `{name:Type}` parameters: a value travels beside the text, never in it. The engine reads values
 * in its TSV notation (a top-level string is bare and backslash-escaped; inside an array it is a
 * quoted literal).
 */
import type { SqlParameter } from './engine.ts';
import { StorageError } from './storage-error.ts';

export type SqlParameters = Readonly<Record<string, SqlParameter>>;

/** Every parameter in the engine's notation, ready for `SET param_…` or a URL's `param_…`. */
function encodeParameters(params: SqlParameters): Record<string, string> {
  const encoded: Record<string, string> = {};
  for (const [name, value] of Object.entries(params)) {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw new StorageError('invalid_query', `parameter: expected a name, got ${quote(name)}`);
    }
    encoded[name] = encodeParameter(value);
  }
  return encoded;
}

/**
 * A parameter stays on its connection, so a forgotten one would silently take an earlier query's
 * value: refuse the query instead.
 */
export function checkParametersGiven(sql: string, params: SqlParameters): void {
  for (const match of sql.matchAll(/\{([A-Za-z_]\w*)\s*:\s*[A-Z]/g)) {
    const name = match[1];
    if (name !== undefined && !Object.hasOwn(params, name)) {
      throw new StorageError('invalid_query', `parameter ${name}: expected a value, got none`);
    }
  }
}

/** `SET` list for a statement on an embedded connection. */
export function parameterSettings(params: SqlParameters): string[] {
  return Object.entries(encodeParameters(params)).map(
    ([name, value]) => `param_${name} = ${sqlString(value)}`,
  );
}

/** A single-quoted SQL string literal. */
export function sqlString(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
}

function encodeParameter(value: SqlParameter): string {
  if (typeof value === 'string') return tsvEscape(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  const items = value.map((item) =>
    typeof item === 'number' ? numberText(item) : `'${tsvEscape(item).replaceAll("'", "\\'")}'`,
  );
  return `[${items.join(',')}]`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'nan';
  return value > 0 ? 'inf' : '-inf';
}

const tsvEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function tsvEscape(text: string): string {
  return text.replace(/[\\\0\b\f\n\r\t]/g, (character) => tsvEscapes[character] ?? character);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
