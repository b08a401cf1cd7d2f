import type { SqlColumn, SqlResult } from '@plimsoll/model/api';
import { displayWidth } from './display-width.ts';

export const resultFormats = ['table', 'csv', 'json'] as const;

export type ResultFormat = (typeof resultFormats)[number];

type Table = Pick<SqlResult, 'columns' | 'rows'>;

const renderers: Readonly<Record<ResultFormat, (result: Table) => string>> = {
  table: renderTable,
  csv: renderCsv,
  json: renderJson,
};

export function renderResult(result: Table, format: ResultFormat): string {
  return renderers[format](result);
}

/** Longest cell of a table; CSV and JSON are never cut. */
const maxCellCharacters = 200;

function renderTable({ columns, rows }: Table): string {
  const head = columns.map(({ name }) => cellText(name));
  const body = rows.map((row) => columns.map((_, index) => cellText(row[index])));
  const widths = head.map((name, index) =>
    Math.max(displayWidth(name), ...body.map((row) => displayWidth(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return `${[line(head), rule, ...body.map(line)].join('\n')}\n`;
}

function pad(text: string, width: number, column: SqlColumn | undefined): string {
  const spaces = ' '.repeat(Math.max(0, width - displayWidth(text)));
  const isNumber = /^(Nullable\()?(U?Int|Float|Decimal)/.test(column?.type ?? '');
  return isNumber ? spaces + text : text + spaces;
}

/** On one line, and with nothing in it that a terminal would obey. */
function cellText(value: unknown): string {
  const text = plainText(value).replaceAll(/\p{Cc}/gu, escapeControl);
  return text.length <= maxCellCharacters ? text : `${text.slice(0, maxCellCharacters)}…`;
}

function escapeControl(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
}

function plainText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

/** RFC 4180, with a header; NULL is an empty field. */
function renderCsv({ columns, rows }: Table): string {
  const field = (value: unknown): string => {
    const text = value === null || value === undefined ? '' : plainText(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const records = [columns.map(({ name }) => name), ...rows];
  return records.map((record) => `${record.map(field).join(',')}\r\n`).join('');
}

/** An array of objects, one on each line. */
function renderJson({ columns, rows }: Table): string {
  const objects = rows.map((row) =>
    JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, row[index]]))),
  );
  return objects.length === 0 ? '[]\n' : `[\n${objects.join(',\n')}\n]\n`;
}
