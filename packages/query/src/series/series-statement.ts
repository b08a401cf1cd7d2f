import type { ValueKind } from '@plimsoll/model';
import type { SqlParameter } from '@plimsoll/storage';

/** A table of wide rows: each value column with its kind, and what one series is. */
export interface SeriesTable {
  table: 'container_stats' | 'host_stats';
  values: Readonly<Record<string, ValueKind>>;
  /** Milliseconds since 1970 at which the current life began: counters restart with a life. */
  lifeSql: string;
  /** Counters that go on over restarts of the container. */
  lifelong: readonly string[];
}

export interface SeriesGrid {
  /** Milliseconds since 1970 of the first step. */
  start: number;
  stepMs: number;
  count: number;
}

/** Columns of a row of seriesStatement that belong to the value column `name`. */
export const part = {
  average: (name: string) => `a_${name}`,
  maximum: (name: string) => `m_${name}`,
  last: (name: string) => `l_${name}`,
  first: (name: string) => `f_${name}`,
  delta: (name: string) => `d_${name}`,
};

/**
 * One row per step and life: averages and maxima of gauges, last values of limits, and of counters
 * the first and last value and the sum of the positive differences between them. What happened
 * between two steps is added by stitchSeries. One step before the first is read for that.
 */
export function seriesStatement(
  table: SeriesTable,
  scope: { grid: SeriesGrid; columns: readonly string[]; where: string },
  params: Record<string, SqlParameter>,
): { sql: string; params: Record<string, SqlParameter> } {
  const { start, stepMs, count } = scope.grid;
  const selected = scope.columns.flatMap((name) => aggregates(name, table.values[name]));
  return {
    sql: `SELECT
        toInt32(floor((toUnixTimestamp64Milli(time) - {start:Int64}) / {step:Int64})) AS bucket,
        ${table.lifeSql} AS life,
        toUnixTimestamp64Milli(min(time)) AS first_ms,
        toUnixTimestamp64Milli(max(time)) AS last_ms,
        count() AS samples${selected.map((text) => `,\n        ${text}`).join('')}
      FROM ${table.table}
      WHERE tenant = {tenant:String} AND ${scope.where}
        AND time >= fromUnixTimestamp64Milli({read_from:Int64})
        AND time < fromUnixTimestamp64Milli({read_to:Int64})
      GROUP BY bucket, life
      ORDER BY bucket, first_ms`,
    params: {
      ...params,
      start,
      step: stepMs,
      read_from: Math.max(0, start - stepMs),
      read_to: start + count * stepMs,
    },
  };
}

/** Names are keys of the model's tables, never a user's text. */
function aggregates(name: string, kind: ValueKind | undefined): string[] {
  switch (kind) {
    case 'gauge':
      return name.startsWith('memory_')
        ? [`avg(${name}) AS ${part.average(name)}`, `max(${name}) AS ${part.maximum(name)}`]
        : [`avg(${name}) AS ${part.average(name)}`];
    case 'limit':
      return [`argMax(${name}, time) AS ${part.last(name)}`];
    case 'counter':
      return [
        `argMin(${name}, time) AS ${part.first(name)}`,
        `argMax(${name}, time) AS ${part.last(name)}`,
        `deltaSumTimestamp(${name}, toUnixTimestamp64Milli(time)) AS ${part.delta(name)}`,
      ];
    default:
      throw new Error(`expected a column of the model's tables, got ${name}`);
  }
}
