import { toText, type SearchParams } from './search-params.ts';

/** A range is either the last so many seconds, then the page is live, or two fixed ends. */
export type RangeSpec =
  { kind: 'relative'; seconds: number } | { kind: 'absolute'; from: number; to: number };

export interface ResolvedRange {
  from: number;
  to: number;
}

export const rangePresets: readonly { code: string; seconds: number; title: string }[] = [
  { code: '5m', seconds: 300, title: 'Last 5 minutes' },
  { code: '15m', seconds: 900, title: 'Last 15 minutes' },
  { code: '1h', seconds: 3600, title: 'Last hour' },
  { code: '3h', seconds: 10_800, title: 'Last 3 hours' },
  { code: '6h', seconds: 21_600, title: 'Last 6 hours' },
  { code: '12h', seconds: 43_200, title: 'Last 12 hours' },
  { code: '24h', seconds: 86_400, title: 'Last 24 hours' },
  { code: '2d', seconds: 172_800, title: 'Last 2 days' },
  { code: '7d', seconds: 604_800, title: 'Last 7 days' },
  { code: '30d', seconds: 2_592_000, title: 'Last 30 days' },
];

export const defaultRange: RangeSpec = { kind: 'relative', seconds: 3600 };

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const maxRelativeSeconds = 366 * 86_400;

/** `range=6h`, or `from` and `to` as ISO time or milliseconds; anything else is the default. */
export function parseRange(params: SearchParams): RangeSpec {
  const from = parseInstant(toText(params['from']));
  const to = parseInstant(toText(params['to']));
  if (from !== null && to !== null && from < to) return { kind: 'absolute', from, to };
  const seconds = parseSpan(toText(params['range']));
  return seconds === null ? defaultRange : { kind: 'relative', seconds };
}

export function rangeParams(range: RangeSpec): SearchParams {
  return range.kind === 'absolute'
    ? {
        range: undefined,
        from: new Date(range.from).toISOString(),
        to: new Date(range.to).toISOString(),
      }
    : { range: spanCode(range.seconds), from: undefined, to: undefined };
}

export function resolveRange(range: RangeSpec, now: number): ResolvedRange {
  return range.kind === 'absolute'
    ? { from: range.from, to: range.to }
    : { from: now - range.seconds * 1000, to: now };
}

/** Stable text for cache keys: a live range keeps its key while time goes on. */
export function rangeKey(range: RangeSpec): string {
  return range.kind === 'absolute' ? `${range.from}-${range.to}` : spanCode(range.seconds);
}

export function parseSpan(text: string): number | null {
  const match = /^(\d{1,7})([smhd])$/.exec(text.trim());
  if (match === null) return null;
  const seconds = Number(match[1]) * (unitSeconds[match[2] ?? ''] ?? 0);
  return seconds >= 1 && seconds <= maxRelativeSeconds ? seconds : null;
}

export function spanCode(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    const size = unitSeconds[unit] ?? 1;
    if (seconds % size === 0 && (unit !== 'd' || seconds > size)) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

/** ISO or local `2026-11-23 14:10[:05]`, or milliseconds since 1970. */
export function parseInstant(text: string): number | null {
  if (/^\d{12,14}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return null;
  const parsed = Date.parse(text.trim().replace(' ', 'T'));
  return Number.isNaN(parsed) ? null : parsed;
}

export function rangeTitle(range: RangeSpec): string {
  if (range.kind === 'absolute') return '';
  return (
    rangePresets.find((preset) => preset.seconds === range.seconds)?.title ??
    `Last ${spanCode(range.seconds)}`
  );
}

/** The same length, moved by half of itself, or widened; for the keys `[`, `]` and `-`. */
export function shiftRange(
  range: RangeSpec,
  now: number,
  by: 'back' | 'forward' | 'wider',
): RangeSpec {
  const { from, to } = resolveRange(range, now);
  const half = (to - from) / 2;
  if (by === 'wider') {
    if (range.kind === 'relative')
      return { kind: 'relative', seconds: Math.min(range.seconds * 2, maxRelativeSeconds) };
    return { kind: 'absolute', from: from - half, to: Math.min(to + half, now) };
  }
  const step = by === 'back' ? -half : Math.min(half, now - to);
  return { kind: 'absolute', from: from + step, to: to + step };
}
