/**
 * A batch as rows of `samples` and `series`, in payloads that fit frames.
 *
 * A series is described when this process sees it first, then once in a while: rows of `series` merge, so
 * one more is harmless and one that is forgotten comes again. Its `first_seen` and `last_seen` bound the
 * times of its samples, by at most the interval too wide.
 */
import { limits } from '@plimsoll/model';
import type { RowsPayload } from '../sink/frame-sink.ts';
import { familyCandidates } from './family-name.ts';
import { Generations } from './generations.ts';
import {
  isStaleBits,
  type FamilyMetadata,
  type MetricRowsPlan,
  type MetricsBatch,
  type SeriesIdentity,
} from './metrics-batch.ts';

export interface MetricRowsOptions {
  /** A series that goes on is described again after this long; default one hour. */
  describeEveryMs?: number;
  /** Series whose description is remembered, over all tenants; default 200,000, about 100 bytes each. */
  maxSeries?: number;
  /** Metrics whose type, unit and help are remembered, over all tenants; default 20,000. */
  maxFamilies?: number;
}

/** What the table has of a series of a tenant, as far as this process knows. */
interface Described {
  readonly tenant: string;
  firstMs: number;
  lastMs: number;
  metadata: FamilyMetadata | undefined;
  /** Of what is known of metrics when `metadata` was looked up. */
  revision: number;
}

/** Tenants for which one series is remembered. */
const maxTenantsOfSeries = 16;

const sampleColumns = ['tenant', 'metric_name', 'series_id', 'time', 'value'] as const;
const seriesColumns = [
  'tenant',
  'metric_name',
  'series_id',
  'labels',
  'type',
  'unit',
  'help',
  'first_seen',
  'last_seen',
] as const;

export class MetricRows {
  readonly #intervalMs: number;
  /** By object: those who decode give the same one for the same series, for as long as they know it. */
  readonly #described: Generations<SeriesIdentity, Described[]>;
  readonly #families: Generations<string, FamilyMetadata>;
  /** Grows with each change of what is known of metrics. */
  #revision = 0;

  constructor(options: MetricRowsOptions = {}) {
    this.#intervalMs = options.describeEveryMs ?? 3_600_000;
    this.#described = new Generations(options.maxSeries ?? 200_000);
    this.#families = new Generations(options.maxFamilies ?? 20_000);
  }

  plan(tenant: string, batch: MetricsBatch): MetricRowsPlan {
    this.#learn(tenant, batch.families);
    const seen = this.#toDescribe(tenant, batch);
    const payloads = [...seriesPayloads(seen), ...samplePayloads(tenant, batch)];
    const onDurable = (): void => {
      for (const [series, described] of seen) this.#remember(series, described);
    };
    return { payloads, onDurable };
  }

