import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeLogs } from '../../src/otlp-logs/decode-logs.ts';
import { ReceiverError } from '../../src/receiver-error.ts';
import {
  otlpLogsProtobuf,
  type AnyValue,
  type TestResourceLogs,
} from '../support/otlp-logs-protobuf.ts';
import { rowsOfPush, type PushedRow } from '../support/pushed-rows.ts';

function rows(body: Buffer, encoding: 'json' | 'protobuf'): PushedRow[] {
  const { logs } = decodeLogs(body, 't', encoding);
  return logs === null ? [] : rowsOfPush(logs);
}

/** The same as JSON: names in lowerCamelCase, 64-bit numbers as text, ids in hexadecimal. */
function asJson(resources: readonly TestResourceLogs[]): Buffer {
  const pairs = (values: Record<string, AnyValue> = {}) =>
    Object.entries(values).map(([key, value]) => ({ key, value: jsonValue(value) }));
  return Buffer.from(
    JSON.stringify({
      resourceLogs: resources.map(({ resource, scope, records }) => ({
        resource: { attributes: pairs(resource) },
        scopeLogs: [
          {
            scope: scope && { ...scope, attributes: pairs(scope.attributes) },
            logRecords: records.map((record) => ({
              timeUnixNano: record.timeNs,
              observedTimeUnixNano: record.observedNs,
              severityNumber: record.severityNumber,
              severityText: record.severityText,
              body: record.body && jsonValue(record.body),
              attributes: pairs(record.attributes),
              droppedAttributesCount: record.dropped,
              flags: record.flags,
              traceId: record.traceId,
              spanId: record.spanId,
              eventName: record.eventName,
            })),
          },
        ],
      })),
    }),
  );
}

function jsonValue(value: AnyValue): object {
  if ('string' in value) return { stringValue: value.string };
  if ('bool' in value) return { boolValue: value.bool };
  if ('int' in value) return { intValue: value.int };
  if ('double' in value) {
    return { doubleValue: Number.isFinite(value.double) ? value.double : String(value.double) };
  }
  if ('bytes' in value) return { bytesValue: Buffer.from(value.bytes).toString('base64') };
  if ('array' in value) return { arrayValue: { values: value.array.map(jsonValue) } };
  const values = Object.entries(value.kvlist).map(([key, item]) => ({
    key,
    value: jsonValue(item),
  }));
  return { kvlistValue: { values } };
}

const everything: TestResourceLogs[] = [
  {
    resource: {
      'service.name': { string: 'web' },
      'host.name': { string: 'n1' },
      replicas: { int: '3' },
    },
    scope: { name: 'lib', version: '1.0', attributes: { 'scope.x': { bool: true } } },
    records: [
      {
        timeNs: '1700000000000000001',
        observedNs: '1700000000000000009',
        severityNumber: 13,
        severityText: 'Warning',
        body: { string: 'hello é' },
        attributes: {
          'http.status': { int: '-404' },
          huge: { int: '9223372036854775807' },
          ratio: { double: 0.5 },
          nan: { double: NaN },
          raw: { bytes: Uint8Array.of(1, 2, 255) },
          list: { array: [{ string: 'a' }, { int: '1' }, { array: [] }] },
          map: { kvlist: { k: { string: 'v' }, __proto__x: { bool: false } } },
          replicas: { int: '4' },
        },
        dropped: 2,
        flags: 257,
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        eventName: 'cart.full',
      },
      {
        observedNs: '5',
        body: { kvlist: { a: { array: [{ double: 1.5 }] } } },
        traceId: '0'.repeat(32),
      },
      { timeNs: '6', body: { bytes: Uint8Array.of(9) } },
      { timeNs: '7' },
    ],
  },
];

