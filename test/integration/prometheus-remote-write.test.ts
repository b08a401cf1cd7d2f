/**
 * A real Prometheus writes to real receivers, over a network that fails; what it has itself is the truth
 * that rows are compared with.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import {
  prometheusMissing,
  startPrometheus,
  type PrometheusProcess,
  type RawSample,
} from '../harness/prometheus.ts';
import { openReceivingPipeline, type ReceivingPipeline } from '../harness/receiving-pipeline.ts';
import { isSkipped } from '../harness/requirement.ts';
import { openUnreliableProxy, type UnreliableProxy } from '../harness/unreliable-proxy.ts';

const missing = prometheusMissing();
const title = missing === null ? '' : ` (skipped: ${missing})`;

interface Row {
  name: string;
  labels: Record<string, string>;
  type: string;
  ms: number;
  value: string;
  is_stale: number;
}

describe.skipIf(isSkipped(missing))(`Prometheus writes to the receivers${title}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-prometheus-'));
  let pipeline: ReceivingPipeline;
  let proxy: UnreliableProxy;
  let target: Server;
  let prometheus: PrometheusProcess;
  let scrapes = 0;

  beforeAll(async () => {
    pipeline = await openReceivingPipeline({
      tokens: [
        { name: 'shop', token: 'token-of-the-shop', tenant: 'shop' },
        { name: 'slow', token: 'token-of-the-slow', tenant: 'slow', records_per_second: 70 },
      ],
    });
    proxy = await openUnreliableProxy(() => pipeline.url);
    target = createServer((_request, response) => {
      scrapes += 1;
      const numbered = Array.from({ length: 20 }, (_, n) => `shop_items{n="${n}"} ${scrapes * n}`);
      void answer(response, `${exposition(scrapes)}${numbered.join('\n')}\n`);
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const { port } = target.address() as AddressInfo;
    prometheus = await startPrometheus(folder, {
      global: { scrape_interval: '250ms', scrape_timeout: '250ms' },
      scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
      remote_write: [
        remoteWrite(proxy.url, 'token-of-the-shop'),
        {
          ...remoteWrite(pipeline.url, 'token-of-the-slow'),
          name: 'slow',
          write_relabel_configs: [
            { source_labels: ['__name__'], regex: 'shop_.*', action: 'keep' },
          ],
        },
      ],
    });
  });
  afterAll(async () => {
    await prometheus[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    target.close();
    await pipeline[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** With this process's own metrics, as any program has them. */
  const answer = async (response: ServerResponse, text: string): Promise<void> => {
    const own = await pipeline.metrics.render();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(`${text}${own}`);
  };

  const rowsOf = (tenant: string): Promise<Row[]> =>
    pipeline.engine.select<Row>(
      `SELECT s.metric_name AS name, d.labels AS labels, d.type AS type,
         toUnixTimestamp64Milli(s.time) AS ms, toString(s.value) AS value,
         reinterpretAsUInt64(s.value) = 0x7ff0000000000002 AS is_stale
       FROM samples AS s FINAL
       JOIN (SELECT * , type FROM series FINAL WHERE tenant = {tenant:String}) AS d USING (tenant, metric_name, series_id)
       WHERE s.tenant = {tenant:String}`,
      { params: { tenant } },
    );

  /** Until the target's last sample, a stale marker, has come. */
  const allRowsOf = (tenant: string): Promise<Row[]> =>
    eventually(`the last samples of ${tenant}`, 40_000, async () => {
      const rows = await rowsOf(tenant);
      return rows.some(({ name, is_stale }) => name === 'shop_scrapes_total' && is_stale) && rows;
    });

  test(
    'every sample is one row with its value, through outages and answers that get lost',
    { timeout: 60_000 },
    async () => {
      await eventually('the first samples', 20_000, async () => (await rowsOf('shop')).length > 0);
      await sleep(1000);
      proxy.mode = 'down';
      await sleep(2500);
      proxy.mode = 'lost';
      await eventually('an answer to get lost', 10_000, async () => {
        await sleep(50);
        return proxy.seen.lost >= 3;
      });
      proxy.mode = 'pass';
      await sleep(1500);
      target.close();
      target.closeAllConnections();
      const rows = await allRowsOf('shop');
      expect(proxy.seen.down).toBeGreaterThan(0);
      // `up` and its kind go on while there is a Prometheus.
      const ended = rows.filter(({ name }) => !/^(up|scrape_.*)$/.test(name));
      expectEqual(ended, await prometheus.samples('{job="shop",__name__!~"up|scrape_.*"}'));
      const counter = rows.find(({ name }) => name === 'shop_scrapes_total');
      expect(counter).toMatchObject({
        type: 'counter',
        labels: { job: 'shop', room: 'Käfer "1"' },
      });
      expect(rows.filter(({ name }) => name === 'shop_level').map(({ value }) => value)).toEqual(
        expect.arrayContaining(['nan', 'inf', '-inf', '0.1']),
      );
    },
  );

  test('a sender that is told 429 waits, and loses nothing', { timeout: 60_000 }, async () => {
    const rows = await allRowsOf('slow');
    expectEqual(rows, await prometheus.samples('{__name__=~"shop_.*"}'));
    expect(await pipeline.metrics.render()).toMatch(
      /plimsoll_receivers_requests_total\{[^}]*status="429"[^}]*\} [1-9]/,
    );
    expect(await pipeline.deadLetters()).toEqual([]);
  });
});

function exposition(scrapes: number): string {
  return `# HELP shop_scrapes_total Scrapes so far.
# TYPE shop_scrapes_total counter
shop_scrapes_total{room="Käfer \\"1\\""} ${scrapes}
# TYPE shop_level gauge
shop_level{n="nan"} NaN
shop_level{n="inf"} +Inf
shop_level{n="minus"} -Inf
shop_level{n="tenth"} 0.1
# TYPE shop_items gauge
`;
}

function remoteWrite(url: string, token: string): object {
  return {
    url: `${url}/api/v1/write`,
    authorization: { credentials: token },
    metadata_config: { send: true, send_interval: '1s' },
    queue_config: {
      max_shards: 1,
      max_samples_per_send: 200,
      batch_send_deadline: '200ms',
      min_backoff: '30ms',
      max_backoff: '300ms',
      retry_on_http_429: true,
    },
  };
}

/** The same samples, each once: stale markers are not among what Prometheus gives. */
function expectEqual(rows: readonly Row[], truth: readonly RawSample[]): void {
  const own = rows
    .filter(({ is_stale }) => !is_stale)
    .map(({ name, labels, ms, value }) => keyOf({ ...labels, __name__: name }, ms, sameText(value)))
    .toSorted();
  const theirs = truth
    .map(({ labels, timeMs, value }) => keyOf(labels, timeMs, String(value)))
    .toSorted();
  expect(theirs.length).toBeGreaterThan(100);
  expect(own).toEqual(theirs);
}

function keyOf(labels: Record<string, string>, timeMs: number, value: string): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(sorted)} ${timeMs} ${value}`;
}

/** The engine's way to write a number as JavaScript's. */
function sameText(value: string): string {
  return String(Number(value.replace('inf', 'Infinity').replace('nan', 'NaN')));
}
