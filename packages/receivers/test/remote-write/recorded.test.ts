/** What Prometheus 2.42 sends, recorded (testdata/remote-write). */
import { expect, test } from 'vitest';
import { RemoteWrite } from '../../src/remote-write/remote-write.ts';
import { recordedRequest, samplesOf } from '../support/decoded-metrics.ts';

const nowMs = 1_795_455_650_000;

function decodeRecorded(name: string): ReturnType<RemoteWrite['decode']> {
  const { headers, body } = recordedRequest('remote-write', name);
  return new RemoteWrite({ now: () => nowMs }).decode(body, headers['content-type']);
}

test('samples of a scrape', () => {
  const { batch, reply } = decodeRecorded('samples');
  const target = 'cluster="lab",instance="127.0.0.1:24002",job="shop"';
  expect(reply.status).toBe(204);
  expect(batch.samples.length).toBe(17);
  const samples = samplesOf(batch);
  expect(samples).toMatchObject({
    [`shop_orders_total{${target},kind="web",region="eu"}`]: [[1795455632342, 55632]],
    [`shop_temperature_celsius{${target},room="Käfer \\"1\\""}`]: [[1795455632342, -3.25]],
    [`shop_temperature_celsius{${target},room="nan"}`]: [[1795455632342, NaN]],
    [`shop_temperature_celsius{${target},room="inf"}`]: [[1795455632342, Infinity]],
    [`shop_latency_seconds_bucket{${target},le="+Inf"}`]: [[1795455632342, 6]],
    [`up{${target}}`]: [[1795455632342, 1]],
  });
});

test('the marker of a series that is gone', () => {
  const values = Object.entries(samplesOf(decodeRecorded('stale-marker').batch))
    .filter(([, [sample]]) => sample?.[1] === 'stale')
    .map(([name]) => name);
  expect(values).toEqual([
    'shop_temperature_celsius{cluster="lab",instance="127.0.0.1:24002",job="shop",room="nan"}',
  ]);
});

test('metadata', () => {
  expect(decodeRecorded('metadata').batch.families).toEqual([
    { family: 'shop_orders_total', type: 'counter', unit: '', help: 'Orders taken.' },
    { family: 'shop_temperature_celsius', type: 'gauge', unit: '', help: 'Temperature.' },
    { family: 'shop_latency_seconds', type: 'histogram', unit: '', help: 'Latency.' },
    { family: 'shop_size_bytes', type: 'summary', unit: '', help: 'Sizes.' },
  ]);
});

test('a native histogram and an exemplar', () => {
  const { batch, reply } = decodeRecorded('native-histogram-and-exemplar');
  expect(reply.status).toBe(204);
  expect(batch.accepted).toEqual({ samples: 11, histograms: 1, exemplars: 0 });
  expect(batch.rejected).toEqual({ samples: 0, histograms: 0, exemplars: 1 });
  const samples = samplesOf(batch);
  const own = 'instance="127.0.0.1:24004",job="native"';
  expect(samples[`shop_native_seconds_count{${own},path="/pay"}`]).toEqual([[1795455684292, 11]]);
  const cumulative = Object.entries(samples)
    .filter(([name]) => name.startsWith('shop_native_seconds_bucket'))
    .map(([, [sample]]) => sample?.[1]);
  expect(cumulative.length).toBeGreaterThan(5);
  expect(cumulative).toEqual(cumulative.toSorted((a, b) => Number(a) - Number(b)));
  expect(cumulative.at(-1)).toBe(11);
});
