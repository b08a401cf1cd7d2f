/** Columns of samples that grow; a series that turns out to be bad takes its samples back. */
import { endianness } from 'node:os';
import assert from 'node:assert/strict';
import { staleBits, type SampleColumns } from './metrics-batch.ts';

// The two words of a double are written where this machine has them.
assert.equal(endianness(), 'LE', 'expected a little-endian machine');

const initialCapacity = 1024;

export class SampleBuffer implements SampleColumns {
  length = 0;
  seriesIndex = new Uint32Array(initialCapacity);
  timesMs = new Float64Array(initialCapacity);
  values = new Float64Array(initialCapacity);
  #words = new Uint32Array(this.values.buffer);

  push(series: number, value: number, timeMs: number): void {
    const index = this.length;
    if (index === this.timesMs.length) this.#grow();
    this.seriesIndex[index] = series;
    this.timesMs[index] = timeMs;
    this.values[index] = value;
    this.length = index + 1;
  }

  /** Of the sample pushed last: two words, which may be a NaN that says something. */
  setBits(low: number, high: number): void {
    this.#words[this.length * 2 - 2] = low;
    this.#words[this.length * 2 - 1] = high;
  }

  pushStale(series: number, timeMs: number): void {
    this.push(series, NaN, timeMs);
    this.setBits(staleBits.low, staleBits.high);
  }

  #grow(): void {
    const capacity = this.timesMs.length * 2;
    const words = new Uint32Array(capacity * 2);
    words.set(this.#words);
    this.#words = words;
    this.values = new Float64Array(words.buffer);
    const { seriesIndex, timesMs } = this;
    this.seriesIndex = new Uint32Array(capacity);
    this.seriesIndex.set(seriesIndex);
    this.timesMs = new Float64Array(capacity);
    this.timesMs.set(timesMs);
  }
}
