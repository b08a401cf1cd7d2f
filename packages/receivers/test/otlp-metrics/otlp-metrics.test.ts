import { describe, expect, test } from 'vitest';
import type { MetricLimits } from '../../src/metrics/metric-limits.ts';
import { OtlpMetrics } from '../../src/otlp-metrics/otlp-metrics.ts';
import { samplesOf } from '../support/decoded-metrics.ts';
import {
  otlpMetricsProtobuf,
  type TestAttribute,
  type TestMetric,
  type TestMetricsRequest,
} from '../support/otlp-metrics-protobuf.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const timeUnixNano = `${nowMs}123456`;

const encodings = [
  ['protobuf', 'application/x-protobuf', otlpMetricsProtobuf],
  [
    'JSON',
    'application/json',
    (request: TestMetricsRequest) => Buffer.from(JSON.stringify(request)),
  ],
] as const;

const attribute = (key: string, stringValue: string): TestAttribute => ({
  key,
  value: { stringValue },
});
const of = (metrics: TestMetric[], resource: TestAttribute[] = []): TestMetricsRequest => ({
  resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ metrics }] }],
});
const cumulative = 2;

describe.each(encodings)('OTLP metrics in %s', (encoding, contentType, encode) => {
  const decode = (
    request: TestMetricsRequest,
    limits: Partial<MetricLimits> = {},
  ): ReturnType<OtlpMetrics['decode']> =>
    new OtlpMetrics({ limits, now: () => nowMs }).decode(encode(request), contentType);
  const valuesOf = (request: TestMetricsRequest): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(samplesOf(decode(request).batch)).map(([name, [sample]]) => {
        expect(sample?.[0]).toBe(nowMs);
        return [name, sample?.[1]];
      }),
    );

  test('gauges and sums', () => {
    const point = { timeUnixNano, attributes: [attribute('http.method', 'GET')] };
    const sum = { aggregationTemporality: cumulative };
    expect(
      valuesOf(
        of([
          { name: 'temp', unit: 'Cel', gauge: { dataPoints: [{ ...point, asDouble: -1.5 }] } },
          { name: 'big', gauge: { dataPoints: [{ ...point, asInt: '-9007199254740993' }] } },
          {
            name: 'reqs',
            sum: { ...sum, isMonotonic: true, dataPoints: [{ ...point, asInt: '7' }] },
          },
          { name: 'queue', sum: { ...sum, dataPoints: [{ ...point, asInt: '-7' }] } },
        ]),
      ),
    ).toEqual({
      'temp_celsius{http_method="GET"}': -1.5,
      'big{http_method="GET"}': -9007199254740992,
      'reqs_total{http_method="GET"}': 7,
      'queue{http_method="GET"}': -7,
    });
  });

  test('histograms, with and without a sum, and without buckets', () => {
    const point = {
      timeUnixNano,
      count: '6',
      sum: 12.5,
      explicitBounds: [0.1, 1e-7 * 1e8],
      bucketCounts: ['1', '2', '3'],
    };
    const { sum: _, ...withoutSum } = { ...point, attributes: [attribute('a', 'b')] };
    const bare = { timeUnixNano, count: '2', attributes: [attribute('a', 'c')] };
    const histogram = {
      aggregationTemporality: cumulative,
      dataPoints: [point, withoutSum, bare],
    };
    expect(valuesOf(of([{ name: 'lat', unit: 's', histogram }]))).toEqual({
      'lat_seconds_count{}': 6,
      'lat_seconds_sum{}': 12.5,
      'lat_seconds_bucket{le="0.1"}': 1,
      'lat_seconds_bucket{le="10"}': 3,
      'lat_seconds_bucket{le="+Inf"}': 6,
      'lat_seconds_count{a="b"}': 6,
      'lat_seconds_bucket{a="b",le="0.1"}': 1,
      'lat_seconds_bucket{a="b",le="10"}': 3,
      'lat_seconds_bucket{a="b",le="+Inf"}': 6,
      'lat_seconds_count{a="c"}': 2,
      'lat_seconds_bucket{a="c",le="+Inf"}': 2,
    });
  });

  test('exponential histograms', () => {
    const exponentialHistogram = {
      aggregationTemporality: cumulative,
      dataPoints: [
        {
          timeUnixNano,
          count: '9',
          sum: 3,
          scale: 0,
          zeroCount: '2',
          zeroThreshold: 0.25,
          // (1, 2] and (2, 4]
          positive: { offset: 0, bucketCounts: ['3', '1'] },
          // [-1, -0.5)
          negative: { offset: -1, bucketCounts: ['3'] },
        },
      ],
    };
    expect(valuesOf(of([{ name: 'e', exponentialHistogram }]))).toEqual({
      'e_count{}': 9,
      'e_sum{}': 3,
      'e_bucket{le="-1"}': 0,
      'e_bucket{le="-0.5"}': 3,
      'e_bucket{le="0.25"}': 5,
      'e_bucket{le="1"}': 5,
      'e_bucket{le="2"}': 8,
      'e_bucket{le="4"}': 9,
      'e_bucket{le="+Inf"}': 9,
    });
  });

  test('summaries', () => {
    const summary = {
      dataPoints: [
        { timeUnixNano, count: '4', sum: 8, quantileValues: [{ quantile: 0.99, value: 3 }] },
      ],
    };
    expect(valuesOf(of([{ name: 's', summary }]))).toEqual({
      's_count{}': 4,
      's_sum{}': 8,
      's{quantile="0.99"}': 3,
    });
  });

  test('points without a value are stale markers', () => {
    const point = { timeUnixNano, flags: 1 };
    const data = { aggregationTemporality: cumulative, dataPoints: [point] };
    const values = valuesOf(
      of([
        { name: 'g', gauge: data },
        { name: 'h', histogram: data },
        { name: 'e', exponentialHistogram: data },
        { name: 's', summary: data },
      ]),
    );
    expect(Object.keys(values)).toEqual(
      expect.arrayContaining(['g{}', 'h_count{}', 'h_bucket{le="+Inf"}', 'e_count{}', 's_sum{}']),
    );
    expect(new Set(Object.values(values))).toEqual(new Set(['stale']));
  });

  test('the resource becomes job, instance and target_info', () => {
    const gauge = {
      dataPoints: [{ timeUnixNano, asInt: '1', attributes: [attribute('job', 'mine')] }],
    };
    const resource = [
      attribute('service.name', 'checkout'),
      attribute('service.namespace', 'shop'),
      attribute('service.instance.id', 'i-1'),
      attribute('host.name', 'n1'),
    ];
    expect(valuesOf(of([{ name: 'g', gauge }], resource))).toEqual({
      'g{instance="i-1",job="shop/checkout"}': 1,
      'target_info{host_name="n1",instance="i-1",job="shop/checkout"}': 1,
    });
    expect(valuesOf(of([{ name: 'g', gauge }], resource.slice(0, 3)))).toEqual({
      'g{instance="i-1",job="shop/checkout"}': 1,
    });
    expect(valuesOf(of([{ name: 'g', gauge }], resource.slice(3)))).toEqual({ 'g{job="mine"}': 1 });
  });

  test('attributes that become one label share it', () => {
    const attributes = [attribute('a_b', '2'), attribute('a.b', '1'), attribute('__name__', 'x')];
    const gauge = { dataPoints: [{ timeUnixNano, asInt: '1', attributes }] };
    expect(valuesOf(of([{ name: 'g', gauge }]))).toEqual({ 'g{a_b="1;2"}': 1 });
  });

  test('metadata', () => {
    const data = { aggregationTemporality: cumulative, dataPoints: [{ timeUnixNano, asInt: '1' }] };
    const { batch } = decode(
      of([
        { name: 'io', unit: 'By/s', description: 'IO.', sum: { ...data, isMonotonic: true } },
        { name: 'q', sum: data },
        { name: 'h', histogram: data },
        { name: 's', summary: data },
      ]),
    );
    expect(batch.families).toEqual([
      {
        family: 'io_bytes_per_second_total',
        type: 'counter',
        unit: 'bytes_per_second',
        help: 'IO.',
      },
      { family: 'q', type: 'gauge', unit: '', help: '' },
      { family: 'h', type: 'histogram', unit: '', help: '' },
      { family: 's', type: 'summary', unit: '', help: '' },
    ]);
  });

  const good: TestMetric = { name: 'good', gauge: { dataPoints: [{ timeUnixNano, asInt: '1' }] } };
  const many = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  test.each<[string, TestMetric, number, string]>([
    [
      'delta temporality',
      {
        name: 'd',
        sum: { aggregationTemporality: 1, dataPoints: [{ timeUnixNano }, { timeUnixNano }] },
      },
      2,
      'metric "d": expected cumulative temporality, got delta; set',
    ],
    [
      'no temporality',
      { name: 'h', histogram: { dataPoints: [{ timeUnixNano }] } },
      1,
      'metric "h": expected cumulative temporality, got none',
    ],
    [
      'no name',
      { name: '', gauge: { dataPoints: [{ timeUnixNano }] } },
      1,
      'expected a name with letters',
    ],
    [
      'no time',
      { name: 'g', gauge: { dataPoints: [{ timeUnixNano: '0' }] } },
      1,
      'metric "g": expected a time from 2026-01-25T12:00:00.000Z',
    ],
    [
      'bounds and counts that differ',
      {
        name: 'h',
        histogram: {
          aggregationTemporality: cumulative,
          dataPoints: [{ timeUnixNano, explicitBounds: [1, 2], bucketCounts: ['1'] }],
        },
      },
      1,
      'expected 3 bucket counts for 2 bounds, got 1',
    ],
    [
      'bounds that do not grow',
      {
        name: 'h',
        histogram: {
          aggregationTemporality: cumulative,
          dataPoints: [{ timeUnixNano, explicitBounds: [1, 1], bucketCounts: ['1', '2', '3'] }],
        },
      },
      1,
      'expected bounds that grow',
    ],
    [
      'many bounds',
      {
        name: 'h',
        histogram: {
          aggregationTemporality: cumulative,
          dataPoints: [
            { timeUnixNano, explicitBounds: many(700), bucketCounts: many(701).map(String) },
          ],
        },
      },
      1,
      'expected at most 512 bounds, got more',
    ],
    [
      'many quantiles',
      {
        name: 's',
        summary: {
          dataPoints: [
            { timeUnixNano, quantileValues: many(700).map((n) => ({ quantile: n, value: n })) },
          ],
        },
      },
      1,
      'expected at most 512 quantiles, got more',
    ],
    [
      'a scale that is not known',
      {
        name: 'e',
        exponentialHistogram: {
          aggregationTemporality: cumulative,
          dataPoints: [{ timeUnixNano, scale: -2147483648 }],
        },
      },
      1,
      'expected a scale from -10 to 52, got -2147483648',
    ],
    [
      'many buckets',
      {
        name: 'e',
        exponentialHistogram: {
          aggregationTemporality: cumulative,
          dataPoints: [
            { timeUnixNano, positive: { offset: 0, bucketCounts: many(5000).map(String) } },
          ],
        },
      },
      1,
      'expected at most 4096 buckets on a side, got more',
    ],
    [
      'many attributes',
      {
        name: 'g',
        gauge: {
          dataPoints: [{ timeUnixNano, attributes: many(150).map((n) => attribute(`a${n}`, '1')) }],
        },
      },
      1,
      'expected at most 100 attributes, got more',
    ],
    [
      'a long attribute',
      {
        name: 'g',
        gauge: { dataPoints: [{ timeUnixNano, attributes: [attribute('a', 'x'.repeat(5000))] }] },
      },
      1,
      'label "a": expected at most 4096 bytes, got 5000',
    ],
  ])('%s: a partial success says what was left out', (...row) => {
    const [, bad, rejected, problem] = row;
    const { batch, reply } = decode(of([bad, good]));
    expect(samplesOf(batch)).toEqual({ 'good{}': [[nowMs, 1]] });
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': contentType } });
    expect(reply.body.toString()).toContain(
      encoding === 'JSON' ? JSON.stringify(problem).slice(1, -1) : problem,
    );
    expect(batch.rejected.samples + batch.rejected.histograms).toBe(rejected);
    // Nothing else in it: a failure for good.
    expect(decode(of([bad])).reply.status).toBe(400);
  });

  test('a partial success counts the points that were left out', () => {
    const data = { aggregationTemporality: 1, dataPoints: [{ timeUnixNano }, { timeUnixNano }] };
    const { reply } = decode(of([{ name: 'd', sum: data }, good]));
    const count = encoding === 'JSON' ? '"rejectedDataPoints":"2"' : '\x08\x02\x12';
    expect(reply.body.toString()).toContain(count);
  });

  test('more series than one request may have: all of it is refused', () => {
    const dataPoints = many(6).map((n) => ({ timeUnixNano, attributes: [attribute('n', `${n}`)] }));
    const request = of([{ name: 'g', gauge: { dataPoints } }]);
    expect(() => decode(request, { maxSeries: 5 })).toThrow('at most 5 series');
    expect(() => decode(request, { maxSamples: 5 })).toThrow('at most 5 samples');
    expect(decode(request, { maxSeries: 6, maxSamples: 6 }).reply.status).toBe(200);
  });

  test('exemplars are counted and not kept', () => {
    const gauge = { dataPoints: [{ timeUnixNano, asInt: '1', exemplars: [{}, {}] }] };
    const { batch, reply } = decode(of([{ name: 'g', gauge }]));
    expect(batch.rejected).toEqual({ samples: 0, histograms: 0, exemplars: 2 });
    expect(reply.status).toBe(200);
  });
});

