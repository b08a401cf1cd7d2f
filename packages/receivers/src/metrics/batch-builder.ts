/**
 * Where every decoder puts what it reads: series by their labels, samples, and what was wrong. A series
 * is accepted or left out as a whole, with what was put in for it since `begin`.
 */
import { ReceiverError } from '../receiver-error.ts';
import { Generations } from './generations.ts';
import type { MetricLimits } from './metric-limits.ts';
import type {
  FamilyMetadata,
  MetricCounts,
  MetricsBatch,
  SeriesIdentity,
} from './metrics-batch.ts';
import { Problems } from './problems.ts';
import { SampleBuffer } from './sample-buffer.ts';
import { describeLabels, identifySeries, type Label } from './series-identity.ts';

/** Series that are remembered by how they were written, over requests. */
export type SeriesMemory = Generations<string, SeriesIdentity>;

/** About 1 KB each. */
const rememberedSeries = 100_000;

export function seriesMemory(maxSeries = rememberedSeries): SeriesMemory {
  return new Generations(maxSeries);
}

export interface BuilderOptions {
  limits: MetricLimits;
  memory: SeriesMemory;
  /** Milliseconds since 1970. */
  nowMs: number;
}

type Counts = { -readonly [Key in keyof MetricCounts]: number };

export class BatchBuilder {
  readonly limits: MetricLimits;
  readonly problems: Problems;
  readonly samples = new SampleBuffer();
  readonly series: SeriesIdentity[] = [];
  readonly accepted: Counts = { samples: 0, histograms: 0, exemplars: 0 };
  readonly rejected: Counts = { samples: 0, histograms: 0, exemplars: 0 };
  readonly #memory: SeriesMemory;
  readonly #families = new Map<string, FamilyMetadata>();
  readonly #earliestMs: number;
  readonly #latestMs: number;
  #sentSeries = 0;
  #sentSamples = 0;
  #sentFamilies = 0;

  constructor({ limits, memory, nowMs }: BuilderOptions) {
    this.limits = limits;
    this.problems = new Problems(limits.maxProblemsTold);
    this.#memory = memory;
    this.#earliestMs = nowMs - limits.maxPastMs;
    this.#latestMs = nowMs + limits.maxFutureMs;
  }

  /** The series written as `key` before; a miss says nothing. */
  recall(key: string): SeriesIdentity | undefined {
    return this.#memory.get(key);
  }

  /**
   * @param key how it was written; remembered when the labels are good
   * @returns the identity, or what is wrong
   */
  identify(key: string, labels: readonly Label[]): SeriesIdentity | string {
    const identified = identifySeries(labels, this.limits);
    if (!identified.ok) return `${describeLabels(labels)}: ${identified.problem}`;
    this.#memory.set(key, identified.identity);
    return identified.identity;
  }

  /** One more series, metric or resource of the request, good or not. */
  countSeries(): void {
    this.#sentSeries += 1;
    if (this.#sentSeries > this.limits.maxSeries) throw tooLarge(this.limits.maxSeries, 'series');
  }

  /** One more sample, histogram or point of the request, good or not. */
  countSample(): void {
    this.#sentSamples += 1;
    if (this.#sentSamples > this.limits.maxSamples) {
      throw tooLarge(this.limits.maxSamples, 'samples');
    }
  }

  /** @returns the index that its samples name */
  addSeries(identity: SeriesIdentity): number {
    if (this.series.length >= this.limits.maxSeries)
      throw tooLarge(this.limits.maxSeries, 'series');
    return this.series.push(identity) - 1;
  }

  checkSampleCount(): void {
    if (this.samples.length > this.limits.maxSamples) {
      throw tooLarge(this.limits.maxSamples, 'samples');
    }
  }

  /** Whether a sample of this time may be stored; `timeProblem` says why not. */
  isTimely(timeMs: number): boolean {
    return timeMs >= this.#earliestMs && timeMs <= this.#latestMs;
  }

  timeProblem(timeMs: number): string {
    return `expected a time from ${isoTime(this.#earliestMs)} to ${isoTime(this.#latestMs)}, got ${isoTime(timeMs)}`;
  }

  addFamily(metadata: FamilyMetadata): void {
    this.#families.set(metadata.family, metadata);
    this.#sentFamilies += 1;
    if (this.#sentFamilies > this.limits.maxFamilies) {
      throw tooLarge(this.limits.maxFamilies, 'metrics that are described');
    }
  }

  hasFamily(family: string): boolean {
    return this.#families.has(family);
  }

  batch(): MetricsBatch {
    const { series, samples, accepted, rejected } = this;
    return { series, samples, families: [...this.#families.values()], accepted, rejected };
  }
}

/** The request is refused whole. */
export function tooLarge(limit: number, what: string): ReceiverError {
  return new ReceiverError(
    'body_too_large',
    `expected at most ${limit} ${what} in one request, got more; send fewer at once`,
  );
}

/** A time of any size, for messages. */
function isoTime(timeMs: number): string {
  const isDate = Math.abs(timeMs) <= 8.64e15;
  return isDate ? new Date(timeMs).toISOString() : `${timeMs} ms since 1970`;
}
