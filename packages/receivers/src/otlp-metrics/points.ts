/** OTLP's data points, the same from protobuf and from JSON (opentelemetry-proto, metrics.proto). */
import type { Attribute } from '../otlp/attributes.ts';

interface Point {
  attributes: Attribute[];
  /** Whole milliseconds since 1970; 0: the sender did not say. */
  timeMs: number;
  /** Flag NO_RECORDED_VALUE: the source has stopped. */
  isStale: boolean;
  exemplars: number;
  /** What is wrong with what was read; null: nothing. */
  problem: string | null;
}

/** Of a gauge or a sum. */
export interface NumberPoint extends Point {
  value: number;
}

export interface HistogramPoint extends Point {
  count: number;
  sum: number | null;
  /** One more than there are bounds, or none. Not cumulative. */
  bucketCounts: number[];
  explicitBounds: number[];
}

export interface ExponentialPoint extends Point {
  count: number;
  sum: number | null;
  scale: number;
  zeroCount: number;
  zeroThreshold: number;
  positive: ExponentialSide;
  negative: ExponentialSide;
}

/** Bucket i counts values in (base^(offset+i), base^(offset+i+1)]; base is 2^(2^-scale). */
export interface ExponentialSide {
  offset: number;
  counts: number[];
}

export interface SummaryPoint extends Point {
  count: number;
  sum: number;
  quantiles: [quantile: number, value: number][];
}

export const metricKinds = ['gauge', 'sum', 'histogram', 'exponential', 'summary'] as const;
export type MetricKind = (typeof metricKinds)[number];

export interface OtlpMetric {
  name: string;
  description: string;
  unit: string;
  kind: MetricKind;
  /** 1 delta, 2 cumulative; 0: not said. Of a gauge or a summary it says nothing. */
  temporality: number;
  /** Of a sum. */
  isMonotonic: boolean;
}

/** Told in the order of the message; a point is of the metric, and this of the resource, told last. */
export interface OtlpVisitor {
  beginResource(attributes: readonly Attribute[]): void;
  endResource(): void;
  /** False: its points are of no use; `skipPoints` says how many there were. */
  beginMetric(metric: OtlpMetric): boolean;
  skipPoints(count: number): void;
  number(point: NumberPoint): void;
  histogram(point: HistogramPoint): void;
  exponential(point: ExponentialPoint): void;
  summary(point: SummaryPoint): void;
}

/**
 * How much of a list is read: one more than may be, so that it shows; the rest is passed over, since a
 * message of some megabytes can hold millions of empty elements.
 */
export interface PointBounds {
  attributes: number;
  /** Bytes of one attribute; a longer one is not read. */
  attributeBytes: number;
  /** Bounds, counts, quantiles. */
  values: number;
}
