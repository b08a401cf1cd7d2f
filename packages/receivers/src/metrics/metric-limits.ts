/** Bounds of one request of metrics, whatever the protocol. At each there is a test of what happens. */
export interface MetricLimits {
  /** Series in one request, those made of histograms included; above: 413, nothing is stored. */
  maxSeries: number;
  /** Samples in one request, those made of histograms included; above: 413, nothing is stored. */
  maxSamples: number;
  /** Labels of one series, `__name__` included. */
  maxLabels: number;
  /** Bytes of UTF-8. */
  maxLabelNameBytes: number;
  maxLabelValueBytes: number;
  /** How far before and after the receiver's clock a sample's time may be. */
  maxPastMs: number;
  maxFutureMs: number;
  /**
   * Finite bounds that an exponential histogram has after conversion: one with more is made coarser,
   * two buckets into one, until it fits.
   */
  maxExponentialBuckets: number;
  /** Explicit bounds of one histogram (OTLP, custom buckets); above: the histogram is left out. */
  maxExplicitBuckets: number;
  /** Buckets on a side of an exponential histogram as it comes; above: the histogram is left out. */
  maxNativeBuckets: number;
  /** Symbols of a request of remote write 2.0; above: 413, nothing is stored. */
  maxSymbols: number;
  /** Metrics that one request describes; above: 413, nothing is stored. */
  maxFamilies: number;
  /** Problems that a reply spells out; the others are counted. */
  maxProblemsTold: number;
}

export interface MetricsProtocolOptions {
  limits?: Partial<MetricLimits>;
  /** Milliseconds since 1970. */
  now?: () => number;
}

const hourMs = 3_600_000;

export const defaultMetricLimits: MetricLimits = {
  maxSeries: 50_000,
  maxSamples: 500_000,
  maxLabels: 100,
  maxLabelNameBytes: 1024,
  maxLabelValueBytes: 4096,
  maxPastMs: 35 * 24 * hourMs,
  maxFutureMs: hourMs,
  maxExponentialBuckets: 64,
  maxExplicitBuckets: 512,
  maxNativeBuckets: 4096,
  maxSymbols: 500_000,
  maxFamilies: 20_000,
  maxProblemsTold: 10,
};
