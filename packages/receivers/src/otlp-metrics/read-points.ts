/**
 * Data points from protobuf, each at a field of its type:
 *
 *     NumberDataPoint    3 time  4 double  5 Exemplar  6 int  7 KeyValue  8 flags
 *     HistogramDataPoint 3 time  4 count  5 sum  6 bucket_counts  7 explicit_bounds  8 Exemplar
 *                        9 KeyValue  10 flags
 *     ExponentialHistogramDataPoint
 *                        1 KeyValue  3 time  4 count  5 sum  6 scale  7 zero_count  8 positive
 *                        9 negative  10 flags  11 Exemplar  14 zero_threshold
 *     SummaryDataPoint   3 time  4 count  5 sum  6 ValueAtQuantile  7 KeyValue  8 flags
 *
 * Start times, minima and maxima are not kept.
 */
import { readAttribute } from '../otlp/attributes.ts';
import { type ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';
import type {
  ExponentialPoint,
  ExponentialSide,
  HistogramPoint,
  NumberPoint,
  PointBounds,
  SummaryPoint,
} from './points.ts';

const noRecordedValue = 1;
const twoTo32 = 4294967296;

export function readNumberPoint(reader: ProtobufReader, bounds: PointBounds): NumberPoint {
  const point: NumberPoint = { ...emptyPoint(), value: 0 };
  const end = reader.enter();
  while (reader.isBefore(end)) {
    switch (reader.tag()) {
      case tagOf(3, wire.fixed64):
        point.timeMs = nanosecondsAsMs(reader);
        break;
      case tagOf(4, wire.fixed64):
        point.value = reader.double();
        break;
      case tagOf(5, wire.bytes):
        point.exemplars += 1;
        reader.skip();
        break;
      case tagOf(6, wire.fixed64):
        point.value = signed64(reader);
        break;
      case tagOf(7, wire.bytes):
        addAttribute(reader, point, bounds);
        break;
      case tagOf(8, wire.varint):
        point.isStale = (reader.varint() & noRecordedValue) !== 0;
        break;
      default:
        reader.skip();
    }
  }
  return point;
}

export function readHistogramPoint(reader: ProtobufReader, bounds: PointBounds): HistogramPoint {
  const point: HistogramPoint = {
    ...emptyPoint(),
    count: 0,
    sum: null,
    bucketCounts: [],
    explicitBounds: [],
  };
  const end = reader.enter();
  while (reader.isBefore(end)) {
    const tag = reader.tag();
    switch (tag) {
      case tagOf(3, wire.fixed64):
        point.timeMs = nanosecondsAsMs(reader);
        break;
      case tagOf(4, wire.fixed64):
        point.count = unsigned64(reader);
        break;
      case tagOf(5, wire.fixed64):
        point.sum = reader.double();
        break;
      case tagOf(6, wire.bytes):
      case tagOf(6, wire.fixed64):
        readList(reader, { tag, read: unsigned64, into: point.bucketCounts, bounds });
        break;
      case tagOf(7, wire.bytes):
      case tagOf(7, wire.fixed64):
        readList(reader, { tag, read: readDouble, into: point.explicitBounds, bounds });
        break;
      case tagOf(8, wire.bytes):
        point.exemplars += 1;
        reader.skip();
        break;
      case tagOf(9, wire.bytes):
        addAttribute(reader, point, bounds);
        break;
      case tagOf(10, wire.varint):
        point.isStale = (reader.varint() & noRecordedValue) !== 0;
        break;
      default:
        reader.skip();
    }
  }
  return point;
}

export function readExponentialPoint(
  reader: ProtobufReader,
  bounds: PointBounds,
): ExponentialPoint {
  const point: ExponentialPoint = {
    ...emptyPoint(),
    count: 0,
    sum: null,
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset: 0, counts: [] },
    negative: { offset: 0, counts: [] },
  };
  const end = reader.enter();
  while (reader.isBefore(end)) readExponentialField(reader, reader.tag(), { point, bounds });
  return point;
}

function readExponentialField(
  reader: ProtobufReader,
  tag: number,
  { point, bounds }: { point: ExponentialPoint; bounds: PointBounds },
): void {
  switch (tag) {
    case tagOf(1, wire.bytes):
      addAttribute(reader, point, bounds);
      break;
    case tagOf(3, wire.fixed64):
      point.timeMs = nanosecondsAsMs(reader);
      break;
    case tagOf(4, wire.fixed64):
      point.count = unsigned64(reader);
      break;
    case tagOf(5, wire.fixed64):
      point.sum = reader.double();
      break;
    case tagOf(6, wire.varint):
      point.scale = reader.sint64();
      break;
    case tagOf(7, wire.fixed64):
      point.zeroCount = unsigned64(reader);
      break;
    case tagOf(8, wire.bytes):
      readExponentialSide(reader, point.positive, bounds);
      break;
    case tagOf(9, wire.bytes):
      readExponentialSide(reader, point.negative, bounds);
      break;
    case tagOf(10, wire.varint):
      point.isStale = (reader.varint() & noRecordedValue) !== 0;
      break;
    case tagOf(11, wire.bytes):
      point.exemplars += 1;
      reader.skip();
      break;
    case tagOf(14, wire.fixed64):
      point.zeroThreshold = reader.double();
      break;
    default:
      reader.skip();
  }
}

