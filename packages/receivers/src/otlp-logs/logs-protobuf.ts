/**
 * ExportLogsServiceRequest as protobuf:
 *
 * ```
 * request      1 resource_logs*
 * ResourceLogs 1 resource    2 scope_logs*
 * ScopeLogs    1 scope       2 log_records*
 * LogRecord    1 time (fixed64)  2 severity number  3 severity text  5 body  6 attributes*
 *              7 dropped attributes  8 flags (fixed32)  9 trace id  10 span id
 *              11 observed time (fixed64)  12 event name
 * ```
 */
import { readAnyValue } from '../otlp/any-value.ts';
import { readAttribute, readResource, readScope } from '../otlp/attributes.ts';
import { ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';
import { emptyLogRecord, type OtlpEntries, type OtlpLogRecord } from './log-record.ts';

/** @throws {ReceiverError} `invalid_body` */
export function decodeLogsProtobuf(body: Buffer, entries: OtlpEntries): void {
  const reader = new ProtobufReader(body);
  while (reader.isBefore(body.length)) {
    if (reader.tag() === tagOf(1, wire.bytes)) readResourceLogs(reader, entries);
    else reader.skip();
  }
}

/** What describes comes first, wherever it stands: so each level is read twice. */
function readResourceLogs(reader: ProtobufReader, entries: OtlpEntries): void {
  const end = reader.enter();
  const start = reader.position;
  entries.beginResource([]);
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(1, wire.bytes)) entries.beginResource(readResource(reader));
    else reader.skip();
  }
  reader.position = start;
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(2, wire.bytes)) readScopeLogs(reader, entries);
    else reader.skip();
  }
}

function readScopeLogs(reader: ProtobufReader, entries: OtlpEntries): void {
  const end = reader.enter();
  const start = reader.position;
  entries.beginScope({ name: '', version: '', attributes: [] });
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(1, wire.bytes)) entries.beginScope(readScope(reader));
    else reader.skip();
  }
  reader.position = start;
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(2, wire.bytes)) entries.add(readLogRecord(reader));
    else reader.skip();
  }
}

function readLogRecord(reader: ProtobufReader): OtlpLogRecord {
  const record = emptyLogRecord();
  const end = reader.enter();
  while (reader.isBefore(end)) readField(reader, record);
  return record;
}

function readField(reader: ProtobufReader, record: OtlpLogRecord): void {
  switch (reader.tag()) {
    case tagOf(1, wire.fixed64):
      record.timeNs = reader.fixed64();
      break;
    case tagOf(2, wire.varint):
      record.severityNumber = reader.int32();
      break;
    case tagOf(3, wire.bytes):
      record.severityText = reader.string();
      break;
    case tagOf(5, wire.bytes):
      record.body = readAnyValue(reader);
      break;
    case tagOf(6, wire.bytes):
      readAttribute(reader, record.attributes);
      break;
    case tagOf(7, wire.varint):
      record.droppedAttributes = reader.varint();
      break;
    case tagOf(8, wire.fixed32):
      record.flags = reader.fixed32();
      break;
    case tagOf(9, wire.bytes):
      record.traceId = reader.bytes().toString('hex');
      break;
    case tagOf(10, wire.bytes):
      record.spanId = reader.bytes().toString('hex');
      break;
    case tagOf(11, wire.fixed64):
      record.observedNs = reader.fixed64();
      break;
    case tagOf(12, wire.bytes):
      record.eventName = reader.string();
      break;
    default:
      reader.skip();
  }
}