  #remember(series: SeriesIdentity, now: Described): void {
    const all = this.#described.get(series) ?? [];
    const before = all.find(({ tenant }) => tenant === now.tenant);
    const others = all.filter((one) => one !== before).slice(1 - maxTenantsOfSeries);
    const firstMs = Math.min(now.firstMs, before?.firstMs ?? now.firstMs);
    const lastMs = Math.max(now.lastMs, before?.lastMs ?? now.lastMs);
    this.#described.set(series, [...others, { ...now, firstMs, lastMs }]);
  }

  #learn(tenant: string, families: readonly FamilyMetadata[]): void {
    for (const family of families) {
      const key = `${tenant}\0${family.family}`;
      if (isSame(this.#families.get(key), family)) continue;
      this.#families.set(key, family);
      this.#revision += 1;
    }
  }

  /** Series of the batch of which the table is to be told something. */
  #toDescribe(tenant: string, { series, samples }: MetricsBatch): Map<SeriesIdentity, Described> {
    const seen = new Map<SeriesIdentity, Described>();
    const known = series.map((one) => this.#knownOf(tenant, one));
    const { seriesIndex, timesMs } = samples;
    for (let row = 0; row < samples.length; row += 1) {
      const index = seriesIndex[row] ?? 0;
      const timeMs = timesMs[row] ?? 0;
      const before = known[index];
      const isTold =
        before !== undefined &&
        timeMs >= before.firstMs &&
        timeMs <= before.lastMs + this.#intervalMs;
      const one = series[index];
      if (!isTold && one !== undefined) this.#see(seen, one, { tenant, timeMs });
    }
    return seen;
  }

  /** Undefined when it was never described, or other than it would be now. */
  #knownOf(tenant: string, series: SeriesIdentity): Described | undefined {
    const known = this.#described.get(series)?.find((one) => one.tenant === tenant);
    if (!known || known.revision === this.#revision) return known;
    if (!isSame(known.metadata, this.#metadataOf(tenant, series))) return undefined;
    known.revision = this.#revision;
    return known;
  }

  #see(
    seen: Map<SeriesIdentity, Described>,
    series: SeriesIdentity,
    { tenant, timeMs }: { tenant: string; timeMs: number },
  ): void {
    // Earlier samples come in runs, when a sender catches up backwards: one row for each interval.
    const firstMs = Math.floor(timeMs / this.#intervalMs) * this.#intervalMs;
    const now = seen.get(series);
    if (now) {
      now.firstMs = Math.min(now.firstMs, firstMs);
      now.lastMs = Math.max(now.lastMs, timeMs);
      return;
    }
    const metadata = this.#metadataOf(tenant, series);
    const revision = this.#revision;
    seen.set(series, { tenant, firstMs, lastMs: timeMs, metadata, revision });
  }

  #metadataOf(tenant: string, { metricName }: SeriesIdentity): FamilyMetadata | undefined {
    for (const name of familyCandidates(metricName)) {
      const family = this.#families.get(`${tenant}\0${name}`);
      if (family) return family;
    }
    return undefined;
  }
}

function isSame(left: FamilyMetadata | undefined, right: FamilyMetadata | undefined): boolean {
  return (
    left === right ||
    (left?.type === right?.type && left?.unit === right?.unit && left?.help === right?.help)
  );
}

/** Null in a row leaves what the table knows of type, unit and help. */
function seriesPayloads(seen: ReadonlyMap<SeriesIdentity, Described>): RowsPayload[] {
  const rows = new PayloadWriter('series', seriesColumns);
  for (const [series, { tenant, firstMs, lastMs, metadata }] of seen) {
    const { type = '', unit = '', help = '' } = metadata ?? {};
    const known = [type, unit, help]
      .map((text) => (text === '' ? 'null' : JSON.stringify(text)))
      .join();
    const labels = JSON.stringify(Object.fromEntries(series.labels));
    const prefix = `[${JSON.stringify(tenant)}${series.rowKey}`;
    rows.add(`${prefix}${labels},${known},${firstMs},${lastMs}]\n`);
  }
  return rows.end();
}

/**
 * A stale marker is written as null, for which the table's default is the marker: text has one NaN only.
 * Times are DateTime64(3) as whole milliseconds.
 */
function samplePayloads(tenant: string, { series, samples }: MetricsBatch): RowsPayload[] {
  const rows = new PayloadWriter('samples', sampleColumns);
  const prefix = `[${JSON.stringify(tenant)}`;
  const { seriesIndex, timesMs, values } = samples;
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let row = 0; row < samples.length; row += 1) {
    const value = values[row] ?? 0;
    const text =
      Number.isFinite(value) && value !== 0
        ? String(value)
        : specialValue(value, words[row * 2] ?? 0, words[row * 2 + 1] ?? 0);
    const key = series[seriesIndex[row] ?? 0]?.rowKey ?? '';
    rows.add(`${prefix}${key}${timesMs[row] ?? 0},${text}]\n`);
  }
  return rows.end();
}

function specialValue(value: number, low: number, high: number): string {
  if (value === 0) return high === 0 ? '0' : '-0';
  if (value === Infinity) return '"inf"';
  if (value === -Infinity) return '"-inf"';
  return isStaleBits(low, high) ? 'null' : '"nan"';
}

/** Far below what a frame may hold: the text is joined once. */
const maxPayloadBytes = limits.maxFrameBytes / 2;

class PayloadWriter {
  readonly #table: 'samples' | 'series';
  readonly #columns: readonly string[];
  readonly #payloads: RowsPayload[] = [];
  #text = '';
  #rows = 0;

  constructor(table: 'samples' | 'series', columns: readonly string[]) {
    this.#table = table;
    this.#columns = columns;
  }

  add(row: string): void {
    // A unit of text is at most three bytes.
    if (this.#rows === limits.maxFrameRows || this.#text.length * 3 > maxPayloadBytes * 2) {
      this.#close();
    }
    this.#text += row;
    this.#rows += 1;
  }

  end(): RowsPayload[] {
    if (this.#rows > 0) this.#close();
    return this.#payloads;
  }

  #close(): void {
    const payload = Buffer.from(this.#text);
    const rows = this.#rows;
    this.#payloads.push({ table: this.#table, columns: this.#columns, rows, payload });
    this.#text = '';
    this.#rows = 0;
  }
}
