/** What OpenTelemetry's SDKs for JavaScript and Python send, recorded (testdata/otlp-metrics). */
import { expect, test } from 'vitest';
import { OtlpMetrics } from '../../src/otlp-metrics/otlp-metrics.ts';
import { recordedRequest, samplesOf } from '../support/decoded-metrics.ts';

const nowMs = 1_795_456_820_000;

function decodeRecorded(name: string): ReturnType<OtlpMetrics['decode']> {
  const { headers, body } = recordedRequest('otlp-metrics', name);
  return new OtlpMetrics({ now: () => nowMs }).decode(body, headers['content-type']);
}

test.each(['opentelemetry-js-protobuf-gzip', 'opentelemetry-js-json'])('%s', (name) => {
  const { batch, reply } = decodeRecorded(name);
  expect(reply.status).toBe(200);
  expect(batch.accepted).toEqual({ samples: 5, histograms: 2, exemplars: 0 });
  const values = Object.fromEntries(
    Object.entries(samplesOf(batch)).map(([series, [sample]]) => [series, sample?.[1]]),
  );
  const own = 'instance="i-1",job="shop/checkout"';
  expect(values).toMatchObject({
    [`http_server_requests_total{http_method="GET",http_route="/pay",${own}}`]: 3,
    [`queue_length{${own},queue="a"}`]: -2,
    [`process_cpu_utilization_ratio{cpu="0",${own}}`]: 0.25,
    [`temperature_celsius{${own}}`]: 21.5,
    [`io_bytes_total{${own}}`]: 12345678901,
    [`http_server_duration_seconds_bucket{http_method="GET",${own},le="0.1"}`]: 3,
    [`http_server_duration_seconds_bucket{http_method="GET",${own},le="+Inf"}`]: 5,
    [`http_server_duration_seconds_count{http_method="GET",${own}}`]: 5,
    [`shop_exponential_bytes_bucket{${own},le="0"}`]: 1,
    [`shop_exponential_bytes_bucket{${own},le="4"}`]: 4,
    [`shop_exponential_bytes_bucket{${own},le="+Inf"}`]: 5,
    [`target_info{host_name="n1",${own},k8s_labels="[\\"a\\",\\"b\\"]",process_pid="4242"}`]: 1,
  });
});

test('opentelemetry-js-delta-protobuf: deltas are left out, with what to do', () => {
  const { batch, reply } = decodeRecorded('opentelemetry-js-delta-protobuf');
  expect(reply.status).toBe(200);
  expect(batch.rejected.samples).toBe(4);
  expect(reply.body.toString()).toContain('deltatocumulative');
  expect(Object.keys(samplesOf(batch)).map((name) => name.replace(/\{.*/, ''))).toEqual([
    'queue_length',
    'process_cpu_utilization_ratio',
    'temperature_celsius',
    'target_info',
  ]);
});

test('opentelemetry-python-protobuf-gzip', () => {
  const { batch, reply } = decodeRecorded('opentelemetry-python-protobuf-gzip');
  expect(reply.status).toBe(200);
  const samples = samplesOf(batch);
  const names = new Set(Object.keys(samples).map((name) => name.replace(/\{.*/, '')));
  expect([...names]).toEqual(
    expect.arrayContaining([
      'requests_total',
      'size_bytes_sum',
      'wait_milliseconds_bucket',
      'load',
    ]),
  );
  const [requests] = Object.entries(samples).filter(([name]) => name.startsWith('requests_total'));
  expect(requests?.[0]).toContain('code="200"');
  expect(requests?.[0]).toContain('ok="true"');
});