test('every field and kind of value, in both encodings', () => {
  const fromProtobuf = rows(otlpLogsProtobuf(everything), 'protobuf');
  expect(rows(asJson(everything), 'json')).toEqual(fromProtobuf);
  const shared = { tenant: 't', host: 'n1', container_name: 'web' };
  const labels = {
    'service.name': 'web',
    'otel.scope.name': 'lib',
    'otel.scope.version': '1.0',
    'scope.x': 'true',
    replicas: '3',
  };
  expect(fromProtobuf).toEqual([
    {
      ...shared,
      time: '1700000000000000001',
      severity: 'warn',
      text: 'hello é',
      labels: {
        ...labels,
        replicas: '4',
        'http.status': '-404',
        huge: '9223372036854775807',
        ratio: '0.5',
        nan: 'NaN',
        raw: 'AQL/',
        list: '["a",1,[]]',
        map: '{"k":"v","__proto__x":false}',
        severity_text: 'Warning',
        'otel.dropped_attributes_count': '2',
        trace_flags: '01',
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        span_id: 'b7ad6b7169203331',
        'event.name': 'cart.full',
        observed_timestamp: '1700000000000000009',
      },
    },
    { ...shared, time: '5', text: '{"a":[1.5]}', labels },
    { ...shared, time: '6', text: 'CQ==', labels },
    { ...shared, time: '7', labels },
  ]);
});

test('severity by text where there is no number, and by the line where there is neither', () => {
  const records = [
    { timeNs: '1', severityText: 'ERROR' },
    { timeNs: '2', attributes: { level: { string: 'debug' } } },
    { timeNs: '3', severityNumber: 9, severityText: 'ERROR' },
    { timeNs: '4', body: { string: 'ERROR in the line' } },
  ];
  const found = rows(otlpLogsProtobuf([{ records }]), 'protobuf');
  expect(found.map(({ severity }) => severity)).toEqual(['error', 'debug', 'info', undefined]);
});

test('a resource that stands behind its records counts all the same', () => {
  const resource = otlpLogsProtobuf([{ resource: { pod: { string: 'p' } }, records: [] }]);
  const records = otlpLogsProtobuf([{ records: [{ timeNs: '1' }] }]);
  // Fields of a message may come in any order: resource logs with the fields of both.
  const inner = Buffer.concat([records.subarray(2), resource.subarray(2)]);
  const body = Buffer.concat([Buffer.of(0x0a, inner.length), inner]);
  expect(rows(body, 'protobuf')).toEqual([{ tenant: 't', time: '1', kubernetes_pod: 'p' }]);
});

test('a record without any time cannot be told from its repetition: it has an identity of its own', () => {
  const timeless = otlpLogsProtobuf([{ records: [{ body: { string: 'x' } }] }]);
  const timed = otlpLogsProtobuf([{ records: [{ timeNs: '1', body: { string: 'x' } }] }]);
  const identity = (body: Buffer, tenant = 't') =>
    decodeLogs(body, tenant, 'protobuf').logs?.identity;
  expect(identity(timeless)).not.toBe(identity(timeless));
  expect(identity(timed)).toBe(identity(timed));
  expect(identity(timed)).not.toBe(identity(timed, 'other'));
  expect(rows(timeless, 'protobuf')).toEqual([{ tenant: 't', time: null, text: 'x' }]);
});

test('records with too many labels are left out and counted', () => {
  const many = Object.fromEntries(
    Array.from({ length: 257 }, (_, index) => [`a${index}`, { string: 'x' }]),
  );
  const body = otlpLogsProtobuf([
    { records: [{ timeNs: '1' }, { timeNs: '2', attributes: many }] },
  ]);
  const { records, rejected } = decodeLogs(body, 't', 'protobuf');
  expect(records).toBe(1);
  expect(rejected).toEqual({
    records: 1,
    problems: [expect.stringMatching(/^log record 1: expected at most 256 labels/)],
  });
});

