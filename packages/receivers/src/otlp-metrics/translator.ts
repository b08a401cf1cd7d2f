/**
 * OTLP's points as series and samples, the way Prometheus translates them (docs/specs/receivers-metrics.md).
 * A point is accepted or rejected as a whole.
 */
import type { BatchBuilder } from '../metrics/batch-builder.ts';
import { addClassicHistogram, type HistogramOwner } from '../metrics/classic-histogram.ts';
import {
  classicBuckets,
  type ClassicBuckets,
  type ExponentialBuckets,
} from '../metrics/exponential-histogram.ts';
import type { MetricType, SeriesIdentity } from '../metrics/metrics-batch.ts';
import type { Label } from '../metrics/series-identity.ts';
import type { Attribute } from '../otlp/attributes.ts';
import { boundText, metricNameOf, unitNameOf } from './names.ts';
import type {
  ExponentialPoint,
  ExponentialSide,
  HistogramPoint,
  NumberPoint,
  OtlpMetric,
  OtlpVisitor,
  SummaryPoint,
} from './points.ts';
import { labelsOf, resourceLabels, type ResourceLabels } from './resource-labels.ts';

const cumulative = 2;
const temporalities = ['none', 'delta'];
/** Coarser than any number needs, finer than OTLP's SDKs make. */
const scales = { min: -10, max: 52 } as const;

type AnyPoint = NumberPoint | HistogramPoint | ExponentialPoint | SummaryPoint;

export class OtlpTranslator implements OtlpVisitor {
  readonly #builder: BatchBuilder;
  #resource: ResourceLabels = { own: [], targetInfo: null };
  /** Stands for the resource's own labels in keys of the memory. */
  #resourceKey = '';
  #latestMs = -Infinity;
  #name = '';
  /** The metric's name as the sender has it. */
  #metric = '';

  constructor(builder: BatchBuilder) {
    this.#builder = builder;
  }

  beginResource(attributes: readonly Attribute[]): void {
    this.#builder.countSeries();
    this.#resource = resourceLabels(attributes);
    this.#resourceKey = this.#resource.own.map((label) => label.join('\ud802')).join('\ud802');
    this.#latestMs = -Infinity;
  }

