import { z } from 'zod';
import { QueryError } from './api-error.ts';

/** An opaque cursor: base64url of a JSON array, so that its parts need no escaping. */
export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws {QueryError} `invalid_parameter` when it was not made by encodeCursor for this list. */
export function decodeCursor<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  parameter = 'cursor',
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new QueryError(
    'invalid_parameter',
    `${parameter}: expected a value that this route handed out, got ${JSON.stringify(text.slice(0, 40))}`,
  );
}
