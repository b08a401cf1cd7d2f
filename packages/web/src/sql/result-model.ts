import type { SeriesPoint, SqlColumn, SqlResult } from '@plimsoll/model/api';
import { cellText } from './csv.ts';

export interface ResultOrder {
  column: number;
  descending: boolean;
}

/** Numbers of any ClickHouse type, wrapped or not; 64-bit ones come as text. */
export function isNumberColumn(column: SqlColumn): boolean {
  return /^(U?Int\d+|Float\d+|Decimal|BFloat16)/.test(bareType(column.type));
}

export function isTimeColumn(column: SqlColumn): boolean {
  return /^Date(Time)?(32|64)?(\(|$)/.test(bareType(column.type));
}

function bareType(type: string): string {
  let bare = type;
  for (let match = wrapper.exec(bare); match !== null; match = wrapper.exec(bare))
    bare = match[1] ?? '';
  return bare;
}

const wrapper = /^(?:Nullable|LowCardinality)\((.*)\)$/;

/** The order of the rows as their numbers; the result itself stays as it came. */
export function sortedRows(result: SqlResult, order: ResultOrder | null): number[] {
  const indexes = result.rows.map((_, index) => index);
  const column = order === null ? undefined : result.columns[order.column];
  if (order === null || column === undefined) return indexes;
  const sign = order.descending ? -1 : 1;
  const numeric = isNumberColumn(column);
  const keys = result.rows.map((row) => row[order.column] ?? null);
  return indexes.sort(
    (a, b) => compareCells(keys[a] ?? null, keys[b] ?? null, { sign, numeric }) || a - b,
  );
}

/** Absent values are last in both directions. */
function compareCells(a: unknown, b: unknown, how: { sign: number; numeric: boolean }): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (!how.numeric)
    return how.sign * cellText(a).localeCompare(cellText(b), 'en', { numeric: true });
  if (
    typeof a === 'string' &&
    typeof b === 'string' &&
    /^-?\d{16,}$/.test(a) &&
    /^-?\d{16,}$/.test(b)
  ) {
    const [x, y] = [BigInt(a), BigInt(b)];
    return how.sign * (x < y ? -1 : x > y ? 1 : 0);
  }
  return how.sign * (Number(a) - Number(b));
}

export interface ResultChart {
  x: string;
  lines: { name: string; points: SeriesPoint[] }[];
  /** More lines than are drawn. */
  left: number;
}

export const maxChartLines = 6;

/**
 * A chart, where the result has a time column and numbers: one line per number column, or, with
 * one number column and one text column, one line per text.
 */
export function chartOf(result: SqlResult): ResultChart | null {
  const time = result.columns.findIndex(isTimeColumn);
  const numbers = result.columns.flatMap((column, index) =>
    isNumberColumn(column) ? [index] : [],
  );
  const texts = result.columns.flatMap((column, index) =>
    index !== time && !isNumberColumn(column) && !isTimeColumn(column) ? [index] : [],
  );
  const [number] = numbers;
  if (time < 0 || number === undefined || result.rows.length < 2) return null;
  const lines = new Map<string, SeriesPoint[]>();
  const [text] = texts;
  for (const row of result.rows) {
    const ms = timeOf(row[time]);
    if (ms === null) continue;
    if (text !== undefined) addPoint(lines, cellText(row[text]), [ms, numberOf(row[number])]);
    else
      for (const index of numbers)
        addPoint(lines, result.columns[index]?.name ?? '', [ms, numberOf(row[index])]);
  }
  const all = [...lines].map(([name, points]) => ({
    name,
    points: points.sort((a, b) => a[0] - b[0]),
  }));
  return {
    x: result.columns[time]?.name ?? '',
    lines: all.slice(0, maxChartLines),
    left: Math.max(0, all.length - maxChartLines),
  };
}

function addPoint(lines: Map<string, SeriesPoint[]>, name: string, point: SeriesPoint): void {
  const points = lines.get(name);
  if (points === undefined) lines.set(name, [point]);
  else points.push(point);
}

/** ClickHouse writes times without a zone; the service keeps them in UTC. */
function timeOf(cell: unknown): number | null {
  const ms = Date.parse(
    `${cellText(cell).replace(' ', 'T')}${/T|\s/.test(cellText(cell)) ? 'Z' : ''}`,
  );
  return Number.isNaN(ms) ? null : ms;
}

function numberOf(cell: unknown): number | null {
  if (cell === null || cell === undefined || cell === '') return null;
  const value = Number(cell);
  return Number.isFinite(value) ? value : null;
}