  /** One sample for all that the resource sent: other attributes are joined from there. */
  endResource(): void {
    const { targetInfo } = this.#resource;
    if (targetInfo === null || this.#latestMs === -Infinity) return;
    const key = `\ud803${targetInfo.map((label) => label.join('\ud802')).join('\ud802')}`;
    const series = this.#builder.recall(key) ?? this.#builder.identify(key, targetInfo);
    if (typeof series === 'string') {
      // Not a point that was sent: nothing is counted as rejected.
      this.#builder.problems.add(() => `resource ${series}`);
      return;
    }
    this.#addSample(series, 1, this.#latestMs);
    this.#builder.addFamily({
      family: 'target_info',
      type: 'info',
      unit: '',
      help: 'Target metadata',
    });
  }

  beginMetric(metric: OtlpMetric): boolean {
    this.#builder.countSeries();
    this.#metric = metric.name;
    this.#name = metricNameOf(metric);
    const problem = this.#problemOfMetric(metric);
    if (problem !== null) {
      this.#problem(problem);
      return false;
    }
    this.#builder.addFamily({
      family: this.#name,
      type: typeOf(metric),
      unit: unitNameOf(metric.unit),
      help: metric.description,
    });
    return true;
  }

  skipPoints(count: number): void {
    this.#builder.rejected.samples += count;
  }

  number(point: NumberPoint): void {
    this.#take(point, 'samples', (timeMs) => {
      const series = this.#series(this.#name, point.attributes, null);
      if (typeof series === 'string') return series;
      this.#addSample(series, point.isStale ? null : point.value, timeMs);
      return null;
    });
  }

  histogram(point: HistogramPoint): void {
    this.#take(point, 'histograms', (timeMs) => {
      const { limits } = this.#builder;
      const { explicitBounds, bucketCounts, count, sum, isStale } = point;
      if (explicitBounds.length > limits.maxExplicitBuckets) {
        return `expected at most ${limits.maxExplicitBuckets} bounds, got more`;
      }
      if (bucketCounts.length > 0 && bucketCounts.length !== explicitBounds.length + 1) {
        return `expected ${explicitBounds.length + 1} bucket counts for ${explicitBounds.length} bounds, got ${bucketCounts.length}`;
      }
      const bounds = bucketCounts.length === 0 ? [] : explicitBounds;
      if (!bounds.every((bound, at) => at === 0 || bound > Number(bounds[at - 1]))) {
        return 'expected bounds that grow';
      }
      let below = 0;
      const finite = bounds.filter((bound) => Number.isFinite(bound));
      const buckets = {
        bounds: finite.map(boundText),
        cumulative: finite.map((_, at) => (below += bucketCounts[at] ?? 0)),
      };
      return addClassicHistogram(this.#builder, this.#owner(point.attributes), {
        ...buckets,
        count,
        sum,
        timeMs,
        isStale,
      });
    });
  }

  exponential(point: ExponentialPoint): void {
    this.#take(point, 'histograms', (timeMs) => {
      const { count, sum, isStale } = point;
      const buckets = isStale ? { bounds: [], cumulative: [] } : this.#exponentialBuckets(point);
      if (typeof buckets === 'string') return buckets;
      return addClassicHistogram(this.#builder, this.#owner(point.attributes), {
        bounds: buckets.bounds.map(String),
        cumulative: buckets.cumulative,
        count,
        sum,
        timeMs,
        isStale,
      });
    });
  }

  #exponentialBuckets(point: ExponentialPoint): ClassicBuckets | string {
    const { scale, zeroCount, zeroThreshold, positive, negative } = point;
    const { maxExponentialBuckets, maxNativeBuckets } = this.#builder.limits;
    if (scale < scales.min || scale > scales.max) {
      return `expected a scale from ${scales.min} to ${scales.max}, got ${scale}`;
    }
    if (Math.max(positive.counts.length, negative.counts.length) > maxNativeBuckets) {
      return `expected at most ${maxNativeBuckets} buckets on a side, got more`;
    }
    return classicBuckets(
      {
        schema: scale,
        zeroCount,
        zeroThreshold,
        positive: bucketsOf(positive),
        negative: bucketsOf(negative),
      },
      maxExponentialBuckets,
    );
  }

  summary(point: SummaryPoint): void {
    this.#take(point, 'samples', (timeMs) => {
      const { count, sum, quantiles, isStale, attributes } = point;
      const { maxExplicitBuckets } = this.#builder.limits;
      if (quantiles.length > maxExplicitBuckets) {
        return `expected at most ${maxExplicitBuckets} quantiles, got more`;
      }
      const planned: [SeriesIdentity, number][] = [];
      const values: [suffix: string, quantile: string | null, value: number][] = [
        ['_count', null, count],
        ['_sum', null, sum],
        ...quantiles.map(([quantile, value]): [string, string, number] => [
          '',
          String(quantile),
          value,
        ]),
      ];
      for (const [suffix, quantile, value] of values) {
        const series = this.#series(this.#name + suffix, attributes, quantile);
        if (typeof series === 'string') return series;
        planned.push([series, value]);
      }
      for (const [series, value] of planned) {
        this.#addSample(series, isStale ? null : value, timeMs);
      }
      return null;
    });
  }

  #take(
    point: AnyPoint,
    kind: 'samples' | 'histograms',
    add: (timeMs: number) => string | null,
  ): void {
    const builder = this.#builder;
    builder.countSample();
    builder.rejected.exemplars += point.exemplars;
    const problem = this.#problemOfPoint(point) ?? add(point.timeMs);
    if (problem === null) {
      builder.accepted[kind] += 1;
      this.#latestMs = Math.max(this.#latestMs, point.timeMs);
      return;
    }
    builder.rejected[kind] += 1;
    this.#problem(problem);
  }

  #problemOfPoint({ timeMs, attributes, problem }: AnyPoint): string | (() => string) | null {
    const { limits } = this.#builder;
    if (!this.#builder.isTimely(timeMs)) return () => this.#builder.timeProblem(timeMs);
    if (attributes.length > limits.maxLabels) {
      return `expected at most ${limits.maxLabels} attributes, got more`;
    }
    return problem;
  }

  #problem(problem: string | (() => string)): void {
    this.#builder.problems.add(() => {
      const text = typeof problem === 'string' ? problem : problem();
      return `metric ${JSON.stringify(this.#metric.slice(0, 200))}: ${text}`;
    });
  }

  /** @param value null: a stale marker */
  #addSample(series: SeriesIdentity, value: number | null, timeMs: number): void {
    const builder = this.#builder;
    const index = builder.addSeries(series);
    if (value === null) builder.samples.pushStale(index, timeMs);
    else builder.samples.push(index, value, timeMs);
    builder.checkSampleCount();
  }

  #series(
    name: string,
    attributes: readonly Attribute[],
    quantile: string | null,
  ): SeriesIdentity | string {
    const key = `${this.#keyOf(name, attributes)}\ud801${quantile ?? ''}`;
    const known = this.#builder.recall(key);
    if (known) return known;
    const own: Label[] = [...this.#resource.own];
    if (quantile !== null) own.push(['quantile', quantile]);
    return this.#builder.identify(key, [['__name__', name], ...labelsOf(attributes, own)]);
  }

  #owner(attributes: readonly Attribute[]): HistogramOwner {
    return {
      key: this.#keyOf(this.#name, attributes),
      metricName: this.#name,
      labels: labelsOf(attributes, this.#resource.own),
    };
  }

  /** Halves of pairs, which are in no well-formed text, tell the parts apart. */
  #keyOf(name: string, attributes: readonly Attribute[]): string {
    let key = `${name}\ud800${this.#resourceKey}`;
    for (const [attribute, value] of attributes) key += `\ud800${attribute}\ud800${value}`;
    return key;
  }

  #problemOfMetric({ kind, temporality }: OtlpMetric): string | null {
    if (this.#name === '') return 'expected a name with letters or digits';
    if (kind === 'gauge' || kind === 'summary' || temporality === cumulative) return null;
    return (
      `expected cumulative temporality, got ${temporalities[temporality] ?? temporality}; set the ` +
      "exporter's temporality preference to cumulative, or use the Collector's deltatocumulative processor"
    );
  }
}

const types: Readonly<Record<OtlpMetric['kind'], MetricType>> = {
  gauge: 'gauge',
  sum: 'gauge',
  histogram: 'histogram',
  exponential: 'histogram',
  summary: 'summary',
};

function typeOf({ kind, isMonotonic }: OtlpMetric): MetricType {
  return kind === 'sum' && isMonotonic ? 'counter' : types[kind];
}

/** OTLP counts buckets from the lower bound, Prometheus from the upper: one more. */
function bucketsOf({ offset, counts }: ExponentialSide): ExponentialBuckets {
  return { indexes: counts.map((_, at) => offset + at + 1), counts };
}
