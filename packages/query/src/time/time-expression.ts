/**
 * A moment as a user writes it:
 *
 * ```
 * moment   = milliseconds | iso8601 | relative
 * relative = "now" [ ("-" | "+") 1*( number unit ) ]
 * unit     = "ms" | "s" | "m" | "h" | "d" | "w"
 * ```
 *
 * ISO 8601 without a zone is UTC, so that a link means the same everywhere.
 */
export type TimeExpression =
  { kind: 'absolute'; ms: number } | { kind: 'relative'; offsetMs: number };

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** What DateTime64(9) can hold: nanoseconds since 1970 within 63 bits. */
const maxMs = 9_223_372_036_854;

const iso =
  /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const relative = /^now(?:([+-])((?:\d+(?:\.\d+)?(?:ms|[smhdw]))+))?$/;

/** Null when the text is no moment. */
export function parseTime(text: string): TimeExpression | null {
  if (text.length > 64) return null;
  if (/^\d{1,16}(?:\.\d+)?$/.test(text)) return absolute(Math.floor(Number(text)));
  const match = relative.exec(text);
  if (match) {
    const amount = match[2] === undefined ? 0 : durationMs(match[2]);
    if (!(amount <= maxMs)) return null;
    return { kind: 'relative', offsetMs: match[1] === '-' ? -amount : amount };
  }
  const date = iso.exec(text);
  if (!date) return null;
  const normal = text.replace(' ', 'T').replace(',', '.');
  const zoned = date[1] !== undefined || normal.length === 10 ? normal : `${normal}Z`;
  return absolute(Date.parse(zoned));
}

/** Milliseconds since 1970. */
export function resolveTime(expression: TimeExpression, nowMs: number): number {
  if (expression.kind === 'absolute') return expression.ms;
  return Math.min(maxMs, Math.max(0, Math.round(nowMs + expression.offsetMs)));
}

function absolute(ms: number): TimeExpression | null {
  return Number.isFinite(ms) && ms >= 0 && ms <= maxMs ? { kind: 'absolute', ms } : null;
}

function durationMs(text: string): number {
  let sum = 0;
  for (const part of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
    sum += Number(part[1]) * (units[part[2] ?? ''] ?? 0);
  }
  return sum;
}