/** Buckets: 1 offset, 2 bucket_counts. */
function readExponentialSide(
  reader: ProtobufReader,
  side: ExponentialSide,
  bounds: PointBounds,
): void {
  const end = reader.enter();
  while (reader.isBefore(end)) {
    const tag = reader.tag();
    if (tag === tagOf(1, wire.varint)) side.offset = reader.sint64() | 0;
    else if (tag === tagOf(2, wire.bytes) || tag === tagOf(2, wire.varint)) {
      readList(reader, { tag, read: readVarint, into: side.counts, bounds });
    } else reader.skip();
  }
}

export function readSummaryPoint(reader: ProtobufReader, bounds: PointBounds): SummaryPoint {
  const point: SummaryPoint = { ...emptyPoint(), count: 0, sum: 0, quantiles: [] };
  const end = reader.enter();
  while (reader.isBefore(end)) {
    switch (reader.tag()) {
      case tagOf(3, wire.fixed64):
        point.timeMs = nanosecondsAsMs(reader);
        break;
      case tagOf(4, wire.fixed64):
        point.count = unsigned64(reader);
        break;
      case tagOf(5, wire.fixed64):
        point.sum = reader.double();
        break;
      case tagOf(6, wire.bytes):
        if (point.quantiles.length > bounds.values) reader.skip();
        else point.quantiles.push(readQuantile(reader));
        break;
      case tagOf(7, wire.bytes):
        addAttribute(reader, point, bounds);
        break;
      case tagOf(8, wire.varint):
        point.isStale = (reader.varint() & noRecordedValue) !== 0;
        break;
      default:
        reader.skip();
    }
  }
  return point;
}

/** ValueAtQuantile: 1 quantile, 2 value. */
function readQuantile(reader: ProtobufReader): [number, number] {
  const pair: [number, number] = [0, 0];
  const end = reader.enter();
  while (reader.isBefore(end)) {
    const tag = reader.tag();
    if (tag === tagOf(1, wire.fixed64)) pair[0] = reader.double();
    else if (tag === tagOf(2, wire.fixed64)) pair[1] = reader.double();
    else reader.skip();
  }
  return pair;
}

type AnyPoint = Pick<NumberPoint, 'attributes' | 'timeMs' | 'isStale' | 'exemplars' | 'problem'>;

function emptyPoint(): AnyPoint {
  return { attributes: [], timeMs: 0, isStale: false, exemplars: 0, problem: null };
}

function addAttribute(reader: ProtobufReader, point: AnyPoint, bounds: PointBounds): void {
  const start = reader.position;
  if (point.attributes.length > bounds.attributes) {
    reader.skip();
    return;
  }
  reader.skip();
  const bytes = reader.position - start;
  if (bytes > bounds.attributeBytes) {
    point.problem = `expected attributes of at most ${bounds.attributeBytes} bytes, got ${bytes}`;
    return;
  }
  reader.position = start;
  readAttribute(reader, point.attributes);
}

interface ListReading {
  tag: number;
  read: (reader: ProtobufReader) => number;
  into: number[];
  bounds: PointBounds;
}

/** A repeated number, packed or not. */
function readList(reader: ProtobufReader, { tag, read, into, bounds }: ListReading): void {
  if ((tag & 7) !== wire.bytes) {
    const value = read(reader);
    if (into.length <= bounds.values) into.push(value);
    return;
  }
  const end = reader.enter();
  while (reader.isBefore(end)) {
    const value = read(reader);
    if (into.length <= bounds.values) into.push(value);
  }
}

function readDouble(reader: ProtobufReader): number {
  return reader.double();
}

function readVarint(reader: ProtobufReader): number {
  return reader.varint();
}

function unsigned64(reader: ProtobufReader): number {
  const at = reader.position;
  reader.double();
  return reader.buffer.readUInt32LE(at + 4) * twoTo32 + reader.buffer.readUInt32LE(at);
}

function signed64(reader: ProtobufReader): number {
  const at = reader.position;
  reader.double();
  return reader.buffer.readInt32LE(at + 4) * twoTo32 + reader.buffer.readUInt32LE(at);
}

/** Exact, though nanoseconds since 1970 are more than a double holds: 2^32 is 4294 · 10^6 + 967296. */
function nanosecondsAsMs(reader: ProtobufReader): number {
  const at = reader.position;
  reader.double();
  const low = reader.buffer.readUInt32LE(at);
  const high = reader.buffer.readUInt32LE(at + 4);
  return high * 4294 + Math.floor((high * 967296 + low) / 1e6);
}
