/** What both versions of remote write have in a TimeSeries: samples, and histograms to be read later. */
import type { BatchBuilder } from '../metrics/batch-builder.ts';
import { addClassicHistogram, type ClassicHistogram } from '../metrics/classic-histogram.ts';
import type { SeriesIdentity } from '../metrics/metrics-batch.ts';
import { describeLabels, type Label } from '../metrics/series-identity.ts';
import { ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';
import { readNativeHistogram } from './native-histogram.ts';

/**
 * One TimeSeries while it is read. Its samples go into the columns at once, for the series that comes
 * next; they are taken back when its labels turn out to be bad.
 */
export class SeriesReading {
  readonly #builder: BatchBuilder;
  readonly #reader: ProtobufReader;
  /** Place in the request, from 0. */
  index = -1;
  #firstSample = 0;
  #samples = 0;
  #badTimes = 0;
  #badTimeMs = 0;
  #exemplars = 0;
  /** Positions of its histograms. */
  readonly #histograms: number[] = [];

  constructor(builder: BatchBuilder, reader: ProtobufReader) {
    this.#builder = builder;
    this.#reader = reader;
  }

  begin(): void {
    this.#builder.countSeries();
    this.index += 1;
    this.#firstSample = this.#builder.samples.length;
    this.#samples = 0;
    this.#badTimes = 0;
    this.#exemplars = 0;
    this.#histograms.length = 0;
  }

  /** At a Sample: 1 value, 2 timestamp; of 2.0 also 3 start_timestamp, which is not kept. */
  sample(): void {
    const reader = this.#reader;
    let valueAt = -1;
    let timeMs = 0;
    const end = reader.enter();
    while (reader.isBefore(end)) {
      const tag = reader.tag();
      if (tag === tagOf(1, wire.fixed64)) {
        valueAt = reader.position;
        reader.skip();
      } else if (tag === tagOf(2, wire.varint)) timeMs = reader.int64();
      else reader.skip();
    }
    this.#samples += 1;
    this.#builder.countSample();
    if (!this.#builder.isTimely(timeMs)) {
      if (this.#badTimes === 0) this.#badTimeMs = timeMs;
      this.#badTimes += 1;
      return;
    }
    const { buffer } = reader;
    const { samples, series } = this.#builder;
    samples.push(series.length, 0, timeMs);
    // Absent: 0, as protobuf has it.
    if (valueAt >= 0)
      samples.setBits(buffer.readUInt32LE(valueAt), buffer.readUInt32LE(valueAt + 4));
  }

  /** At a Histogram: it is read when the labels are known. */
  histogram(): void {
    this.#builder.countSample();
    this.#histograms.push(this.#reader.position);
    this.#reader.skip();
  }

  exemplar(): void {
    this.#exemplars += 1;
    this.#reader.skip();
  }

  /** Nothing that needs a series. */
  get isEmpty(): boolean {
    return this.#samples === 0 && this.#histograms.length === 0;
  }

  /** @param series the identity, or what is wrong with the labels */
  finish(series: SeriesIdentity | string | null): void {
    const builder = this.#builder;
    builder.rejected.exemplars += this.#exemplars;
    if (series === null) return;
    if (typeof series === 'string') {
      builder.samples.length = this.#firstSample;
      builder.rejected.samples += this.#samples;
      builder.rejected.histograms += this.#histograms.length;
      builder.problems.add(() => `series ${this.index} ${series}`);
      return;
    }
    if (builder.samples.length > this.#firstSample) builder.addSeries(series);
    builder.accepted.samples += this.#samples - this.#badTimes;
    builder.checkSampleCount();
    if (this.#badTimes > 0) {
      builder.rejected.samples += this.#badTimes;
      builder.problems.add(() => {
        const problem = builder.timeProblem(this.#badTimeMs);
        return `${this.#describe(series)}: ${problem}${this.#moreTimes()}`;
      });
    }
    for (const position of this.#histograms) this.#addHistogram(series, position);
  }

  #addHistogram(series: SeriesIdentity, position: number): void {
    const builder = this.#builder;
    const reader = new ProtobufReader(this.#reader.buffer);
    reader.position = position;
    const histogram = readNativeHistogram(reader, builder.limits);
    const problem =
      typeof histogram === 'string' ? histogram : addHistogram(builder, series, histogram);
    if (problem === null) {
      builder.accepted.histograms += 1;
    } else {
      builder.rejected.histograms += 1;
      builder.problems.add(() => `${this.#describe(series)}: ${problem}`);
    }
  }

  #describe({ metricName, labels }: SeriesIdentity): string {
    const named: Label[] = [['__name__', metricName], ...labels];
    return `series ${this.index} ${describeLabels(named)}`;
  }

  #moreTimes(): string {
    return this.#badTimes > 1 ? ` (and ${this.#badTimes - 1} more of its samples)` : '';
  }
}

function addHistogram(
  builder: BatchBuilder,
  series: SeriesIdentity,
  histogram: ClassicHistogram,
): string | null {
  if (!builder.isTimely(histogram.timeMs)) return builder.timeProblem(histogram.timeMs);
  return addClassicHistogram(builder, { key: series.id, ...series }, histogram);
}
