/**
 * prometheus.Histogram and io.prometheus.write.v2.Histogram, which have the same fields:
 *
 *     1 count_int  2 count_float  3 sum  4 schema  5 zero_threshold  6 zero_count_int
 *     7 zero_count_float  8 negative_spans  9 negative_deltas  10 negative_counts
 *     11 positive_spans  12 positive_deltas  13 positive_counts  14 reset_hint  15 timestamp
 *     16 custom_values
 *
 * A span is (gap to the span before, buckets); deltas are differences from the bucket before, counts
 * are counts. Schema -53 is that of custom buckets: `custom_values` are its bounds.
 */
import type { ClassicHistogram } from '../metrics/classic-histogram.ts';
import { classicBuckets, type ExponentialBuckets } from '../metrics/exponential-histogram.ts';
import { isStaleBits } from '../metrics/metrics-batch.ts';
import type { MetricLimits } from '../metrics/metric-limits.ts';
import { type ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';

const customBucketsSchema = -53;
/** Prometheus's own are -4 to 8; what is finer can be made coarser. */
const schemas = { min: -9, max: 52 } as const;

interface NativeHistogram {
  count: number;
  sum: number;
  isStale: boolean;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  positive: Side;
  negative: Side;
  timeMs: number;
  customValues: number[];
  /** Length from which lists grow no more: one that is longer than may be shows by it. */
  maxLength: number;
}

interface Side {
  /** gap, length, gap, length, … */
  spans: number[];
  deltas: number[];
  counts: number[];
}

/** At a field of type Histogram. A text says what is wrong with it. */
export function readNativeHistogram(
  reader: ProtobufReader,
  limits: MetricLimits,
): ClassicHistogram | string {
  const native = readFields(reader, limits);
  const { count, sum, timeMs, isStale } = native;
  if (isStale) return { bounds: [], cumulative: [], count, sum, timeMs, isStale };
  const buckets =
    native.schema === customBucketsSchema
      ? customBuckets(native, limits)
      : exponentialBuckets(native, limits);
  return typeof buckets === 'string' ? buckets : { ...buckets, count, sum, timeMs, isStale };
}

type Buckets = Pick<ClassicHistogram, 'bounds' | 'cumulative'>;

function exponentialBuckets(native: NativeHistogram, limits: MetricLimits): Buckets | string {
  const { schema, zeroCount, zeroThreshold } = native;
  if (schema < schemas.min || schema > schemas.max) {
    return `histogram: expected a schema from ${schemas.min} to ${schemas.max} or -53, got ${schema}`;
  }
  const positive = bucketsOf(native.positive, 'positive', limits);
  if (typeof positive === 'string') return positive;
  const negative = bucketsOf(native.negative, 'negative', limits);
  if (typeof negative === 'string') return negative;
  const { bounds, cumulative } = classicBuckets(
    { schema, zeroCount, zeroThreshold, positive, negative },
    limits.maxExponentialBuckets,
  );
  return { bounds: bounds.map(String), cumulative };
}

function customBuckets(native: NativeHistogram, limits: MetricLimits): Buckets | string {
  const { customValues } = native;
  if (customValues.length > limits.maxExplicitBuckets) {
    return `histogram: expected at most ${limits.maxExplicitBuckets} bounds, got ${customValues.length}`;
  }
  const isGrowing = customValues.every(
    (bound, at) => at === 0 || bound > Number(customValues[at - 1]),
  );
  if (!isGrowing || customValues.some((bound) => !Number.isFinite(bound))) {
    return 'histogram: expected custom values that grow and are finite';
  }
  const positive = bucketsOf(native.positive, 'positive', limits);
  if (typeof positive === 'string') return positive;
  const { indexes, counts } = positive;
  if ((indexes[0] ?? 0) < 0 || (indexes.at(-1) ?? 0) > customValues.length) {
    return `histogram: expected spans over ${customValues.length + 1} buckets, got more`;
  }
  let sum = 0;
  let next = 0;
  const cumulative = customValues.map((_, at) => {
    while ((indexes[next] ?? Infinity) <= at) sum += counts[next++] ?? 0;
    return sum;
  });
  return { bounds: customValues.map(String), cumulative };
}

function bucketsOf(
  { spans, deltas, counts }: Side,
  side: string,
  { maxNativeBuckets }: MetricLimits,
): ExponentialBuckets | string {
  const given = counts.length > 0 ? counts : deltas;
  if (given.length > maxNativeBuckets) {
    return `histogram: expected at most ${maxNativeBuckets} ${side} buckets, got more`;
  }
  const indexes: number[] = [];
  let index = 0;
  for (let at = 0; at < spans.length; at += 2) {
    const gap = spans[at] ?? 0;
    const length = spans[at + 1] ?? 0;
    if (at > 0 && gap < 0)
      return `histogram: expected ${side} spans in order, got an offset of ${gap}`;
    index += gap;
    if (indexes.length + length > given.length) break;
    for (let left = length; left > 0; left -= 1) indexes.push(index++);
  }
  const length = lengthOf(spans);
  if (length !== given.length) {
    return `histogram: expected ${length} ${side} buckets as its spans say, got ${given.length}`;
  }
  let absolute = 0;
  const absolutes = counts.length > 0 ? counts : deltas.map((delta) => (absolute += delta));
  if (absolutes.some((value) => !(value >= 0))) {
    return `histogram: expected ${side} buckets that are not negative`;
  }
  return { indexes, counts: absolutes };
}

function lengthOf(spans: readonly number[]): number {
  let length = 0;
  for (let at = 1; at < spans.length; at += 2) length += spans[at] ?? 0;
  return length;
}

function readFields(reader: ProtobufReader, limits: MetricLimits): NativeHistogram {
  const native: NativeHistogram = {
    count: 0,
    sum: 0,
    isStale: false,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: { spans: [], deltas: [], counts: [] },
    negative: { spans: [], deltas: [], counts: [] },
    timeMs: 0,
    customValues: [],
    maxLength: Math.max(limits.maxNativeBuckets, limits.maxExplicitBuckets) + 1,
  };
  const end = reader.enter();
  while (reader.isBefore(end)) readField(reader, reader.tag(), native);
  return native;
}

function readField(reader: ProtobufReader, tag: number, native: NativeHistogram): void {
  switch (tag) {
    case tagOf(1, wire.varint):
      native.count = reader.varint();
      break;
    case tagOf(2, wire.fixed64):
      native.count = reader.double();
      break;
    case tagOf(3, wire.fixed64):
      native.sum = reader.double();
      native.isStale = isStaleAt(reader);
      break;
    case tagOf(4, wire.varint):
      native.schema = reader.sint64();
      break;
    case tagOf(5, wire.fixed64):
      native.zeroThreshold = reader.double();
      break;
    case tagOf(6, wire.varint):
      native.zeroCount = reader.varint();
      break;
    case tagOf(7, wire.fixed64):
      native.zeroCount = reader.double();
      break;
    case tagOf(15, wire.varint):
      native.timeMs = reader.int64();
      break;
    case tagOf(16, wire.bytes):
    case tagOf(16, wire.fixed64):
      readDoubles(reader, tag, { into: native.customValues, native });
      break;
    default:
      if (!readSide(reader, tag, native)) reader.skip();
  }
}

function readSide(reader: ProtobufReader, tag: number, native: NativeHistogram): boolean {
  const field = tag >>> 3;
  if (field < 8 || field > 13) return false;
  const side = field < 11 ? native.negative : native.positive;
  const wireType = tag & 7;
  switch ((field - 8) % 3) {
    case 0:
      if (wireType !== wire.bytes) return false;
      readSpan(reader, { into: side.spans, native });
      return true;
    case 1:
      if (wireType !== wire.varint && wireType !== wire.bytes) return false;
      readDeltas(reader, tag, { into: side.deltas, native });
      return true;
    default:
      if (wireType !== wire.fixed64 && wireType !== wire.bytes) return false;
      readDoubles(reader, tag, { into: side.counts, native });
      return true;
  }
}

interface List {
  into: number[];
  native: Pick<NativeHistogram, 'maxLength'>;
}

function push({ into, native }: List, value: number): void {
  if (into.length < native.maxLength) into.push(value);
}

function readSpan(reader: ProtobufReader, { into, native }: List): void {
  let offset = 0;
  let length = 0;
  const end = reader.enter();
  while (reader.isBefore(end)) {
    const tag = reader.tag();
    if (tag === tagOf(1, wire.varint)) offset = reader.sint64() | 0;
    else if (tag === tagOf(2, wire.varint)) length = reader.varint();
    else reader.skip();
  }
  // Two numbers each; a bucket needs no span of its own.
  if (into.length < native.maxLength * 2) into.push(offset, length);
}

function readDeltas(reader: ProtobufReader, tag: number, list: List): void {
  if ((tag & 7) === wire.varint) {
    push(list, reader.sint64());
    return;
  }
  const end = reader.enter();
  while (reader.isBefore(end)) push(list, reader.sint64());
}

/** A repeated double, packed or not. */
function readDoubles(reader: ProtobufReader, tag: number, list: List): void {
  if ((tag & 7) === wire.fixed64) {
    push(list, reader.double());
    return;
  }
  const end = reader.enter();
  while (reader.isBefore(end)) push(list, reader.double());
}

/** Whether the double that was read last is the stale marker. */
function isStaleAt({ buffer, position }: ProtobufReader): boolean {
  return isStaleBits(buffer.readUInt32LE(position - 8), buffer.readUInt32LE(position - 4));
}
