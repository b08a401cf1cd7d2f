import type { SeriesPoint } from '@plimsoll/model/api';
import type { ChartSpec } from './chart-spec.ts';

export type Column = (number | null)[];

/** Columns for drawing: `times` in seconds, one column per line, and the limit's. */
export interface ChartData {
  times: number[];
  /** What each line measures, not stacked. */
  values: Column[];
  /** What is drawn: running sums where stacked. */
  drawn: Column[];
  /** Null where there is no limit (0) or it is not known. */
  limit: Column | null;
  highest: number;
}

type Series = Record<string, readonly SeriesPoint[]>;

export function buildChartData(spec: ChartSpec, series: Series): ChartData {
  const names = spec.lines
    .flatMap((line) => [line.name, line.minus, line.from])
    .filter((name) => name !== undefined);
  const times = unionTimes(
    [...names, ...(spec.limit === undefined ? [] : [spec.limit])].map((name) => series[name] ?? []),
  );
  const column = (name: string): Column => alignColumn(series[name] ?? [], times);
  const values = spec.lines.map((line) => {
    const measured = column(line.name);
    const own =
      line.heldSeconds === undefined ? measured : hold(measured, times, line.heldSeconds * 1000);
    if (line.minus !== undefined) return subtract(own, column(line.minus), true);
    return line.from === undefined ? own : subtract(column(line.from), own, false);
  });
  const drawn = spec.stacked === true ? stack(values) : values;
  const limits =
    spec.limit === undefined
      ? null
      : column(spec.limit).map((value) => (value === 0 ? null : value));
  const highest = drawn.reduce(
    (most, list) => list.reduce<number>((top, value) => Math.max(top, value ?? 0), most),
    0,
  );
  return {
    times: times.map((ms) => ms / 1000),
    values,
    drawn,
    limit: limits === null || limits.every((value) => value === null) ? null : limits,
    highest,
  };
}

/** All lines usually share their times; where they do not, each keeps its own and is a gap elsewhere. */
function unionTimes(lists: readonly (readonly SeriesPoint[])[]): number[] {
  const longest = lists.reduce(
    (most, list) => (list.length > most.length ? list : most),
    [] as readonly SeriesPoint[],
  );
  const same = lists.every(
    (list) =>
      list.length === 0 ||
      (list.length === longest.length &&
        list.every((point, index) => point[0] === longest[index]?.[0])),
  );
  if (same) return longest.map((point) => point[0]);
  return [...new Set(lists.flatMap((list) => list.map((point) => point[0])))].sort((a, b) => a - b);
}

function alignColumn(points: readonly SeriesPoint[], times: readonly number[]): Column {
  if (
    points.length === times.length &&
    points[0]?.[0] === times[0] &&
    points.at(-1)?.[0] === times.at(-1)
  ) {
    return points.map((point) => point[1]);
  }
  const byTime = new Map(points);
  return times.map((ms) => byTime.get(ms) ?? null);
}

function hold(column: Column, times: readonly number[], ms: number): Column {
  let last = -1;
  return column.map((value, index) => {
    if (value !== null) last = index;
    if (value !== null || last < 0) return value;
    return (times[index] ?? 0) - (times[last] ?? 0) <= ms ? (column[last] ?? null) : null;
  });
}

function subtract(a: Column, b: Column, keepWithout: boolean): Column {
  return a.map((value, index) => {
    const other = b[index] ?? null;
    if (value === null) return null;
    if (other === null) return keepWithout ? value : null;
    return Math.max(0, value - other);
  });
}

/** Running sums; where the first line is missing all are, so that a gap stays a gap. */
function stack(values: readonly Column[]): Column[] {
  let below: Column | null = null;
  return values.map((column) => {
    const base: Column | null = below;
    const sum: Column = column.map((value, index) => {
      if (base === null) return value;
      const under = base[index] ?? null;
      return under === null ? null : under + (value ?? 0);
    });
    below = sum;
    return sum;
  });
}

/** A limit far above everything would press the lines flat: then it is only written, not drawn. */
const farLimitShare = 0.12;

export function topOfScale(data: ChartData): { top: number; limitShown: boolean } {
  const limit = data.limit?.reduce<number>((most, value) => Math.max(most, value ?? 0), 0) ?? 0;
  const limitShown = limit > 0 && data.highest >= limit * farLimitShare;
  const top = limitShown ? Math.max(limit, data.highest) : data.highest;
  return { top: top > 0 ? top * 1.08 : 1, limitShown };
}

export function lastValue(column: Column | undefined): number | null {
  return column?.findLast((value) => value !== null) ?? null;
}
