import type { SeriesPoint } from '@plimsoll/model/api';

export interface SparkInput {
  points: readonly SeriesPoint[];
  /** 0 or null: none. */
  limit: number | null;
  slopePerSecond?: number | null;
  timeLeftSeconds?: number | null;
  timeLeftLowSeconds?: number | null;
  timeLeftHighSeconds?: number | null;
}

export interface SparkPaths {
  line: string;
  area: string;
  limitY: number | null;
  projection: string;
  /** The interval of the projection as a wedge; empty when it is not known. */
  interval: string;
}

export const sparkWidth = 300;
/** The projection takes at most as much room as this share of what was measured. */
const maxAheadShare = 0.6;
const headroom = 1.06;

/** A small series in a box of {@link sparkWidth} × height, from zero up to the limit or the highest value. */
export function sparkPaths(input: SparkInput, height: number): SparkPaths {
  const known = input.points.filter(
    (point): point is readonly [number, number] => point[1] !== null,
  );
  const first = known[0];
  const last = known.at(-1);
  const limit = input.limit !== null && input.limit > 0 ? input.limit : null;
  if (first === undefined || last === undefined) {
    return { line: '', area: '', limitY: limit === null ? null : 1, projection: '', interval: '' };
  }
  const span = Math.max(last[0] - first[0], 1);
  const ahead = aheadMs(input, span);
  const highest = known.reduce((most, point) => Math.max(most, point[1]), limit ?? 0);
  const top = highest > 0 ? highest * headroom : 1;
  const x = (ms: number): number => round(((ms - first[0]) / (span + ahead)) * sparkWidth);
  const y = (value: number): number =>
    round(height - (Math.max(value, 0) / top) * (height - 1) - 0.5);
  return {
    ...segments(input.points, { x, y, height }),
    limitY: limit === null ? null : y(limit),
    ...projectionPaths(input, { last, limit, ahead, x, y }),
  };
}

function aheadMs(input: SparkInput, span: number): number {
  const left = input.timeLeftHighSeconds ?? input.timeLeftSeconds ?? null;
  if (left === null || left <= 0) return 0;
  return Math.min(left * 1000, span * maxAheadShare);
}

/** A gap in the values is a gap in the line. */
function segments(
  points: readonly SeriesPoint[],
  { x, y, height }: { x: (ms: number) => number; y: (value: number) => number; height: number },
): { line: string; area: string } {
  let line = '';
  let area = '';
  let run: string[] = [];
  let startX = 0;
  let endX = 0;
  const close = (): void => {
    if (run.length === 0) return;
    line += `M${run.join('L')}`;
    area += `M${startX} ${height}L${run.join('L')}L${endX} ${height}z`;
    run = [];
  };
  for (const [ms, value] of points) {
    if (value === null) {
      close();
      continue;
    }
    if (run.length === 0) startX = x(ms);
    endX = x(ms);
    run.push(`${endX} ${y(value)}`);
  }
  close();
  return { line, area };
}

function projectionPaths(
  input: SparkInput,
  at: {
    last: readonly [number, number];
    limit: number | null;
    ahead: number;
    x: (ms: number) => number;
    y: (value: number) => number;
  },
): { projection: string; interval: string } {
  const left = input.timeLeftSeconds ?? null;
  if (at.limit === null || left === null || left <= 0 || at.ahead === 0)
    return { projection: '', interval: '' };
  const [ms, value] = at.last;
  const limit = at.limit;
  const start = `M${at.x(ms)} ${at.y(value)}`;
  /** Where the line towards (seconds, limit) leaves the box, or meets the limit. */
  const end = (seconds: number): string => {
    const share = Math.min(1, at.ahead / (seconds * 1000));
    return `${at.x(ms + seconds * 1000 * share)} ${at.y(value + (limit - value) * share)}`;
  };
  const low = input.timeLeftLowSeconds ?? null;
  const high = input.timeLeftHighSeconds ?? null;
  const interval =
    low !== null && low > 0 && high !== null && high > low
      ? `${start}L${end(low)}L${end(high)}z`
      : '';
  return { projection: `${start}L${end(left)}`, interval };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
