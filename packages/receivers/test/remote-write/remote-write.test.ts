import { describe, expect, test } from 'vitest';
import { RemoteWrite } from '../../src/remote-write/remote-write.ts';
import type { MetricLimits } from '../../src/metrics/metric-limits.ts';
import { samplesOf } from '../support/decoded-metrics.ts';
import { requestV2, writeRequest, type TestSeries } from '../support/remote-write-protobuf.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const v1 = 'application/x-protobuf';
const v2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';

function remoteWrite(limits: Partial<MetricLimits> = {}): RemoteWrite {
  return new RemoteWrite({ limits, now: () => nowMs });
}

const named = (name: string, ...labels: [string, string][]): TestSeries['labels'] => [
  ['__name__', name],
  ...labels,
];
const versions = [
  ['1.0', v1, writeRequest],
  ['2.0', v2, requestV2],
] as const;

describe.each(versions)('remote write %s', (version, contentType, encode) => {
  test('gives each sample with its series, time and value', () => {
    const { batch, reply } = remoteWrite().decode(
      encode([
        {
          labels: named('a', ['x', '1'], ['y', 'é']),
          samples: [
            [nowMs, 1.5],
            [nowMs + 1, -0],
          ],
        },
        { labels: named('a', ['x', '2']), samples: [[nowMs - 5, Infinity]] },
        {
          labels: named('b'),
          samples: [
            [nowMs, NaN],
            [nowMs, 5e-324],
          ],
        },
      ]),
      contentType,
    );
    expect(samplesOf(batch)).toEqual({
      'a{x="1",y="é"}': [
        [nowMs, 1.5],
        [nowMs + 1, -0],
      ],
      'a{x="2"}': [[nowMs - 5, Infinity]],
      'b{}': [
        [nowMs, NaN],
        [nowMs, 5e-324],
      ],
    });
    expect(batch.accepted).toEqual({ samples: 5, histograms: 0, exemplars: 0 });
    expect(reply.status).toBe(204);
  });

  test('the same series is the same object the next time, and has the same identity anyhow', () => {
    const protocol = remoteWrite();
    const body = encode([{ labels: named('a', ['x', '1']), samples: [[nowMs, 1]] }]);
    const [first] = protocol.decode(body, contentType).batch.series;
    expect(protocol.decode(body, contentType).batch.series[0]).toBe(first);
    const shuffled = encode([
      {
        labels: [
          ['x', '1'],
          ['empty', ''],
          ['__name__', 'a'],
        ],
        samples: [[nowMs, 1]],
      },
    ]);
    expect(protocol.decode(shuffled, contentType).batch.series[0]).toEqual(first);
    // Rows that are stored refer to it: it may never change.
    expect(first?.id).toBe('7600507753861466047');
  });

  const long = 'x'.repeat(300);
  test.each<[string, TestSeries['labels'], string]>([
    [
      'no name',
      [['x', '1']],
      'series 1 {x="1"}: expected a label __name__ with the metric\'s name, got none',
    ],
    ['an empty name', [['__name__', '']], 'expected a label __name__'],
    [
      'a label twice',
      named('a', ['x', '1'], ['x', '2']),
      'expected each label once, got "x" twice',
    ],
    [
      'a label without a name',
      named('a', ['', '1']),
      'expected a name for each label, got an empty one',
    ],
    ['a long name', named('a', [long, '1']), 'of at most 200 bytes, got 300'],
    [
      'a long value',
      named('a', ['x', 'é'.repeat(150)]),
      'label "x": expected at most 250 bytes, got 300',
    ],
    [
      'many labels',
      named('a', ...Array.from({ length: 60 }, (_, n): [string, string] => [`l${n}`, '1'])),
      'expected at most 20 labels, got 21',
    ],
  ])('%s: is left out and named, the others are stored', (_, labels, problem) => {
    const limits = { maxLabels: 20, maxLabelNameBytes: 200, maxLabelValueBytes: 250 };
    const { batch, reply } = remoteWrite(limits).decode(
      encode([
        { labels: named('good'), samples: [[nowMs, 1]] },
        {
          labels,
          samples: [
            [nowMs, 2],
            [nowMs + 1, 3],
          ],
        },
        { labels: named('also_good'), samples: [[nowMs, 4]] },
      ]),
      contentType,
    );
    expect(reply.status).toBe(400);
    expect(reply.body).toContain('series 1 {');
    expect(reply.body).toContain(problem);
    expect(samplesOf(batch)).toEqual({ 'good{}': [[nowMs, 1]], 'also_good{}': [[nowMs, 4]] });
    expect(batch.accepted.samples).toBe(2);
    expect(batch.rejected.samples).toBe(2);
  });

  test('a time far away: the sample alone is left out', () => {
    const { batch, reply } = remoteWrite({ maxPastMs: 3_600_000, maxFutureMs: 60_000 }).decode(
      encode([
        {
          labels: named('a'),
          samples: [
            [nowMs, 1],
            [nowMs - 3_600_001, 2],
            [nowMs + 60_001, 3],
            [nowMs + 60_000, 4],
          ],
        },
        { labels: named('b'), samples: [[0, 1]] },
      ]),
      contentType,
    );
    expect(samplesOf(batch)).toEqual({
      'a{}': [
        [nowMs, 1],
        [nowMs + 60_000, 4],
      ],
    });
    expect(reply).toMatchObject({ status: 400 });
    expect(String(reply.body).split('\n')).toEqual([
      'series 0 {__name__="a"}: expected a time from 2026-03-01T11:00:00.000Z to ' +
        '2026-03-01T12:01:00.000Z, got 2026-03-01T10:59:59.999Z (and 1 more of its samples)',
      'series 1 {__name__="b"}: expected a time from 2026-03-01T11:00:00.000Z to ' +
        '2026-03-01T12:01:00.000Z, got 1970-01-01T00:00:00.000Z',
      '',
    ]);
  });

  test('more problems than are told are counted', () => {
    const bad = Array.from({ length: 25 }, (): TestSeries => ({
      labels: [],
      samples: [[nowMs, 1]],
    }));
    const { reply } = remoteWrite().decode(encode(bad), contentType);
    expect(String(reply.body).trim().split('\n')).toHaveLength(11);
    expect(reply.body).toMatch(/and 15 more\n$/);
  });

  test('more series or samples than one request may have: all of it is refused', () => {
    const series = (count: number, samples: number): Buffer =>
      encode(
        Array.from({ length: count }, (_, n) => ({
          labels: named(`m${n}`),
          samples: Array.from({ length: samples }, (): [number, number] => [nowMs, 1]),
        })),
      );
    const protocol = remoteWrite({ maxSeries: 10, maxSamples: 20 });
    expect(protocol.decode(series(10, 2), contentType).batch.samples.length).toBe(20);
    expect(() => protocol.decode(series(11, 1), contentType)).toThrow(
      expect.objectContaining({ code: 'body_too_large' }),
    );
    expect(() => protocol.decode(series(3, 7), contentType)).toThrow('at most 20 samples');
  });

  test('exemplars are counted and not kept', () => {
    const { batch, reply } = remoteWrite().decode(
      encode([
        { labels: named('a'), samples: [[nowMs, 1]], exemplars: 2 },
        { labels: named('b'), exemplars: 1 },
      ]),
      contentType,
    );
    expect(batch.rejected.exemplars).toBe(3);
    expect(batch.series).toHaveLength(1);
    expect(reply.status).toBe(204);
    const written = {
      'x-prometheus-remote-write-samples-written': '1',
      'x-prometheus-remote-write-histograms-written': '0',
      'x-prometheus-remote-write-exemplars-written': '0',
    };
    expect(reply.headers).toEqual(version === '2.0' ? written : {});
  });

  test('no bytes at all are an empty request', () => {
    const { batch, reply } = remoteWrite().decode(Buffer.alloc(0), contentType);
    expect(batch.samples.length).toBe(0);
    expect(reply.status).toBe(204);
  });
});

