import { describe, expect, test } from 'vitest';
import { RemoteWrite } from '../../src/remote-write/remote-write.ts';
import { samplesOf } from '../support/decoded-metrics.ts';
import {
  requestV2,
  writeRequest,
  type TestHistogram,
  type TestSeries,
} from '../support/remote-write-protobuf.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const versions = [
  ['1.0', 'application/x-protobuf', writeRequest],
  ['2.0', 'application/x-protobuf;proto=io.prometheus.write.v2.Request', requestV2],
] as const;
const labels: TestSeries['labels'] = [
  ['__name__', 'h'],
  ['job', 'x'],
];
const base = { count: 10, sum: 7.5, schema: 0, timeMs: nowMs };

describe.each(versions)('native histograms of remote write %s', (_, contentType, encode) => {
  const decode = (
    histogram: TestHistogram,
    limits = {},
  ): { values: Record<string, unknown>; reply: { status: number; body: unknown } } => {
    const protocol = new RemoteWrite({ limits, now: () => nowMs });
    const { batch, reply } = protocol.decode(
      encode([{ labels, histograms: [histogram] }]),
      contentType,
    );
    const values = Object.entries(samplesOf(batch)).map(([name, [sample]]) => [name, sample?.[1]]);
    return { values: Object.fromEntries(values) as Record<string, unknown>, reply };
  };

  test.each([false, true])('have cumulative buckets, count and sum (floats: %s)', (isFloat) => {
    const { values, reply } = decode({
      ...base,
      isFloat,
      zeroThreshold: 0.001,
      zeroCount: 2,
      // (0.5, 1], (1, 2]; then (8, 16]
      positiveSpans: [
        [0, 2],
        [2, 1],
      ],
      positive: [3, 1, 2],
      negativeSpans: [[1, 1]],
      negative: [2],
    });
    expect(reply.status).toBe(204);
    expect(values).toEqual({
      'h_count{job="x"}': 10,
      'h_sum{job="x"}': 7.5,
      'h_bucket{job="x",le="-2"}': 0,
      'h_bucket{job="x",le="-1"}': 2,
      'h_bucket{job="x",le="0.001"}': 4,
      'h_bucket{job="x",le="0.5"}': 4,
      'h_bucket{job="x",le="1"}': 7,
      'h_bucket{job="x",le="2"}': 8,
      'h_bucket{job="x",le="4"}': 8,
      'h_bucket{job="x",le="8"}': 8,
      'h_bucket{job="x",le="16"}': 10,
      'h_bucket{job="x",le="+Inf"}': 10,
    });
  });

  test('with custom buckets keep their bounds', () => {
    const { values } = decode({
      ...base,
      schema: -53,
      customValues: [0.1, 0.5, 2],
      positiveSpans: [
        [0, 1],
        [1, 2],
      ],
      positive: [4, 5, 1],
    });
    expect(values).toEqual({
      'h_count{job="x"}': 10,
      'h_sum{job="x"}': 7.5,
      'h_bucket{job="x",le="0.1"}': 4,
      'h_bucket{job="x",le="0.5"}': 4,
      'h_bucket{job="x",le="2"}': 9,
      'h_bucket{job="x",le="+Inf"}': 10,
    });
  });

  test('with more buckets than allowed become coarser, with the same counts', () => {
    const counts = Array.from({ length: 100 }, () => 1);
    const { values } = decode(
      { ...base, count: 100, schema: 3, positiveSpans: [[1, 100]], positive: counts },
      { maxExponentialBuckets: 20 },
    );
    const buckets = Object.entries(values).filter(([name]) => name.startsWith('h_bucket'));
    expect(buckets.length).toBeLessThanOrEqual(21);
    // Of schema 0: 8 buckets of schema 3 each.
    expect(values).toMatchObject({ 'h_bucket{job="x",le="2"}': 8, 'h_bucket{job="x",le="4"}': 16 });
  });

  test.each<[string, Partial<TestHistogram>, string]>([
    [
      'a schema that is not known',
      { schema: 60 },
      'expected a schema from -9 to 52 or -53, got 60',
    ],
    [
      'spans and buckets that differ',
      { positiveSpans: [[0, 3]], positive: [1, 2] },
      'expected 3 positive buckets as its spans say, got 2',
    ],
    [
      'spans that go back',
      {
        negativeSpans: [
          [0, 1],
          [-4, 1],
        ],
        negative: [1, 2],
      },
      'expected negative spans in order',
    ],
    ['negative counts', { positiveSpans: [[0, 1]], positive: [-4] }, 'that are not negative'],
    [
      'custom bounds that do not grow',
      { schema: -53, customValues: [2, 1], positiveSpans: [[0, 1]], positive: [1] },
      'expected custom values that grow',
    ],
    [
      'more buckets than there are custom bounds',
      { schema: -53, customValues: [1], positiveSpans: [[0, 3]], positive: [1, 1, 1] },
      'expected spans over 2 buckets, got more',
    ],
    [
      'a span of all numbers there are',
      { positiveSpans: [[0, 4294967295]], positive: [1] },
      'expected 4294967295 positive buckets',
    ],
    [
      'more buckets than allowed',
      { positiveSpans: [[0, 30]], positive: Array.from({ length: 30 }, () => 1) },
      'expected at most 25 positive buckets, got more',
    ],
    [
      'more custom bounds than allowed',
      { schema: -53, customValues: Array.from({ length: 13 }, (__, n) => n) },
      'expected at most 12 bounds, got 13',
    ],
    ['a time far away', { timeMs: 0 }, 'expected a time from'],
  ])('with %s are left out and named', (__, wrong, problem) => {
    const limits = { maxNativeBuckets: 25, maxExplicitBuckets: 12 };
    const { values, reply } = decode({ ...base, ...wrong }, limits);
    expect(values).toEqual({});
    expect(reply.status).toBe(400);
    expect(reply.body).toContain('series 0 {__name__="h", job="x"}: ');
    expect(reply.body).toContain(problem);
  });

  test('are counted as histograms', () => {
    const protocol = new RemoteWrite({ now: () => nowMs });
    const { batch, reply } = protocol.decode(
      encode([{ labels, histograms: [base, { ...base, schema: 99 }] }]),
      contentType,
    );
    expect(batch.accepted).toEqual({ samples: 0, histograms: 1, exemplars: 0 });
    expect(batch.rejected).toEqual({ samples: 0, histograms: 1, exemplars: 0 });
    const written = { 'x-prometheus-remote-write-histograms-written': '1' };
    expect(reply.headers).toMatchObject(contentType.includes('v2') ? written : {});
  });
});
