/**
 * What a metric protocol's request is after decoding, whatever the protocol: columns, so that a sample
 * costs no object. Decoders make it, `metric-rows.ts` turns it into rows, the server answers with the
 * reply that stands beside it once the rows are durable.
 */
import type { RowsPayload } from '../sink/frame-sink.ts';

/** A series, known by its labels; the same object for the same labels while it is remembered. */
export interface SeriesIdentity {
  /** UInt64 in decimal: the first 8 bytes, little endian, of SHA-256 over the sorted labels. */
  readonly id: string;
  /** Value of `__name__`. */
  readonly metricName: string;
  /** Sorted by name (UTF-8 bytes); without `__name__`; no empty values. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Middle of each row of samples: `,"<metric name>",<id>,` as JSON text. */
  readonly rowKey: string;
}

/** Columns of equal length; row i is a sample of `series[seriesIndex[i]]`. */
export interface SampleColumns {
  readonly length: number;
  readonly seriesIndex: Uint32Array;
  /** Milliseconds since 1970, whole. */
  readonly timesMs: Float64Array;
  /** Bits are kept: a stale marker is a NaN of its own (`isStale`). */
  readonly values: Float64Array;
}

export const metricTypes = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
] as const;
/** Empty: not known. */
export type MetricType = (typeof metricTypes)[number] | '';

/** What is said of all series of a metric; empty where nothing is said. */
export interface FamilyMetadata {
  /** Name without the suffixes `_bucket`, `_count`, `_sum` of its series. */
  readonly family: string;
  readonly type: MetricType;
  readonly unit: string;
  readonly help: string;
}

/** Of what a request held, counted as its protocol counts. */
export interface MetricCounts {
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
}

export interface MetricsBatch {
  /** May name one series twice. */
  readonly series: readonly SeriesIdentity[];
  readonly samples: SampleColumns;
  readonly families: readonly FamilyMetadata[];
  /** What becomes rows; exemplars never do. */
  readonly accepted: MetricCounts;
  /** What does not. */
  readonly rejected: MetricCounts;
}

/** An answer in full, but for what the server adds to each. */
export interface MetricsReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface DecodedMetrics {
  readonly batch: MetricsBatch;
  /** Holds once every row of the batch is durable; it may be a 400 that names what was left out. */
  readonly reply: MetricsReply;
}

/** One endpoint. Its memory of label sets changes only how quick it is, never what comes out. */
export interface MetricsProtocol {
  /** For metrics and logs of the server. */
  readonly name: 'remote-write' | 'otlp-metrics';
  /**
   * @param body decompressed
   * @param contentType the request's header, as it came; undefined when there was none
   * @throws {ReceiverError} `invalid_body`, `body_too_large`, `unsupported_media_type`, and nothing
   *   else whatever the bytes; nothing of the request is to be stored then
   */
  decode(body: Buffer, contentType: string | undefined): DecodedMetrics;
}

/** What a batch is to be published as. */
export interface MetricRowsPlan {
  readonly payloads: readonly RowsPayload[];
  /** To be called once every payload is durable: its series need not be described again for a while. */
  readonly onDurable: () => void;
}

const staleHigh = 0x7ff00000;
const staleLow = 2;

/** Prometheus's stale marker: the NaN with bits 0x7ff0000000000002. */
export function isStaleBits(low: number, high: number): boolean {
  return high === staleHigh && low === staleLow;
}

/** Bits of the stale marker, low and high word. */
export const staleBits = { low: staleLow, high: staleHigh } as const;