test.each([
  ['application/x-protobuf', 'prometheus.WriteRequest'],
  ['application/x-protobuf;proto=prometheus.WriteRequest', 'prometheus.WriteRequest'],
  ['application/x-protobuf; proto=prometheus.WriteRequest', 'prometheus.WriteRequest'],
  [undefined, 'prometheus.WriteRequest'],
  [v2, 'io.prometheus.write.v2.Request'],
])('content type %s is taken as %s', (contentType, message) => {
  const body = writeRequest([{ labels: named('a'), samples: [[nowMs, 1]] }]);
  const { batch } = remoteWrite().decode(body, contentType);
  // A request of the one is empty when read as the other.
  expect(batch.samples.length).toBe(message === 'prometheus.WriteRequest' ? 1 : 0);
});

test.each(['application/json', 'text/plain', 'application/x-protobuf;proto=other.Request'])(
  'content type %s is refused as unsupported',
  (contentType) => {
    expect(() => remoteWrite().decode(Buffer.alloc(0), contentType)).toThrow(
      expect.objectContaining({ code: 'unsupported_media_type', status: 415 }),
    );
  },
);

test('1.0: metadata of metrics comes with or without samples', () => {
  const { batch } = remoteWrite().decode(
    writeRequest(
      [],
      [
        { type: 1, family: 'a_total', help: 'A.', unit: '' },
        { type: 99, family: 'b' },
      ],
    ),
    v1,
  );
  expect(batch.families).toEqual([
    { family: 'a_total', type: 'counter', help: 'A.', unit: '' },
    { family: 'b', type: '', help: '', unit: '' },
  ]);
});

