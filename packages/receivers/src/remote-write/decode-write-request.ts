/**
 * prometheus.WriteRequest, of remote write 1.0:
 *
 *     WriteRequest   = 1 TimeSeries, 3 MetricMetadata
 *     TimeSeries     = 1 Label, 2 Sample, 3 Exemplar, 4 Histogram
 *     Label          = 1 name, 2 value
 *     MetricMetadata = 1 type, 2 metric_family_name, 4 help, 5 unit
 *
 * A sender writes the same labels as the same bytes each time. So these bytes are what a series is looked
 * up by, and labels are read once.
 */
import { isUtf8 } from 'node:buffer';
import type { BatchBuilder } from '../metrics/batch-builder.ts';
import type { SeriesIdentity } from '../metrics/metrics-batch.ts';
import type { Label } from '../metrics/series-identity.ts';
import { ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';
import { metricTypeOf } from './metric-type.ts';
import { SeriesReading } from './read-samples.ts';

const labelTag = tagOf(1, wire.bytes);

/** @throws {ReceiverError} `invalid_body`, `body_too_large` */
export function decodeWriteRequest(body: Buffer, builder: BatchBuilder): void {
  const reader = new ProtobufReader(body);
  const reading = new SeriesReading(builder, reader);
  while (reader.isBefore(body.length)) {
    switch (reader.tag()) {
      case tagOf(1, wire.bytes):
        readTimeSeries(reader, reading, builder);
        break;
      case tagOf(3, wire.bytes):
        readMetadata(reader, builder);
        break;
      default:
        reader.skip();
    }
  }
}

function readTimeSeries(
  reader: ProtobufReader,
  reading: SeriesReading,
  builder: BatchBuilder,
): void {
  reading.begin();
  // Where the run of labels begins and ends; other runs, which no known sender makes.
  let start = -1;
  let stop = -1;
  let others: [start: number, stop: number][] | null = null;
  const end = reader.enter();
  while (reader.isBefore(end)) {
    const at = reader.position;
    switch (reader.tag()) {
      case labelTag:
        reader.skip();
        skipLabels(reader, end);
        if (start < 0) start = at;
        else if (stop !== at) {
          others ??= [];
          // With more runs there are more labels than may be.
          if (others.length <= builder.limits.maxLabels) others.push([at, reader.position]);
        }
        if (others === null) stop = reader.position;
        break;
      case tagOf(2, wire.bytes):
        reading.sample();
        break;
      case tagOf(3, wire.bytes):
        reading.exemplar();
        break;
      case tagOf(4, wire.bytes):
        reading.histogram();
        break;
      default:
        reader.skip();
    }
  }
  if (reading.isEmpty) reading.finish(null);
  else reading.finish(seriesOf(labelBytes(reader.buffer, { start, stop, others }), builder));
}

/** Over the labels that follow, most of which are shorter than 128 bytes: the loop that runs most. */
function skipLabels(reader: ProtobufReader, end: number): void {
  const { buffer } = reader;
  let at = reader.position;
  for (;;) {
    const length = buffer[at + 1] ?? 128;
    if (buffer[at] !== labelTag || length > 127 || at + 2 + length > end) break;
    at += 2 + length;
  }
  reader.position = at;
}

function labelBytes(
  buffer: Buffer,
  { start, stop, others }: { start: number; stop: number; others: [number, number][] | null },
): Buffer {
  const first = buffer.subarray(Math.max(0, start), Math.max(0, stop));
  if (others === null) return first;
  return Buffer.concat([first, ...others.map(([from, to]) => buffer.subarray(from, to))]);
}

function seriesOf(bytes: Buffer, builder: BatchBuilder): SeriesIdentity | string {
  const key = bytes.toString('latin1');
  const known = builder.recall(key);
  if (known) return known;
  const labels = readLabels(bytes, builder.limits.maxLabels);
  return typeof labels === 'string' ? labels : builder.identify(key, labels);
}

/** One label more than may be shows that there are too many. */
function readLabels(bytes: Buffer, maxLabels: number): Label[] | string {
  const labels: Label[] = [];
  const reader = new ProtobufReader(bytes);
  while (reader.isBefore(bytes.length) && labels.length <= maxLabels) {
    let name: Buffer = empty;
    let value: Buffer = empty;
    reader.tag();
    const end = reader.enter();
    while (reader.isBefore(end)) {
      const tag = reader.tag();
      if (tag === tagOf(1, wire.bytes)) name = reader.bytes();
      else if (tag === tagOf(2, wire.bytes)) value = reader.bytes();
      else reader.skip();
    }
    if (!isUtf8(name) || !isUtf8(value)) {
      return `label ${labels.length} ${JSON.stringify(name.toString('latin1').slice(0, 60))}: expected UTF-8`;
    }
    labels.push([name.toString(), value.toString()]);
  }
  return labels;
}

const empty = Buffer.alloc(0);

function readMetadata(reader: ProtobufReader, builder: BatchBuilder): void {
  let type = 0;
  let family = '';
  let help = '';
  let unit = '';
  const end = reader.enter();
  while (reader.isBefore(end)) {
    switch (reader.tag()) {
      case tagOf(1, wire.varint):
        type = reader.varint();
        break;
      case tagOf(2, wire.bytes):
        family = reader.string();
        break;
      case tagOf(4, wire.bytes):
        help = reader.string();
        break;
      case tagOf(5, wire.bytes):
        unit = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  if (family !== '') builder.addFamily({ family, type: metricTypeOf(type), unit, help });
}
