/** The building blocks of request schemas: one meaning per parameter name over all routes. */
import { severities } from '@plimsoll/model';
import { z } from 'zod';
import { parseTime, resolveTime, type TimeExpression } from '../time/time-expression.ts';
import { QueryError } from './api-error.ts';

const hourMs = 3_600_000;

export const time = z
  .string()
  .transform((text, context): TimeExpression => {
    const parsed = parseTime(text);
    if (parsed) return parsed;
    context.addIssue({
      code: 'custom',
      message: 'expected milliseconds since 1970, an ISO 8601 time, or a relative time as now-1h',
    });
    return z.NEVER;
  })
  .meta({
    description: 'Milliseconds since 1970, ISO 8601 (UTC without a zone), or relative: now-1h.',
  });

/** A whole number written in decimal digits. */
export function integer(min: number, max: number) {
  return z.string().transform((text, context): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    context.addIssue({
      code: 'custom',
      message: `expected a whole number from ${min} to ${max}`,
    });
    return z.NEVER;
  });
}

/** One filter value; nothing we store as a name is longer. */
export const name = z.string().max(1024);
/** A repeated parameter: any of its values matches. */
export const names = z.array(name).max(200);
export const cursor = z.string().min(1).max(2048).meta({ description: 'From `next` of a page.' });
export const severityList = z.array(z.enum(severities)).max(severities.length);

export interface RangeInput {
  from?: TimeExpression | undefined;
  to?: TimeExpression | undefined;
}

/** Milliseconds since 1970, `[from, to)`; the last `defaultMs` when nothing was asked. */
export function resolveRange(
  input: RangeInput,
  nowMs: number,
  defaultMs: number = hourMs,
): { from: number; to: number } {
  const to = input.to ? resolveTime(input.to, nowMs) : Math.ceil(nowMs);
  const from = input.from ? resolveTime(input.from, nowMs) : Math.max(0, to - defaultMs);
  if (from >= to) {
    throw new QueryError(
      'invalid_parameter',
      `from: expected a time before to, got ${from} and ${to}`,
    );
  }
  return { from, to };
}