test('nanoseconds are cut to the millisecond they are in', () => {
  const at = (time: string): number | undefined => {
    const body = otlpMetricsProtobuf(
      of([{ name: 'g', gauge: { dataPoints: [{ timeUnixNano: time }] } }]),
    );
    const protocol = new OtlpMetrics({ now: () => nowMs });
    return protocol.decode(body, 'application/x-protobuf').batch.samples.timesMs[0];
  };
  expect(at(`${nowMs}000000`)).toBe(nowMs);
  expect(at(`${nowMs}999999`)).toBe(nowMs);
  expect(at(`${nowMs - 1}999999`)).toBe(nowMs - 1);
});

test.each([
  ['{"resourceMetrics":{}}', 'resourceMetrics: expected a list'],
  ['{"resourceMetrics":[{"scopeMetrics":[{"metrics":[3]}]}]}', 'metrics[0]: expected an object'],
  [
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","gauge":{"dataPoints":[{"asDouble":"x"}]}}]}]}]}',
    'dataPoints[0].asDouble: expected a number',
  ],
  ['nonsense', 'expected JSON'],
])('JSON %s is refused with the place', (body, problem) => {
  const protocol = new OtlpMetrics({ now: () => nowMs });
  expect(() => protocol.decode(Buffer.from(body), 'application/json')).toThrow(problem);
});

test('a content type that is neither is refused as unsupported', () => {
  expect(() => new OtlpMetrics().decode(Buffer.alloc(0), 'text/plain')).toThrow(
    expect.objectContaining({ code: 'unsupported_media_type' }),
  );
});
