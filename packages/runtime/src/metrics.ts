/**
 * Plimsoll's own metrics. Names are `plimsoll_<component>_<noun>_<unit>[_total]`: base units
 * (bytes, seconds, ratio) or a plural noun for what is counted; counters end in `_total`, nothing
 * else does. Asking again for a name gives the same metric, so that two parts of one process may
 * count together.
 */
import assert from 'node:assert/strict';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricDefinition<Label extends string = string> {
  name: string;
  /** One sentence; ends with a full stop. */
  help: string;
  /** Few values each; containers and paths only up to a stated number. */
  labels?: readonly Label[];
}

export interface HistogramDefinition<
  Label extends string = string,
> extends MetricDefinition<Label> {
  /** Upper bounds, ascending. */
  buckets: readonly number[];
}

export interface GaugeDefinition<Label extends string = string> extends MetricDefinition<Label> {
  /** Sets the value when it is scraped. */
  collect?: (gauge: Gauge<Label>) => void;
}

export type GaugeOf<Label extends string> = Gauge<Label>;

type Kind = 'counter' | 'gauge' | 'histogram';

/** Buckets for durations from 1 ms to about 2 minutes. */
export const durationBuckets: readonly number[] = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
];

export class Metrics {
  readonly registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();

  counter<Label extends string>(definition: MetricDefinition<Label>): Counter<Label> {
    return this.#once('counter', definition, {
      known: this.#counters,
      make: (options) => new Counter(options),
    });
  }

  gauge<Label extends string>(definition: GaugeDefinition<Label>): Gauge<Label> {
    const { collect } = definition;
    return this.#once('gauge', definition, {
      known: this.#gauges,
      make: (options) => {
        if (collect === undefined) return new Gauge(options);
        return new Gauge({
          ...options,
          collect() {
            collect(this);
          },
        });
      },
    });
  }

  histogram<Label extends string>(definition: HistogramDefinition<Label>): Histogram<Label> {
    const buckets = [...definition.buckets];
    return this.#once('histogram', definition, {
      known: this.#histograms,
      make: (options) => new Histogram({ ...options, buckets }),
    });
  }

  /** Node's own: event loop lag, heap, garbage collection, open descriptors. */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Names of Plimsoll's own metrics, sorted. */
  names(): string[] {
    const all = [this.#counters, this.#gauges, this.#histograms];
    return all.flatMap((known) => [...known.keys()]).toSorted();
  }

  /** Prometheus text format. */
  render(): Promise<string> {
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  #once<Metric>(kind: Kind, definition: MetricDefinition, { known, make }: Family<Metric>): Metric {
    const { name, help, labels = [] } = definition;
    const before = known.get(name);
    if (before !== undefined) return before;
    const isTaken = this.registry.getSingleMetric(name) !== undefined;
    assert(!isTaken, `metric ${name}: expected one kind, got a ${kind} after another kind`);
    const problem = metricNameProblem(name, kind);
    assert(problem === null, `metric ${name}: ${problem ?? ''}`);
    const metric = make({ name, help, labelNames: [...labels], registers: [this.registry] });
    known.set(name, metric);
    return metric;
  }
}

/** The metrics of one kind that are there, and how another is made. */
interface Family<Metric> {
  known: Map<string, Metric>;
  make: (options: {
    name: string;
    help: string;
    labelNames: string[];
    registers: Registry[];
  }) => Metric;
}

const baseUnits = new Set(['bytes', 'seconds', 'ratio', 'info']);

/** What is wrong with a name, or null. */
export function metricNameProblem(name: string, kind: Kind): string | null {
  if (!/^plimsoll(_[a-z][a-z0-9]*){3,}$/.test(name)) {
    return 'expected plimsoll_<component>_<noun>_<unit>[_total] in small letters';
  }
  if (name.endsWith('_total') !== (kind === 'counter')) {
    return 'expected _total at the end of a counter and nowhere else';
  }
  const unit =
    name
      .replace(/_total$/, '')
      .split('_')
      .at(-1) ?? '';
  if (/^(milliseconds|microseconds|ms|minutes|hours|kib|mib|kilobytes|megabytes)$/.test(unit)) {
    return 'expected a base unit: seconds or bytes';
  }
  if (baseUnits.has(unit) || unit.endsWith('s')) return null;
  return `expected a unit at the end (bytes, seconds, ratio, info, or a plural such as rows), got "${unit}"`;
}
