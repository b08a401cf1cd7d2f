import { limits } from '@plimsoll/model';
import { describe, expect, test } from 'vitest';
import { MetricRows } from '../../src/metrics/metric-rows.ts';
import { RemoteWrite } from '../../src/remote-write/remote-write.ts';
import {
  writeRequest,
  type TestMetadata,
  type TestSeries,
} from '../support/remote-write-protobuf.ts';

const hourMs = 3_600_000;
const nowMs = Date.parse('2026-03-01T12:30:00Z');
const protocol = new RemoteWrite({ now: () => nowMs, limits: { maxFutureMs: 10 * hourMs } });

function plan(
  rows: MetricRows,
  series: TestSeries[],
  { tenant = 't', metadata = [] }: { tenant?: string; metadata?: TestMetadata[] } = {},
): { samples: unknown[][]; series: unknown[][]; onDurable: () => void } {
  const body = writeRequest(series, metadata);
  const { payloads, onDurable } = rows.plan(
    tenant,
    protocol.decode(body, 'application/x-protobuf').batch,
  );
  const of = (table: string): unknown[][] =>
    payloads
      .filter((payload) => payload.table === table)
      .flatMap(({ payload }) => payload.toString().trimEnd().split('\n'))
      .map((line) => JSON.parse(line) as unknown[]);
  return { samples: of('samples'), series: of('series'), onDurable };
}

const one = (timeMs: number, value = 1): TestSeries => ({
  labels: [
    ['__name__', 'orders_total'],
    ['job', 'shop'],
  ],
  samples: [[timeMs, value]],
});

test('a sample is a row: what text cannot say is written so that the table knows', () => {
  const stale = Buffer.alloc(8);
  stale.writeBigUInt64LE(0x7ff0000000000002n);
  const times = (values: number[]): [number, number][] =>
    values.map((value, n) => [nowMs + n, value]);
  const values = [1.5, -0, 0, NaN, Infinity, -Infinity, 1e300, 5e-324, 123456789];
  const { samples } = plan(new MetricRows(), [
    { labels: [['__name__', 'a']], samples: times(values) },
  ]);
  expect(samples.map((row) => row[4])).toEqual([
    1.5,
    -0,
    0,
    'nan',
    'inf',
    '-inf',
    1e300,
    5e-324,
    123456789,
  ]);
  expect(samples[0]?.slice(0, 2)).toEqual(['t', 'a']);
  expect(samples.map((row) => row[3])).toEqual(values.map((_, n) => nowMs + n));
  const body = writeRequest([one(nowMs, 3)]);
  body.set(stale, body.indexOf(Buffer.from(new Float64Array([3]).buffer)));
  const { payloads } = new MetricRows().plan('t', protocol.decode(body, undefined).batch);
  expect(payloads.find(({ table }) => table === 'samples')?.payload.toString()).toMatch(
    /,null\]\n$/,
  );
});

describe('a series is described', () => {
  test('when its samples are first made durable, not before, and then once an hour', () => {
    const rows = new MetricRows();
    const first = plan(rows, [one(nowMs)]);
    expect(first.series).toEqual([
      [
        't',
        'orders_total',
        expect.any(Number),
        { job: 'shop' },
        null,
        null,
        null,
        Date.parse('2026-03-01T12:00:00Z'),
        nowMs,
      ],
    ]);
    // It was not published: told again.
    const again = plan(rows, [one(nowMs)]);
    expect(again.series).toHaveLength(1);
    again.onDurable();
    expect(plan(rows, [one(nowMs + hourMs)]).series).toEqual([]);
    expect(plan(rows, [one(nowMs + hourMs + 1)]).series).toHaveLength(1);
  });

  test('for each tenant', () => {
    const rows = new MetricRows();
    plan(rows, [one(nowMs)]).onDurable();
    expect(plan(rows, [one(nowMs)]).series).toEqual([]);
    expect(plan(rows, [one(nowMs)], { tenant: 'u' }).series).toHaveLength(1);
  });

  test('once for each hour of samples from before', () => {
    const rows = new MetricRows();
    plan(rows, [one(nowMs)]).onDurable();
    const back = plan(rows, [one(nowMs - hourMs), one(nowMs - hourMs - 1000)]);
    expect(back.series.map((row) => row.slice(7))).toEqual([
      [Date.parse('2026-03-01T11:00:00Z'), nowMs - hourMs],
    ]);
    back.onDurable();
    expect(plan(rows, [one(nowMs - hourMs - 5000)]).series).toEqual([]);
  });

  test('anew when more is known of its metric', () => {
    const rows = new MetricRows();
    plan(rows, [one(nowMs)]).onDurable();
    const metadata = [{ type: 1, family: 'orders', help: 'Orders.' }];
    expect(plan(rows, [], { metadata }).series).toEqual([]);
    const told = plan(rows, [one(nowMs)]);
    expect(told.series.map((row) => row.slice(4, 7))).toEqual([['counter', null, 'Orders.']]);
    told.onDurable();
    expect(plan(rows, [one(nowMs)], { metadata }).series).toEqual([]);
    // Of another tenant nothing is known.
    expect(plan(rows, [one(nowMs)], { tenant: 'u' }).series[0]?.slice(4, 7)).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('again when it was forgotten: the memory is bounded', () => {
    const rows = new MetricRows({ maxSeries: 10 });
    const many = Array.from({ length: 50 }, (_, n): TestSeries => ({
      labels: [['__name__', `m${n}`]],
      samples: [[nowMs, 1]],
    }));
    plan(rows, many).onDurable();
    const told = plan(rows, many).series.length;
    expect(told).toBeGreaterThanOrEqual(40);
    expect(told).toBeLessThan(50);
  });
});

test('payloads fit frames', () => {
  const samples = Array.from({ length: 25_000 }, (_, n): [number, number] => [nowMs + n, n]);
  const labels: TestSeries['labels'] = [['__name__', 'x'.repeat(4000)]];
  const { batch } = protocol.decode(writeRequest([{ labels, samples }]), undefined);
  const { payloads } = new MetricRows().plan('t', batch);
  for (const { rows, payload } of payloads) {
    expect(rows).toBeLessThanOrEqual(limits.maxFrameRows);
    expect(payload.length).toBeLessThanOrEqual(limits.maxFrameBytes);
  }
  expect(payloads.reduce((sum, { rows }) => sum + rows, 0)).toBe(25_001);
});