describe('what cannot be taken', () => {
  const record = (fields: object): Buffer =>
    Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [fields] }] }] }));
  const at = 'resourceLogs\\[0\\]\\.scopeLogs\\[0\\]\\.logRecords\\[0\\]';
  test.each<[string, Buffer, RegExp]>([
    ['no JSON', Buffer.from('x'), /^body: expected JSON/],
    ['a list', Buffer.from('[]'), /^body: expected an object, got a list/],
    [
      'a time',
      record({ timeUnixNano: 'now' }),
      new RegExp(`^${at}\\.timeUnixNano: expected a whole number`),
    ],
    [
      'a trace id',
      record({ traceId: 'xyz' }),
      new RegExp(`^${at}\\.traceId: expected at most 16 bytes`),
    ],
    ['a body', record({ body: 'x' }), new RegExp(`^${at}\\.body: expected an object, got string`)],
    [
      'a value',
      record({ body: { intValue: 1.5 } }),
      new RegExp(`^${at}\\.body\\.intValue: expected a whole`),
    ],
    [
      'a flag',
      record({ body: { boolValue: 'x' } }),
      new RegExp(`^${at}\\.body\\.boolValue: expected true or`),
    ],
    [
      'an attribute',
      record({ attributes: ['x'] }),
      new RegExp(`^${at}\\.attributes\\[0\\]: expected an object`),
    ],
  ])('%s', (_name, body, message) => {
    expect(() => decodeLogs(body, 't', 'json')).toThrow(message);
  });

  test('values too deep within each other', () => {
    let deep: AnyValue = { int: '1' };
    for (let level = 0; level < 40; level += 1) deep = { array: [deep] };
    const logs = [{ records: [{ timeNs: '1', body: deep }] }];
    expect(() => decodeLogs(otlpLogsProtobuf(logs), 't', 'protobuf')).toThrow(/at most 32 levels/);
    expect(() => decodeLogs(asJson(logs), 't', 'json')).toThrow(/at most 32 levels/);
  });

  test.each([
    ['many values within one', { body: { array: repeated(65_537, () => ({ array: [] })) } }],
    ['many values over two levels', { body: { array: repeated(300, () => wide(300)) } }],
    ['many attributes', { attributes: wideAttributes(4097) }],
  ])('%s', (_name, fields) => {
    const logs = [{ records: [{ timeNs: '1', ...fields }] }];
    const isRefused = /^attributes: expected at most (?:65536 values|4096 of one)/;
    expect(() => decodeLogs(otlpLogsProtobuf(logs), 't', 'protobuf')).toThrow(isRefused);
    expect(() => decodeLogs(asJson(logs), 't', 'json')).toThrow(isRefused);
  });

  test('as many values as may be are one record', () => {
    const logs = [{ records: [{ timeNs: '1', body: wide(65_536) }] }];
    expect(rows(otlpLogsProtobuf(logs), 'protobuf')).toHaveLength(1);
    expect(rows(asJson(logs), 'json')).toHaveLength(1);
  });

  test('a body of nothing but lists, which would take gigabytes', () => {
    const body = Buffer.concat([
      Buffer.from('{"resourceLogs":['),
      Buffer.alloc(12_000_000, '[],'),
      Buffer.from('[]]}'),
    ]);
    expect(() => decodeLogs(body, 't', 'json')).toThrow(/^body: expected at most 4000000 objects/);
  });
});

function repeated(count: number, make: () => AnyValue): AnyValue[] {
  return Array.from({ length: count }, make);
}

function wide(count: number): AnyValue {
  return { array: repeated(count, () => ({ bool: true })) };
}

function wideAttributes(count: number): Record<string, AnyValue> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`a${index}`, { bool: true }]),
  );
}

function throwsNothingElse(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ReceiverError)) throw error;
  }
}

test('no bytes and no JSON make it throw anything else', () => {
  const good = otlpLogsProtobuf(everything);
  const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(change, { maxLength: 5 }),
      fc.jsonValue(),
      (bytes, changes, value) => {
        throwsNothingElse(() => decodeLogs(Buffer.from(bytes), 't', 'protobuf'));
        const changed = Buffer.from(good);
        for (const [position, byte] of changes) changed[position] = byte;
        throwsNothingElse(() => decodeLogs(changed, 't', 'protobuf'));
        throwsNothingElse(() => decodeLogs(Buffer.from(JSON.stringify(value)), 't', 'json'));
        for (const logRecords of [value, [value], [{ body: value, attributes: [value] }]]) {
          const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
          throwsNothingElse(() => decodeLogs(Buffer.from(body), 't', 'json'));
        }
      },
    ),
    { numRuns: 1000 },
  );
});
