/**
 * ExportMetricsServiceRequest from protobuf, point by point: nothing of it is held longer than a point.
 *
 *     ExportMetricsServiceRequest = 1 ResourceMetrics
 *     ResourceMetrics = 1 Resource, 2 ScopeMetrics
 *     ScopeMetrics    = 1 InstrumentationScope (not kept), 2 Metric
 *     Metric          = 1 name, 2 description, 3 unit, 5 Gauge, 7 Sum, 9 Histogram,
 *                       10 ExponentialHistogram, 11 Summary
 *     each of these   = 1 data points, 2 aggregation_temporality, 3 is_monotonic (of a sum)
 *
 * What stands above the points is read first, wherever it stands in its message.
 */
import { readResource, type Attribute } from '../otlp/attributes.ts';
import { ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';
import { invalidBody } from '../receiver-error.ts';
import type { MetricKind, OtlpMetric, OtlpVisitor, PointBounds } from './points.ts';
import {
  readExponentialPoint,
  readHistogramPoint,
  readNumberPoint,
  readSummaryPoint,
} from './read-points.ts';

const pointsTag = tagOf(1, wire.bytes);

/** @throws {ReceiverError} `invalid_body` */
export function readMetricsProtobuf(body: Buffer, visitor: OtlpVisitor, bounds: PointBounds): void {
  const reader = new ProtobufReader(body);
  while (reader.isBefore(body.length)) {
    if (reader.tag() === tagOf(1, wire.bytes)) readResourceMetrics(reader, visitor, bounds);
    else reader.skip();
  }
}

function readResourceMetrics(
  reader: ProtobufReader,
  visitor: OtlpVisitor,
  bounds: PointBounds,
): void {
  const end = reader.enter();
  const start = reader.position;
  let resource: Attribute[] = [];
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(1, wire.bytes)) resource = boundedResource(reader, bounds);
    else reader.skip();
  }
  visitor.beginResource(resource);
  reader.position = start;
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(2, wire.bytes)) readScopeMetrics(reader, visitor, bounds);
    else reader.skip();
  }
  visitor.endResource();
}

/** A resource is read only when it is not too long for its attributes to become labels. */
function boundedResource(reader: ProtobufReader, bounds: PointBounds): Attribute[] {
  const start = reader.position;
  reader.skip();
  const bytes = reader.position - start;
  const maxBytes = bounds.attributes * bounds.attributeBytes;
  if (bytes > maxBytes) {
    throw invalidBody(`resource: expected at most ${maxBytes} bytes, got ${bytes}`);
  }
  reader.position = start;
  return readResource(reader);
}

function readScopeMetrics(reader: ProtobufReader, visitor: OtlpVisitor, bounds: PointBounds): void {
  const end = reader.enter();
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(2, wire.bytes)) readMetric(reader, visitor, bounds);
    else reader.skip();
  }
}

const kinds: Readonly<Record<number, MetricKind>> = {
  [tagOf(5, wire.bytes)]: 'gauge',
  [tagOf(7, wire.bytes)]: 'sum',
  [tagOf(9, wire.bytes)]: 'histogram',
  [tagOf(10, wire.bytes)]: 'exponential',
  [tagOf(11, wire.bytes)]: 'summary',
};

function readMetric(reader: ProtobufReader, visitor: OtlpVisitor, bounds: PointBounds): void {
  const metric: OtlpMetric = {
    name: '',
    description: '',
    unit: '',
    kind: 'gauge',
    temporality: 0,
    isMonotonic: false,
  };
  let dataAt = -1;
  const end = reader.enter();
  while (reader.isBefore(end)) {
    const tag = reader.tag();
    const kind = kinds[tag];
    if (kind !== undefined) {
      metric.kind = kind;
      dataAt = reader.position;
      readData(reader, metric);
    } else if (tag === tagOf(1, wire.bytes)) metric.name = reader.string();
    else if (tag === tagOf(2, wire.bytes)) metric.description = reader.string();
    else if (tag === tagOf(3, wire.bytes)) metric.unit = reader.string();
    else reader.skip();
  }
  if (dataAt < 0) return;
  reader.position = dataAt;
  readPoints(reader, metric, { visitor, bounds });
  reader.position = end;
}

/** All of a metric's data but its points. */
function readData(reader: ProtobufReader, metric: OtlpMetric): void {
  const end = reader.enter();
  while (reader.isBefore(end)) {
    const tag = reader.tag();
    if (tag === tagOf(2, wire.varint)) metric.temporality = reader.varint();
    else if (tag === tagOf(3, wire.varint)) metric.isMonotonic = reader.boolean();
    else reader.skip();
  }
}

function readPoints(
  reader: ProtobufReader,
  metric: OtlpMetric,
  { visitor, bounds }: { visitor: OtlpVisitor; bounds: PointBounds },
): void {
  const isWanted = visitor.beginMetric(metric);
  let skipped = 0;
  const end = reader.enter();
  while (reader.isBefore(end)) {
    if (reader.tag() !== pointsTag) reader.skip();
    else if (isWanted) readPoint(reader, metric.kind, { visitor, bounds });
    else {
      skipped += 1;
      reader.skip();
    }
  }
  if (skipped > 0) visitor.skipPoints(skipped);
}

function readPoint(
  reader: ProtobufReader,
  kind: MetricKind,
  { visitor, bounds }: { visitor: OtlpVisitor; bounds: PointBounds },
): void {
  switch (kind) {
    case 'gauge':
    case 'sum':
      visitor.number(readNumberPoint(reader, bounds));
      break;
    case 'histogram':
      visitor.histogram(readHistogramPoint(reader, bounds));
      break;
    case 'exponential':
      visitor.exponential(readExponentialPoint(reader, bounds));
      break;
    case 'summary':
      visitor.summary(readSummaryPoint(reader, bounds));
      break;
  }
}
