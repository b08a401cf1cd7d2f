/** Turns the raw parts of a request into what a route's zod schemas describe, or a QueryError. */
import { z } from 'zod';
import { QueryError } from './api-error.ts';
import { nearestName } from './nearest-name.ts';

/** A parameter given this often is a mistake or an attack. */
const maxRepeats = 200;

/** @throws {QueryError} `unknown_parameter` or `invalid_parameter`. */
export function parseSearch<Schema extends z.ZodObject>(
  search: string,
  schema: Schema,
): z.output<Schema> {
  const known = Object.keys(schema.shape);
  const raw: Record<string, string | string[]> = {};
  const parameters = new URLSearchParams(search);
  for (const name of new Set(parameters.keys())) {
    const field: unknown = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
    if (field === undefined) {
      throw new QueryError('unknown_parameter', unknownName('parameter', name, known));
    }
    const values = parameters.getAll(name);
    if (values.length > maxRepeats) {
      throw new QueryError(
        'invalid_parameter',
        `${name}: expected at most ${maxRepeats} values, got ${values.length}`,
      );
    }
    if (isList(field)) raw[name] = values;
    else if (values.length === 1) raw[name] = values[0] ?? '';
    else {
      throw new QueryError(
        'invalid_parameter',
        `${name}: expected one value, got ${values.length}`,
      );
    }
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new QueryError('invalid_parameter', describeIssues(parsed.error, raw));
}

/** @throws {QueryError} `invalid_parameter`. */
export function parsePath<Schema extends z.ZodObject>(
  raw: unknown,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new QueryError('invalid_parameter', describeIssues(parsed.error, raw));
}

/** @throws {QueryError} `invalid_body`. */
export function parseBody<Schema extends z.ZodObject>(
  raw: unknown,
  schema: Schema,
): z.output<Schema> {
  if (typeof raw === 'object' && raw !== null) {
    const known = Object.keys(schema.shape);
    const unknown = Object.keys(raw).find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new QueryError('invalid_body', unknownName('field', unknown, known));
    }
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new QueryError('invalid_body', describeIssues(parsed.error, raw));
}

function unknownName(kind: string, name: string, known: readonly string[]): string {
  const shown = JSON.stringify(name.slice(0, 64));
  if (known.length === 0) return `unknown ${kind} ${shown}: this route takes none`;
  const near = nearestName(name, known);
  return near === null
    ? `unknown ${kind} ${shown}: expected one of ${known.join(', ')}`
    : `unknown ${kind} ${shown}: did you mean ${near}?`;
}

function describeIssues(error: z.ZodError, raw: unknown): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => {
      const path = issue.path.join('.');
      const got = valueAt(raw, issue.path[0]);
      const shown = got === undefined ? '' : `, got ${JSON.stringify(got)?.slice(0, 80)}`;
      return `${path === '' ? 'request' : path}: ${issue.message}${shown}`;
    })
    .join('; ');
}

function valueAt(raw: unknown, key: PropertyKey | undefined): unknown {
  if (typeof raw !== 'object' || raw === null || typeof key !== 'string') return undefined;
  return Object.entries(raw).find(([name]) => name === key)?.[1];
}

function isList(field: unknown): boolean {
  let inner = field;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault
  ) {
    inner = inner.unwrap();
  }
  return inner instanceof z.ZodArray;
}
