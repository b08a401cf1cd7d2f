import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export type AnyValue =
  | { string: string }
  | { bool: boolean }
  | { int: string }
  | { double: number }
  | { bytes: Uint8Array }
  | { array: AnyValue[] }
  | { kvlist: Record<string, AnyValue> };

export interface TestLogRecord {
  timeNs?: string;
  observedNs?: string;
  severityNumber?: number;
  severityText?: string;
  body?: AnyValue;
  attributes?: Record<string, AnyValue>;
  dropped?: number;
  flags?: number;
  traceId?: string;
  spanId?: string;
  eventName?: string;
}

export interface TestResourceLogs {
  resource?: Record<string, AnyValue>;
  scope?: { name: string; version?: string; attributes?: Record<string, AnyValue> };
  records: TestLogRecord[];
}

/** ExportLogsServiceRequest, one scope for each resource. */
export function otlpLogsProtobuf(resources: readonly TestResourceLogs[]): Buffer {
  const request = new BinaryWriter();
  for (const { resource, scope, records } of resources) {
    const resourceLogs = new BinaryWriter();
    if (resource) message(resourceLogs, 1, attributes(new BinaryWriter(), 1, resource));
    const scopeLogs = new BinaryWriter();
    if (scope) {
      const writer = new BinaryWriter();
      text(writer, 1, scope.name);
      if (scope.version !== undefined) text(writer, 2, scope.version);
      message(scopeLogs, 1, attributes(writer, 3, scope.attributes ?? {}));
    }
    for (const record of records) message(scopeLogs, 2, recordMessage(record));
    message(resourceLogs, 2, scopeLogs);
    message(request, 1, resourceLogs);
  }
  return Buffer.from(request.finish());
}

function recordMessage(record: TestLogRecord): BinaryWriter {
  const writer = new BinaryWriter();
  if (record.timeNs !== undefined) writer.tag(1, WireType.Bit64).fixed64(record.timeNs);
  if (record.severityNumber !== undefined) {
    writer.tag(2, WireType.Varint).int32(record.severityNumber);
  }
  if (record.severityText !== undefined) text(writer, 3, record.severityText);
  if (record.body) message(writer, 5, anyValue(record.body));
  attributes(writer, 6, record.attributes ?? {});
  if (record.dropped !== undefined) writer.tag(7, WireType.Varint).uint32(record.dropped);
  if (record.flags !== undefined) writer.tag(8, WireType.Bit32).fixed32(record.flags);
  for (const [field, hex] of [
    [9, record.traceId],
    [10, record.spanId],
  ] as const) {
    if (hex !== undefined) {
      writer.tag(field, WireType.LengthDelimited).bytes(Buffer.from(hex, 'hex'));
    }
  }
  if (record.observedNs !== undefined) writer.tag(11, WireType.Bit64).fixed64(record.observedNs);
  if (record.eventName !== undefined) text(writer, 12, record.eventName);
  return writer;
}

function attributes(
  writer: BinaryWriter,
  field: number,
  values: Record<string, AnyValue>,
): BinaryWriter {
  for (const [key, value] of Object.entries(values)) {
    const pair = new BinaryWriter();
    text(pair, 1, key);
    message(writer, field, message(pair, 2, anyValue(value)));
  }
  return writer;
}

function anyValue(value: AnyValue): BinaryWriter {
  const writer = new BinaryWriter();
  if ('string' in value) return text(writer, 1, value.string);
  if ('bool' in value) return writer.tag(2, WireType.Varint).bool(value.bool);
  if ('int' in value) return writer.tag(3, WireType.Varint).int64(value.int);
  if ('double' in value) return writer.tag(4, WireType.Bit64).double(value.double);
  if ('bytes' in value) return writer.tag(7, WireType.LengthDelimited).bytes(value.bytes);
  if ('array' in value) {
    const list = new BinaryWriter();
    for (const item of value.array) message(list, 1, anyValue(item));
    return message(writer, 5, list);
  }
  return message(writer, 6, attributes(new BinaryWriter(), 1, value.kvlist));
}

function message(writer: BinaryWriter, field: number, inner: BinaryWriter): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).bytes(inner.finish());
}

function text(writer: BinaryWriter, field: number, value: string): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).string(value);
}
