import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { uncompressSync } from 'snappy';
import { isStaleBits, type MetricsBatch } from '../../src/metrics/metrics-batch.ts';

/** `name{label="value",…}` → times and values, a stale marker as `stale`. */
export function samplesOf({ series, samples }: MetricsBatch): Record<string, [number, unknown][]> {
  const found: Record<string, [number, unknown][]> = {};
  const words = new Uint32Array(samples.values.buffer);
  for (let row = 0; row < samples.length; row += 1) {
    const one = series[samples.seriesIndex[row] ?? -1];
    if (!one) throw new Error(`row ${row}: expected a series`);
    const labels = one.labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',');
    const isStale = isStaleBits(words[row * 2] ?? 0, words[row * 2 + 1] ?? 0);
    const value = isStale ? 'stale' : samples.values[row];
    (found[`${one.metricName}{${labels}}`] ??= []).push([samples.timesMs[row] ?? NaN, value]);
  }
  return found;
}

export interface RecordedRequest {
  url: string;
  headers: Record<string, string>;
  /** Decompressed. */
  body: Buffer;
}

/** A request as a program made it, from `testdata`. */
export function recordedRequest(folder: string, name: string): RecordedRequest {
  const base = join(import.meta.dirname, '../testdata', folder, name);
  const { url, headers } = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as RecordedRequest;
  const isSnappy = headers['content-encoding'] === 'snappy';
  const raw = readFileSync(isSnappy ? `${base}.snappy` : `${base}.body`);
  if (isSnappy) return { url, headers, body: uncompressSync(raw) as Buffer };
  const isGzip = headers['content-encoding'] === 'gzip';
  return { url, headers, body: isGzip ? gunzipSync(raw) : raw };
}
