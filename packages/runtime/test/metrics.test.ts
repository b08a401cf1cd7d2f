import { describe, expect, test } from 'vitest';
import { metricNameProblem, Metrics } from '../src/index.ts';

describe('metric names', () => {
  test.each([
    ['plimsoll_ingest_rows_total', 'counter'],
    ['plimsoll_collector_log_lag_bytes', 'gauge'],
    ['plimsoll_query_request_duration_seconds', 'histogram'],
    ['plimsoll_process_build_info', 'gauge'],
  ] as const)('%s is taken as a %s', (name, kind) => {
    expect(metricNameProblem(name, kind)).toBeNull();
  });

  test.each([
    ['ingest_rows_total', 'counter', /plimsoll_<component>/],
    ['plimsoll_rows_total', 'counter', /plimsoll_<component>/],
    ['plimsoll_ingest_Rows_total', 'counter', /small letters/],
    ['plimsoll_ingest_inserted_rows', 'counter', /_total/],
    ['plimsoll_ingest_rows_total', 'gauge', /_total/],
    ['plimsoll_ingest_insert_duration_ms', 'histogram', /base unit/],
    ['plimsoll_ingest_insert_duration_milliseconds', 'histogram', /base unit/],
    ['plimsoll_ingest_insert_duration', 'histogram', /unit at the end/],
  ] as const)('%s is refused as a %s', (name, kind, problem) => {
    expect(metricNameProblem(name, kind)).toMatch(problem);
    const metrics = new Metrics();
    const definition = { name, help: 'Something.', buckets: [1] };
    expect(() => metrics[kind](definition)).toThrow(problem);
  });
});

describe('Metrics', () => {
  test('renders what was counted, in the text format of Prometheus', async () => {
    const metrics = new Metrics();
    const definition = {
      name: 'plimsoll_ingest_rows_total',
      help: 'Rows stored.',
      labels: ['table'],
    };
    metrics.counter(definition).inc({ table: 'logs' }, 3);
    expect(await metrics.render()).toContain('plimsoll_ingest_rows_total{table="logs"} 3');
    expect(metrics.contentType).toMatch(/^text\/plain/);
  });

  test('gives the same metric for the same name, so that two parts count together', async () => {
    const metrics = new Metrics();
    const definition = { name: 'plimsoll_ingest_rows_total', help: 'Rows stored.' };
    metrics.counter(definition).inc(1);
    metrics.counter(definition).inc(2);
    expect(await metrics.render()).toContain('plimsoll_ingest_rows_total 3');
    expect(metrics.names()).toEqual(['plimsoll_ingest_rows_total']);
  });

  test('refuses one name for two kinds', () => {
    const metrics = new Metrics();
    const definition = { name: 'plimsoll_ingest_queue_bytes', help: 'Bytes queued.' };
    metrics.gauge(definition);
    expect(() => metrics.histogram({ ...definition, buckets: [1] })).toThrow(
      /got a histogram after another kind/,
    );
  });

  test('asks a gauge with collect at each scrape', async () => {
    const metrics = new Metrics();
    let depth = 1;
    metrics.gauge({
      name: 'plimsoll_ingest_queue_frames',
      help: 'Frames queued.',
      collect: (gauge) => gauge.set(depth),
    });
    expect(await metrics.render()).toContain('plimsoll_ingest_queue_frames 1');
    depth = 2;
    expect(await metrics.render()).toContain('plimsoll_ingest_queue_frames 2');
  });
});
