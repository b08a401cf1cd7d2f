import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

const { LengthDelimited, Varint, Bit64 } = WireType;

/** ExportMetricsServiceRequest as its JSON, for all that tests need of it. */
export interface TestMetricsRequest {
  resourceMetrics: {
    resource?: { attributes: TestAttribute[] };
    scopeMetrics: { metrics: TestMetric[] }[];
  }[];
}

export interface TestAttribute {
  key: string;
  value: { stringValue: string };
}

export interface TestMetric {
  name: string;
  unit?: string;
  description?: string;
  gauge?: TestData;
  sum?: TestData;
  histogram?: TestData;
  exponentialHistogram?: TestData;
  summary?: TestData;
}

interface TestData {
  dataPoints: TestPoint[];
  aggregationTemporality?: number;
  isMonotonic?: boolean;
}

export interface TestPoint {
  attributes?: TestAttribute[];
  timeUnixNano: string;
  flags?: number;
  asDouble?: number;
  asInt?: string;
  count?: string;
  sum?: number;
  bucketCounts?: string[];
  explicitBounds?: number[];
  scale?: number;
  zeroCount?: string;
  zeroThreshold?: number;
  positive?: { offset: number; bucketCounts: string[] };
  negative?: { offset: number; bucketCounts: string[] };
  quantileValues?: { quantile: number; value: number }[];
  exemplars?: object[];
}

/** The same request as protobuf. */
export function otlpMetricsProtobuf({ resourceMetrics }: TestMetricsRequest): Buffer {
  const request = new BinaryWriter();
  for (const { resource, scopeMetrics } of resourceMetrics) {
    const writer = new BinaryWriter();
    for (const { metrics } of scopeMetrics) {
      const scope = new BinaryWriter();
      for (const metric of metrics) message(scope, 2, metricOf(metric));
      message(writer, 2, scope);
    }
    // Behind what it is for: readers may not rely on the order.
    if (resource) message(writer, 1, attributes(new BinaryWriter(), 1, resource.attributes));
    message(request, 1, writer);
  }
  return Buffer.from(request.finish());
}

const kinds = {
  gauge: [5, numberPoint],
  sum: [7, numberPoint],
  histogram: [9, histogramPoint],
  exponentialHistogram: [10, exponentialPoint],
  summary: [11, summaryPoint],
} as const;

function metricOf(metric: TestMetric): BinaryWriter {
  const writer = new BinaryWriter().tag(1, LengthDelimited).string(metric.name);
  writer.tag(2, LengthDelimited).string(metric.description ?? '');
  writer.tag(3, LengthDelimited).string(metric.unit ?? '');
  for (const [kind, [field, pointOf]] of Object.entries(kinds)) {
    const data = metric[kind as keyof typeof kinds];
    if (!data) continue;
    const content = new BinaryWriter();
    for (const point of data.dataPoints) message(content, 1, pointOf(point));
    if (data.aggregationTemporality !== undefined) {
      content.tag(2, Varint).int32(data.aggregationTemporality);
    }
    if (data.isMonotonic) content.tag(3, Varint).bool(true);
    message(writer, field, content);
  }
  return writer;
}

function numberPoint(point: TestPoint): BinaryWriter {
  const writer = new BinaryWriter().tag(3, Bit64).fixed64(point.timeUnixNano);
  if (point.asDouble !== undefined) writer.tag(4, Bit64).double(point.asDouble);
  for (const _ of point.exemplars ?? []) message(writer, 5, new BinaryWriter());
  if (point.asInt !== undefined) writer.tag(6, Bit64).sfixed64(point.asInt);
  attributes(writer, 7, point.attributes);
  return writer.tag(8, Varint).uint32(point.flags ?? 0);
}

function histogramPoint(point: TestPoint): BinaryWriter {
  const writer = new BinaryWriter().tag(3, Bit64).fixed64(point.timeUnixNano);
  writer.tag(4, Bit64).fixed64(point.count ?? '0');
  if (point.sum !== undefined) writer.tag(5, Bit64).double(point.sum);
  const counts = new BinaryWriter();
  for (const count of point.bucketCounts ?? []) counts.fixed64(count);
  message(writer, 6, counts);
  const bounds = new BinaryWriter();
  for (const bound of point.explicitBounds ?? []) bounds.double(bound);
  message(writer, 7, bounds);
  attributes(writer, 9, point.attributes);
  return writer.tag(10, Varint).uint32(point.flags ?? 0);
}

function exponentialPoint(point: TestPoint): BinaryWriter {
  const writer = attributes(new BinaryWriter(), 1, point.attributes);
  writer
    .tag(3, Bit64)
    .fixed64(point.timeUnixNano)
    .tag(4, Bit64)
    .fixed64(point.count ?? '0');
  if (point.sum !== undefined) writer.tag(5, Bit64).double(point.sum);
  writer.tag(6, Varint).sint32(point.scale ?? 0);
  writer.tag(7, Bit64).fixed64(point.zeroCount ?? '0');
  for (const [field, side] of [
    [8, point.positive],
    [9, point.negative],
  ] as const) {
    if (!side) continue;
    const counts = new BinaryWriter();
    for (const count of side.bucketCounts) counts.uint64(count);
    const content = new BinaryWriter().tag(1, Varint).sint32(side.offset);
    message(content, 2, counts);
    message(writer, field, content);
  }
  writer.tag(10, Varint).uint32(point.flags ?? 0);
  return writer.tag(14, Bit64).double(point.zeroThreshold ?? 0);
}

function summaryPoint(point: TestPoint): BinaryWriter {
  const writer = new BinaryWriter().tag(3, Bit64).fixed64(point.timeUnixNano);
  writer
    .tag(4, Bit64)
    .fixed64(point.count ?? '0')
    .tag(5, Bit64)
    .double(point.sum ?? 0);
  for (const { quantile, value } of point.quantileValues ?? []) {
    message(
      writer,
      6,
      new BinaryWriter().tag(1, Bit64).double(quantile).tag(2, Bit64).double(value),
    );
  }
  attributes(writer, 7, point.attributes);
  return writer.tag(8, Varint).uint32(point.flags ?? 0);
}

function attributes(
  writer: BinaryWriter,
  field: number,
  given: readonly TestAttribute[] = [],
): BinaryWriter {
  for (const { key, value } of given) {
    const pair = new BinaryWriter().tag(1, LengthDelimited).string(key);
    message(pair, 2, new BinaryWriter().tag(1, LengthDelimited).string(value.stringValue));
    message(writer, field, pair);
  }
  return writer;
}

function message(writer: BinaryWriter, field: number, content: BinaryWriter): void {
  writer.tag(field, LengthDelimited).bytes(content.finish());
}
