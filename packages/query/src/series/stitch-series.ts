/**
 * Makes series of the rows of seriesStatement.
 *
 * A counter's rate in a step is its growth divided by the time over which that growth was seen:
 * within the step's samples, plus from the last sample before the step to its first one. Growth
 * across a restart or across a gap in the samples is not known and is not guessed: it adds neither
 * growth nor time. A step without knowledge is null.
 */
import type { SeriesPoint } from '@plimsoll/model/api';
import { rateName } from './rate-name.ts';
import { part, type SeriesGrid, type SeriesTable } from './series-statement.ts';

export type SeriesRow = Readonly<Record<string, unknown>>;

export interface StitchOptions {
  table: SeriesTable;
  columns: readonly string[];
  grid: SeriesGrid;
  /** Longest time between two samples over which a counter's growth is believed. */
  maxGapMs: number;
}

type Values = (number | null)[];

/** Series by name; one that was never measured is left out. */
export function stitchSeries(
  rows: readonly SeriesRow[],
  options: StitchOptions,
): Record<string, SeriesPoint[]> {
  const values: Record<string, Values> = {};
  for (const name of options.columns) {
    switch (options.table.values[name]) {
      case 'gauge':
        values[name] = averages(rows, name, options.grid.count);
        if (name.startsWith('memory_')) {
          values[`${name}_max`] = latest(
            rows,
            { column: part.maximum(name), merge: Math.max },
            options.grid.count,
          );
        }
        break;
      case 'limit':
        values[name] = latest(
          rows,
          { column: part.last(name), merge: (_, later) => later },
          options.grid.count,
        );
        break;
      case 'counter':
        values[rateName(name)] = rates(growth(rows, name, options));
        break;
      case undefined:
        break;
    }
  }
  addThrottledRatio(values, rows, options);
  addUsedCores(values, options);
  const series: Record<string, SeriesPoint[]> = {};
  for (const [name, points] of Object.entries(values)) {
    if (points.every((value) => value === null)) continue;
    series[name] = points.map((value, index) => [
      options.grid.start + index * options.grid.stepMs,
      value,
    ]);
  }
  return series;
}

function averages(rows: readonly SeriesRow[], name: string, count: number): Values {
  const sums = Array.from({ length: count }, () => 0);
  const weights = Array.from({ length: count }, () => 0);
  for (const row of rows) {
    const bucket = Number(row['bucket']);
    const value = number(row[part.average(name)]);
    if (value === null || bucket < 0 || bucket >= count) continue;
    const samples = Number(row['samples']);
    sums[bucket] = (sums[bucket] ?? 0) + value * samples;
    weights[bucket] = (weights[bucket] ?? 0) + samples;
  }
  return sums.map((sum, index) => {
    const weight = weights[index] ?? 0;
    return weight > 0 ? sum / weight : null;
  });
}

function latest(
  rows: readonly SeriesRow[],
  wanted: { column: string; merge: (earlier: number, later: number) => number },
  count: number,
): Values {
  const values: Values = Array.from({ length: count }, () => null);
  for (const row of rows) {
    const bucket = Number(row['bucket']);
    const value = number(row[wanted.column]);
    if (value === null || bucket < 0 || bucket >= count) continue;
    const earlier = values[bucket] ?? null;
    values[bucket] = earlier === null ? value : wanted.merge(earlier, value);
  }
  return values;
}

interface Growth {
  amount: number;
  seconds: number;
}

/** Growth of one counter by step; null where nothing is known of it. */
function growth(
  rows: readonly SeriesRow[],
  name: string,
  options: StitchOptions,
): (Growth | null)[] {
  const { count } = options.grid;
  const steps: (Growth | null)[] = Array.from({ length: count }, () => null);
  const isLifelong = options.table.lifelong.includes(name);
  let before: { life: number; lastMs: number; last: number } | null = null;
  for (const row of rows) {
    const first = number(row[part.first(name)]);
    const last = number(row[part.last(name)]);
    if (first === null || last === null) continue;
    const life = isLifelong ? 0 : Number(row['life']);
    const firstMs = Number(row['first_ms']);
    const lastMs = Number(row['last_ms']);
    const bucket = Number(row['bucket']);
    const gapMs = before === null ? Number.POSITIVE_INFINITY : firstMs - before.lastMs;
    const joins =
      before !== null && before.life === life && gapMs >= 0 && gapMs <= options.maxGapMs;
    const withinMs = lastMs - firstMs;
    if (bucket >= 0 && bucket < count && (joins || withinMs > 0)) {
      const step: Growth = steps[bucket] ?? { amount: 0, seconds: 0 };
      step.amount += number(row[part.delta(name)]) ?? 0;
      step.seconds += withinMs / 1000;
      if (joins && before !== null) {
        step.amount += Math.max(0, first - before.last);
        step.seconds += gapMs / 1000;
      }
      steps[bucket] = step;
    }
    before = { life, lastMs, last };
  }
  return steps;
}

function rates(steps: readonly (Growth | null)[]): Values {
  return steps.map((step) => (step && step.seconds > 0 ? step.amount / step.seconds : null));
}

/** Share of CFS periods that were throttled; a container that slept had none and none throttled. */
function addThrottledRatio(
  values: Record<string, Values>,
  rows: readonly SeriesRow[],
  options: StitchOptions,
): void {
  const names = ['cpu_periods_total', 'cpu_throttled_periods_total'] as const;
  if (!names.every((name) => options.columns.includes(name))) return;
  const periods = growth(rows, names[0], options);
  const throttled = growth(rows, names[1], options);
  values['throttled_ratio'] = periods.map((all, index) => {
    const some = throttled[index];
    if (!all || !some) return null;
    return all.amount > 0 ? Math.min(1, some.amount / all.amount) : 0;
  });
}

const busyModes = ['user', 'nice', 'system', 'irq', 'softirq', 'steal'];

/** Cores at work on a host: all modes but idle and waiting for io. */
function addUsedCores(values: Record<string, Values>, options: StitchOptions): void {
  if (options.table.table !== 'host_stats') return;
  const modes = busyModes.map((mode) => values[`cpu_${mode}_cores`] ?? []);
  values['cpu_used_cores'] = Array.from({ length: options.grid.count }, (_, index) => {
    const present = modes.map((mode) => mode[index] ?? null).filter((value) => value !== null);
    return present.length > 0 ? present.reduce((sum, value) => sum + value, 0) : null;
  });
}

/** 64-bit integers come as text; null stays null. */
function number(value: unknown): number | null {
  if (value === null || value === undefined || value === '') return null;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}
