/** Rows as JSONCompactEachRow text: one JSON array per line, in the order of the columns. */
import { type RowTable, targetLabelNames } from '@plimsoll/model';
import { containerStatsValueNames } from './container-values.ts';

/** Rows of one table, ready to be put into a frame. */
export interface StatsRows {
  table: RowTable;
  columns: readonly string[];
  /** One JSON array per line, each line ended. */
  bytes: Buffer;
  rows: number;
}

export const containerStatsColumns: readonly string[] = [
  'time',
  'started_at',
  ...targetLabelNames,
  ...containerStatsValueNames,
];

/**
 * A number as JSON: `NaN` is null, `Infinity` (no limit) is 0. What no 64-bit counter can hold is
 * null as well, so that one damaged file does not make a frame of rows unreadable. Beyond 2^53
 * JavaScript's own text is rounded to its shortest form, so it is written digit by digit.
 */
export function jsonNumber(value: number): string {
  if (value === Infinity) return '0';
  if (!(Math.abs(value) < 2 ** 64)) return 'null';
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? BigInt(value).toString() : String(value);
}

/** The first `count` values, comma between. */
export function jsonNumbers(values: Float64Array, count: number): string {
  let text = jsonNumber(values[0] ?? NaN);
  for (let index = 1; index < count; index++) text += `,${jsonNumber(values[index] ?? NaN)}`;
  return text;
}

/** `2026-01-31 23:59:59.123`: DateTime64(3) of ClickHouse, in UTC. */
export function formatTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)}`;
}
