/**
 * ExportLogsServiceRequest as JSON: names in lowerCamelCase, 64-bit numbers as text, trace and span
 * ids in hexadecimal and not in base64 (OTLP specification, JSON Protobuf Encoding).
 */
import { anyValueOfJson } from '../otlp/any-value.ts';
import { attributesOfJson, resourceOfJson, scopeOfJson } from '../otlp/attributes.ts';
import {
  jsonArray,
  jsonCount,
  jsonObject,
  jsonOptionalText,
  jsonUint64,
  type JsonObject,
  parseJson,
} from '../otlp/json-fields.ts';
import { invalidBody } from '../receiver-error.ts';
import type { OtlpEntries, OtlpLogRecord } from './log-record.ts';

/** @throws {ReceiverError} `invalid_body` */
export function decodeLogsJson(body: Buffer, entries: OtlpEntries): void {
  const request = jsonObject(parseJson(body), 'body');
  for (const [path, resourceLogs] of items(request, 'resourceLogs', '')) {
    entries.beginResource(resourceOfJson(resourceLogs['resource'], `${path}.resource`));
    for (const [scopePath, scopeLogs] of items(resourceLogs, 'scopeLogs', `${path}.`)) {
      entries.beginScope(scopeOfJson(scopeLogs['scope'], `${scopePath}.scope`));
      for (const [recordPath, record] of items(scopeLogs, 'logRecords', `${scopePath}.`)) {
        entries.add(logRecordOf(record, recordPath));
      }
    }
  }
}

function* items(
  parent: JsonObject,
  name: string,
  prefix: string,
): Generator<[path: string, item: JsonObject]> {
  const list = jsonArray(parent[name], `${prefix}${name}`);
  for (const [index, item] of list.entries()) {
    const path = `${prefix}${name}[${index}]`;
    yield [path, jsonObject(item, path)];
  }
}

function logRecordOf(json: JsonObject, path: string): OtlpLogRecord {
  const at = (name: string): [unknown, string] => [json[name], `${path}.${name}`];
  return {
    timeNs: jsonUint64(...at('timeUnixNano')),
    observedNs: jsonUint64(...at('observedTimeUnixNano')),
    severityNumber: jsonCount(...at('severityNumber')),
    severityText: jsonOptionalText(...at('severityText')),
    body: anyValueOfJson(...at('body')),
    attributes: attributesOfJson(...at('attributes')),
    droppedAttributes: jsonCount(...at('droppedAttributesCount')),
    flags: jsonCount(...at('flags')),
    traceId: hexOf(...at('traceId')),
    spanId: hexOf(...at('spanId')),
    eventName: jsonOptionalText(...at('eventName')),
  };
}

function hexOf(value: unknown, path: string): string {
  const text = jsonOptionalText(value, path);
  if (/^(?:[0-9a-fA-F]{2}){0,16}$/.test(text)) return text.toLowerCase();
  throw invalidBody(`${path}: expected at most 16 bytes in hexadecimal`);
}
