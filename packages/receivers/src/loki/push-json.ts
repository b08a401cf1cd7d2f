/**
 * Loki's push as JSON (grafana.com/docs/loki, HTTP API):
 *
 * ```
 * {"streams": [{"stream": {"<name>": "<value>", …},
 *               "values": [["<nanoseconds since 1970>", "<line>", {"<name>": "<value>", …}?], …]}]}
 * ```
 *
 * and its form before version 1: `{"streams": [{"labels": "{…}", "entries": [{"ts": "<RFC 3339>",
 * "line": "…"}]}]}`.
 */
import { byteTextOf } from '@plimsoll/model';
import {
  jsonArray,
  jsonObject,
  jsonText,
  type JsonObject,
  parseJson,
} from '../otlp/json-fields.ts';
import { invalidBody } from '../receiver-error.ts';
import { nameStream, parseLabelString } from './label-string.ts';
import type { Label, PushEntries } from './push-entries.ts';

/** @throws {ReceiverError} `invalid_body` */
export function decodePushJson(body: Buffer, entries: PushEntries): void {
  const push = jsonObject(parseJson(body), 'body');
  for (const [index, stream] of jsonArray(push['streams'], 'streams').entries()) {
    const path = `streams[${index}]`;
    const fields = jsonObject(stream, path);
    if (typeof fields['labels'] === 'string') readOldStream(fields, path, entries);
    else readStream(fields, path, entries);
  }
}

function readStream(fields: JsonObject, path: string, entries: PushEntries): void {
  const labels = labelsOf(fields['stream'] ?? {}, `${path}.stream`);
  const name = nameStream(textOfLabels(labels));
  entries.beginStream(name, labels, null);
  for (const [index, value] of jsonArray(fields['values'], `${path}.values`).entries()) {
    const at = `${path}.values[${index}]`;
    const [time, line, metadata] = jsonArray(value, at);
    const timeNs = nanosecondsOf(time, () => `${name}: ${at}[0]`);
    const text = byteTextOf(jsonText(line, `${name}: ${at}[1]`));
    const pairs = metadata === undefined || metadata === null ? [] : labelsOf(metadata, `${at}[2]`);
    entries.add(timeNs, text, pairs);
  }
}

function readOldStream(fields: JsonObject, path: string, entries: PushEntries): void {
  const labels = jsonText(fields['labels'], `${path}.labels`);
  const parsed = parseLabelString(labels);
  const name = nameStream(labels);
  if (parsed.ok) entries.beginStream(name, parsed.labels, null);
  else entries.beginStream(name, [], parsed.problem);
  for (const [index, value] of jsonArray(fields['entries'], `${path}.entries`).entries()) {
    const at = `${path}.entries[${index}]`;
    const entry = jsonObject(value, at);
    const timeNs = timeOf(entry['ts'], `${name}: ${at}.ts`);
    entries.add(timeNs, byteTextOf(jsonText(entry['line'], `${name}: ${at}.line`)), []);
  }
}

function labelsOf(value: unknown, path: string): Label[] {
  return Object.entries(jsonObject(value, path)).map(([name, label]) => [
    name,
    // As Loki has it: other than text is an error. Fluent Bit sends numbers all the same.
    typeof label === 'number' || typeof label === 'boolean'
      ? String(label)
      : jsonText(label, `${path}.${name}`),
  ]);
}

function textOfLabels(labels: readonly Label[]): string {
  const parts = labels.slice(0, 20).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${parts.join(', ')}}`;
}

const maxInt64 = 2n ** 63n - 1n;

function nanosecondsOf(value: unknown, path: () => string): bigint {
  if (typeof value === 'string' && /^-?\d{1,19}$/.test(value)) {
    const time = BigInt(value);
    if (time <= maxInt64 && time >= -maxInt64) return time;
  }
  const came = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeof value;
  throw invalidBody(`${path()}: expected nanoseconds since 1970 as text, got ${came}`);
}

/** RFC 3339 with up to nine digits behind the point. */
function timeOf(value: unknown, path: string): bigint {
  const text = jsonText(value, path);
  const [, whole, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const ms = whole === undefined ? NaN : Date.parse(`${whole.replace(' ', 'T')}${zone}`);
  if (Number.isNaN(ms)) {
    const came = JSON.stringify(text.slice(0, 40));
    throw invalidBody(
      `${path}: expected a time such as 2026-01-31T23:59:59.123456789Z, got ${came}`,
    );
  }
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
