/** Metrics over HTTP, as their senders write requests: bodies recorded, headers as each program has them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { decodeFrame, type RowsHeader } from '@plimsoll/model';
import { compressSync, uncompressSync } from 'snappy';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { requestV2, writeRequest, type TestSeries } from '../support/remote-write-protobuf.ts';
import { startReceivers, type TestReceivers } from '../support/start-receivers.ts';

let started: TestReceivers;
beforeEach(async () => {
  started = await startReceivers();
});
afterEach(async () => started[Symbol.asyncDispose]());

const v2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
/** Recorded bodies are of a time long ago or to come: only these have samples of now. */
const series: TestSeries[] = [
  {
    labels: [
      ['__name__', 'up'],
      ['job', 'shop'],
    ],
    samples: [[Date.now(), 1]],
    exemplars: 1,
  },
];
const v1Body = writeRequest(series);
const v2Body = requestV2(series);
const snappy = (body: Buffer): Buffer => compressSync(body);
const remoteWrite = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
};
const remoteWrite2 = {
  'content-type': v2,
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '2.0.0',
};

async function push(
  path: string,
  headers: Record<string, string>,
  body: Buffer,
): Promise<{ response: Response; rows: Record<string, string[]> }> {
  const response = await fetch(`${started.url}${path}`, { method: 'POST', headers, body });
  const rows: Record<string, string[]> = {};
  for (const { bytes } of started.publisher.published) {
    const frame = await decodeFrame(bytes);
    const { table } = frame.header as RowsHeader;
    (rows[table] ??= []).push(...frame.payload.toString().trimEnd().split('\n'));
  }
  return { response, rows };
}

test.each<[string, Record<string, string>, Buffer]>([
  ['Prometheus 2.42', { ...remoteWrite, 'user-agent': 'Prometheus/2.42.0' }, snappy(v1Body)],
  ['Alloy', { ...remoteWrite, 'user-agent': 'Alloy/v1.5.0 (linux; docker)' }, snappy(v1Body)],
  ['Prometheus 3, 2.0', { ...remoteWrite2, 'user-agent': 'Prometheus/3.5.0' }, snappy(v2Body)],
  [
    'the OpenTelemetry Collector',
    { ...remoteWrite, 'user-agent': 'OpenTelemetry Collector Contrib/0.119.0 (linux/amd64)' },
    snappy(v1Body),
  ],
  // Vector says neither a user agent nor a version that it would have to.
  [
    'Vector',
    { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    snappy(v1Body),
  ],
  [
    'vmagent, zstd',
    {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'zstd',
      'x-victoriametrics-remote-write-version': '1',
    },
    zstdCompressSync(v1Body),
  ],
])('remote write of %s', async (_, headers, body) => {
  const { response, rows } = await push('/api/v1/write', headers, body);
  expect(response.status).toBe(204);
  expect(rows['samples']).toEqual([expect.stringMatching(/^\["default","up",\d+,\d{13},1\]$/)]);
  expect(rows['series']).toEqual([expect.stringContaining('{"job":"shop"}')]);
  const written = response.headers.get('X-Prometheus-Remote-Write-Samples-Written');
  expect(written).toBe(headers['content-type'] === v2 ? '1' : null);
  const exemplars = response.headers.get('X-Prometheus-Remote-Write-Exemplars-Written');
  expect(exemplars).toBe(headers['content-type'] === v2 ? '0' : null);
  const rejected = 'plimsoll_receivers_rejected_records_total';
  expect(await started.metric(rejected, { reason: 'exemplar' })).toBe(1);
});

const testdata = join(import.meta.dirname, '../testdata');
test.each([
  ['remote-write', 'metadata'],
  ['remote-write', 'samples'],
  ['remote-write', 'native-histogram-and-exemplar'],
  ['otlp-metrics', 'opentelemetry-js-json'],
  ['otlp-metrics', 'opentelemetry-js-protobuf-gzip'],
  ['otlp-metrics', 'opentelemetry-python-protobuf-gzip'],
])('the recorded request %s/%s is understood', async (folder, name) => {
  const base = join(testdata, folder, name);
  const { url, headers } = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as {
    url: string;
    headers: Record<string, string>;
  };
  const body = readFileSync(folder === 'remote-write' ? `${base}.snappy` : `${base}.body`);
  for (const header of ['host', 'connection', 'content-length', 'transfer-encoding']) {
    Reflect.deleteProperty(headers, header);
  }
  const { response } = await push(url, headers, body);
  // Recorded once: when this runs, its times may be too far away to be stored, and nothing else.
  const text = (await response.text()).replace(/^[^a-z]*/, '').trim();
  const others = text
    .split('\n')
    .filter((line) => !/expected a time from|^and \d+ more/.test(line));
  const success = folder === 'remote-write' ? 204 : 200;
  expect([response.status, others]).toEqual(
    response.status === 400 ? [400, []] : [success, [folder === 'remote-write' ? '' : text]],
  );
});

test('a request is answered only when its rows are durable', async () => {
  started.publisher.isHeld = true;
  let isAnswered = false;
  const pushed = push('/api/v1/write', remoteWrite, snappy(v1Body)).then((answer) => {
    isAnswered = true;
    return answer;
  });
  await expect.poll(() => started.publisher.waiting).toBeGreaterThan(0);
  expect(isAnswered).toBe(false);
  started.publisher.isHeld = false;
  started.publisher.acknowledge();
  expect((await pushed).response.status).toBe(204);
});

test('what is good is published and what is not is named, in one answer', async () => {
  const body = writeRequest([...series, { labels: [['job', 'x']], samples: [[Date.now(), 2]] }]);
  const { response, rows } = await push('/api/v1/write', remoteWrite, snappy(body));
  expect(response.status).toBe(400);
  expect(await response.text()).toMatch(/^series 1 \{job="x"\}: expected a label __name__/);
  expect(rows['samples']).toHaveLength(1);
});

test('a body that is no snappy, or no message, is refused and nothing is published', async () => {
  const cut = v1Body.subarray(0, -3);
  for (const body of [Buffer.from('nonsense'), snappy(cut)]) {
    const { response } = await push('/api/v1/write', remoteWrite, body);
    expect(response.status).toBe(400);
  }
  expect(started.publisher.published).toEqual([]);
  expect((uncompressSync(snappy(cut)) as Buffer).length).toBe(cut.length);
});

test('another message of protobuf is not taken', async () => {
  const headers = { ...remoteWrite, 'content-type': 'application/x-protobuf;proto=some.Other' };
  const { response } = await push('/api/v1/write', headers, snappy(v1Body));
  expect(response.status).toBe(415);
  expect(await response.text()).toContain('io.prometheus.write.v2.Request');
});
