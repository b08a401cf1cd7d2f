/** What the JSON of a push must be, field by field; each throws a ReceiverError `invalid_body`. */
import { invalidBody } from '../receiver-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Objects and lists in one body: each takes some 50 bytes of memory and two of the body. */
const maxContainers = 4_000_000;

/** @throws {ReceiverError} `invalid_body` */
export function parseJson(body: Buffer): unknown {
  if (hasMoreContainers(body)) {
    throw invalidBody(`body: expected at most ${maxContainers} objects and lists`);
  }
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw invalidBody(`body: expected JSON (${whereOf(error)})`);
  }
}

/** Those within texts are counted too, which only a body of very many of them comes to feel. */
function hasMoreContainers(body: Buffer): boolean {
  if (body.length <= maxContainers) return false;
  let count = 0;
  // By index: an iterator takes ten times as long.
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index];
    if (byte === 0x7b || byte === 0x5b) count += 1;
  }
  return count > maxContainers;
}

/** The engine's own message quotes the text, which may be a log line. */
function whereOf(error: unknown): string {
  const place =
    error instanceof Error ? /position \d+|end of JSON input/i.exec(error.message) : null;
  return place?.[0] ?? 'not well-formed';
}

export function jsonObject(value: unknown, path: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw invalidBody(`${path}: expected an object, got ${kindOf(value)}`);
}

/** Absent and null are an empty list, as in protobuf. */
export function jsonArray(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw invalidBody(`${path}: expected a list, got ${kindOf(value)}`);
}

export function jsonText(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw invalidBody(`${path}: expected text, got ${kindOf(value)}`);
}

/** Absent and null are empty. */
export function jsonOptionalText(value: unknown, path: string): string {
  return value === undefined || value === null ? '' : jsonText(value, path);
}

/** A 64-bit number: in JSON of protobuf they are text; numbers are taken too. Absent is 0. */
export function jsonUint64(value: unknown, path: string): bigint {
  if (value === undefined || value === null || value === '') return 0n;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value);
  throw invalidBody(`${path}: expected a whole number of 64 bits, got ${kindOf(value)}`);
}

export function jsonCount(value: unknown, path: string): number {
  return Number(jsonUint64(value, path));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}
