/**
 * Every role as a process of its own on one machine, with a real broker between collectors and
 * ingest: what is written to a file is found by the API and over ClickHouse's protocol, whatever
 * starts first and whoever stops.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaMissing, startKafka, type KafkaBroker } from '@plimsoll/infra/kafka';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import {
  freePort,
  launchPlimsoll,
  runPlimsoll,
  startPlimsoll,
  untilReady,
  type PlimsollProcess,
} from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const missing = kafkaMissing();
const passwords = { ingest: 'a-password-to-insert' };

describe.skipIf(isSkipped(missing))(`roles as processes${missing ?? ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-roles-'));
  const logs = join(folder, 'logs');
  const running: Record<string, PlimsollProcess> = {};
  let broker: KafkaBroker;
  let clickhouse = '';
  let pushPort = 0;
  let written = 0;

  const role = (name: string): PlimsollProcess => {
    const found = running[name];
    if (found === undefined) throw new Error(`expected ${name} to run, got nothing`);
    return found;
  };
  const kafka = () => ({
    mode: 'kafka',
    kafka: { brokers: [broker.address], topics: { partitions: 4 } },
  });
  const server = (username?: keyof typeof passwords) => ({
    mode: 'server',
    url: clickhouse,
    ...(username !== undefined && { username, password: passwords[username] }),
  });
  const ingestOptions = (name: string) => ({
    folder: join(folder, name),
    args: ['ingest'],
    config: { transport: kafka(), storage: server('ingest'), ingest: { flush_interval: '200ms' } },
  });

  /** Lines with numbers into one of two files. */
  const write = (count: number): void => {
    for (let n = 0; n < count; n++) {
      appendFileSync(join(logs, `${written % 2}.log`), `line number ${written}\n`);
      written += 1;
    }
  };
  /** As `curl` would: one request, a statement in the address. */
  const ask = async (statement: string): Promise<string> => {
    const address = `${clickhouse}/?database=plimsoll&query=${encodeURIComponent(statement)}`;
    const response = await fetch(address);
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return text.trim();
  };
  const storedLines = (): Promise<string> =>
    ask(`SELECT count(), uniqExact(message) FROM logs WHERE message LIKE 'line number %'`);
  const untilStored = (): Promise<unknown> =>
    eventually(`${written} lines, each once`, 30_000, async () => {
      const [lines, distinct] = (await storedLines()).split('\t').map(Number);
      expect(lines).toBe(distinct);
      return lines === written;
    });

  beforeAll(async () => {
    mkdirSync(logs);
    const [port, controllerPort] = [await freePort(), await freePort()];
    clickhouse = `http://127.0.0.1:${await freePort()}`;
    pushPort = await freePort();
    broker = await startKafka({ folder: join(folder, 'kafka'), port, controllerPort });
  });
  afterAll(async () => {
    await Promise.all(Object.values(running).map((one) => one.end('SIGKILL')));
    await broker.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('what starts first waits for the rest, and says so', async () => {
    running['ingest-1'] = await launchPlimsoll(ingestOptions('ingest-1'));
    const reason = await eventually('a reason', 20_000, async () => {
      const response = await fetch(`${role('ingest-1').url}/readyz`);
      expect(response.status).toBe(503);
      const { checks } = (await response.json()) as { checks: { name: string; reason?: string }[] };
      return checks.find(({ name }) => name === 'storage')?.reason;
    });
    expect(reason).toContain(new URL(clickhouse).host);
    expect((await fetch(`${role('ingest-1').url}/healthz`)).status).toBe(200);
    running['agent'] = await startPlimsoll({
      folder: join(folder, 'agent'),
      program: 'plimsoll-collector',
      args: ['run'],
      config: {
        collector: {
          host: 'node-1',
          docker: { enabled: false },
          kubernetes: { enabled: 'never' },
          orphans: { enabled: false },
          logs: { files: [join(logs, '*.log')] },
        },
        transport: kafka(),
      },
    });
    write(1000);
    running['storage'] = await startPlimsoll({
      folder: join(folder, 'storage'),
      args: ['storage'],
      config: {
        clickhouse_http: {
          port: Number(new URL(clickhouse).port),
          users: [
            { name: 'default', access: 'read' },
            { name: 'ingest', access: 'ingest', password: passwords.ingest },
          ],
        },
      },
    });
    await untilReady(role('ingest-1'));
    await untilStored();
  });

  test('a second ingest takes half of the partitions', async () => {
    const options = ingestOptions('ingest-2');
    const config = { ...options.config, receivers: { port: pushPort } };
    running['ingest-2'] = await startPlimsoll({ ...options, config });
    const shares = (): Promise<number[]> =>
      Promise.all(['ingest-1', 'ingest-2'].map((name) => partitionsOf(role(name))));
    await expect.poll(shares, { timeout: 20_000 }).toEqual([4, 4]);
    write(1000);
    await untilStored();
  });

  test('what is pushed to an ingest is a row when it is answered, or soon after', async () => {
    const values = [[`${Date.now()}000000`, 'pushed as Promtail does']];
    const response = await fetch(`http://127.0.0.1:${pushPort}/loki/api/v1/push`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ streams: [{ stream: { app: 'shop' }, values }] }),
    });
    expect(response.status).toBe(204);
    await eventually('the pushed line', 20_000, async () => {
      return (await ask(`SELECT count() FROM logs WHERE message LIKE 'pushed as%'`)) === '1';
    });
  });

  test('doctor sees the broker, the group that stores, and the tables', async () => {
    const { output } = await runPlimsoll({
      folder: join(folder, 'doctor'),
      args: ['doctor'],
      config: { transport: kafka(), storage: server('ingest') },
    });
    expect(output).toMatch(/ok +Kafka +1 broker/);
    expect(output).toMatch(/ok +Kafka +the group plimsoll-ingest has \d+ frames before it/);
    expect(output).toMatch(/ok +ClickHouse +http:.* answered in/);
    expect(output).toMatch(/ok +tables +plimsoll has them, and ingest may read/);
  });

  test('query serves what was stored: page, API, and its health', async () => {
    running['query'] = await startPlimsoll({
      folder: join(folder, 'query'),
      args: ['query'],
      // One who may only read.
      config: { storage: server() },
    });
    const [row] = await role('query').sql(
      `SELECT count(), uniqExact(file_id, position), any(host) FROM logs
       WHERE message LIKE 'line number %'`,
    );
    expect(row).toEqual([String(written), String(written), 'node-1']);
    const range = `from=${Date.now() - 3_600_000}&to=${Date.now() + 60_000}`;
    const { items } = await role('query').get<{ items: { host: string }[] }>(
      `/api/plimsoll/v1/logs?${range}&q=${encodeURIComponent('"line number"')}&limit=5`,
    );
    expect(items.map(({ host }) => host)).toEqual(Array.from({ length: 5 }, () => 'node-1'));
    expect(await (await fetch(role('query').url)).text()).toContain('<title>');
  });

  test('alerting evaluates its rules', async () => {
    running['alerting'] = await startPlimsoll({
      folder: join(folder, 'alerting'),
      args: ['alerting'],
      config: { storage: server('ingest'), alerting: { interval: '1s' } },
    });
    const rules = async (): Promise<number> =>
      Number(await ask('SELECT count() FROM alert_rule_status'));
    await expect.poll(rules, { timeout: 20_000 }).toBeGreaterThan(0);
  });

  test('one ingest stops in order, and the other has all partitions', async () => {
    write(500);
    expect(await stopped('ingest-1')).toBe(0);
    write(500);
    await eventually('all partitions', 20_000, async () => {
      return (await partitionsOf(role('ingest-2'))) === 8;
    });
    await untilStored();
  });

  test('each stops in order, within its time, and says nothing of errors', async () => {
    for (const name of ['agent', 'ingest-2', 'query', 'alerting', 'storage']) {
      const one = role(name);
      const from = performance.now();
      expect([name, await stopped(name)]).toEqual([name, 0]);
      expect(performance.now() - from).toBeLessThan(10_000);
      expect(one.output()).not.toMatch(/"level":"(error|fatal)"/);
    }
  });

  async function stopped(name: string): Promise<number | null> {
    const code = await role(name).end('SIGTERM');
    delete running[name];
    return code;
  }
});

async function partitionsOf({ url }: PlimsollProcess): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const shares = text.matchAll(/^plimsoll_transport_kafka_assigned_partitions(?:\{.*\})? (\d+)$/gm);
  return [...shares].reduce((sum, [, share]) => sum + Number(share), 0);
}
