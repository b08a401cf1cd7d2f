/**
 * Loki's logproto.PushRequest (grafana/loki, pkg/push/push.proto):
 *
 * ```
 * PushRequest  1 streams: StreamAdapter*
 * Stream       1 labels: string    2 entries: EntryAdapter*    3 hash
 * Entry        1 timestamp: Timestamp    2 line: string    3 structured metadata: LabelPair*
 * Timestamp    1 seconds: int64    2 nanos: int32
 * LabelPair    1 name: string    2 value: string
 * ```
 */
import { ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';
import { nameStream, parseLabelString } from './label-string.ts';
import type { Label, PushEntries } from './push-entries.ts';

/** @throws {ReceiverError} `invalid_body` */
export function decodePushProtobuf(body: Buffer, entries: PushEntries): void {
  const reader = new ProtobufReader(body);
  const end = body.length;
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(1, wire.bytes)) readStream(reader, entries);
    else reader.skip();
  }
}

/** Twice, because nothing says that labels stand before entries. */
function readStream(reader: ProtobufReader, entries: PushEntries): void {
  const end = reader.enter();
  const start = reader.position;
  let labels = '';
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(1, wire.bytes)) labels = reader.string();
    else reader.skip();
  }
  const parsed = parseLabelString(labels);
  const name = nameStream(labels);
  if (parsed.ok) entries.beginStream(name, parsed.labels, null);
  else entries.beginStream(name, [], parsed.problem);
  reader.position = start;
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(2, wire.bytes)) readEntry(reader, entries);
    else reader.skip();
  }
}

const noLabels: readonly Label[] = [];

function readEntry(reader: ProtobufReader, entries: PushEntries): void {
  let timeNs = 0n;
  let text = '';
  let metadata = noLabels;
  const end = reader.enter();
  while (reader.isBefore(end)) {
    switch (reader.tag()) {
      case tagOf(1, wire.bytes):
        timeNs = readTimestamp(reader);
        break;
      case tagOf(2, wire.bytes):
        text = reader.bytes().toString('latin1');
        break;
      case tagOf(3, wire.bytes):
        metadata = [...metadata, readLabelPair(reader)];
        break;
      default:
        reader.skip();
    }
  }
  entries.add(timeNs, text, metadata);
}

const maxInt64 = 2n ** 63n - 1n;

function readTimestamp(reader: ProtobufReader): bigint {
  let seconds = 0n;
  let nanos = 0;
  const end = reader.enter();
  while (reader.isBefore(end)) {
    switch (reader.tag()) {
      case tagOf(1, wire.varint):
        seconds = reader.int64Exact();
        break;
      case tagOf(2, wire.varint):
        nanos = reader.int32();
        break;
      default:
        reader.skip();
    }
  }
  const time = seconds * 1_000_000_000n + BigInt(nanos);
  return time > maxInt64 ? maxInt64 : time < -maxInt64 ? -maxInt64 : time;
}

function readLabelPair(reader: ProtobufReader): Label {
  let name = '';
  let value = '';
  const end = reader.enter();
  while (reader.isBefore(end)) {
    switch (reader.tag()) {
      case tagOf(1, wire.bytes):
        name = reader.string();
        break;
      case tagOf(2, wire.bytes):
        value = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return [name, value];
}