test('1.0: more metrics than one request may describe are refused', () => {
  const metadata = Array.from({ length: 6 }, (_, n) => ({ type: 1, family: `m${n}` }));
  expect(() => remoteWrite({ maxFamilies: 5 }).decode(writeRequest([], metadata), v1)).toThrow(
    'at most 5 metrics that are described',
  );
});

test('1.0: labels that are no UTF-8 are named', () => {
  const { reply } = remoteWrite().decode(
    writeRequest([{ labels: [['__name__', Buffer.from([0xff])]], samples: [[nowMs, 1]] }]),
    v1,
  );
  expect(reply.body).toBe('series 0 label 0 "__name__": expected UTF-8\n');
});

test('2.0: metadata of a histogram is of its metric, not of its series', () => {
  const metadata = { type: 3, help: 'Latency.', unit: 'seconds' };
  const { batch } = remoteWrite().decode(
    requestV2([
      { labels: named('lat_bucket', ['le', '1']), samples: [[nowMs, 1]], metadata },
      { labels: named('lat_count'), samples: [[nowMs, 1]], metadata },
      { labels: named('up'), samples: [[nowMs, 1]], metadata: {} },
    ]),
    v2,
  );
  expect(batch.families).toEqual([
    { family: 'lat', type: 'histogram', help: 'Latency.', unit: 'seconds' },
  ]);
});

test('2.0: references beyond the symbols, and one without its pair, are named', () => {
  // TimeSeries: labels_refs, then a sample of nothing but its time.
  const series = (refs: number[]): Buffer => {
    const time = requestV2([{ labels: [], samples: [[nowMs, 1]] }]);
    const sample = time.subarray(time.indexOf(Buffer.from([0x12])));
    const content = Buffer.concat([Buffer.from([0x0a, refs.length, ...refs]), sample]);
    return Buffer.concat([Buffer.from([0x22, 0, 0x2a, content.length]), content]);
  };
  const { reply } = remoteWrite().decode(series([0, 7]), v2);
  expect(reply).toMatchObject({ status: 400 });
  expect(reply.body).toContain('expected references to 1 symbols, got 7');
  expect(remoteWrite().decode(series([0]), v2).reply.body).toContain('in pairs, got 1');
});

test('2.0: more symbols than one request may have are refused', () => {
  const body = requestV2([{ labels: named('a', ['b', 'c']), samples: [[nowMs, 1]] }]);
  expect(() => remoteWrite({ maxSymbols: 4 }).decode(body, v2)).toThrow('at most 4 symbols');
  expect(remoteWrite({ maxSymbols: 5 }).decode(body, v2).reply.status).toBe(204);
});
