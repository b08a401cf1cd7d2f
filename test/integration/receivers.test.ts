/** What programs push over real HTTP becomes rows, each record once, also when its answer gets lost. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { randomFrom } from '../harness/random.ts';
import { openReceivingPipeline, type ReceivingPipeline } from '../harness/receiving-pipeline.ts';

const seed = Number(process.env['PLIMSOLL_TEST_SEED'] ?? Date.now() % 1_000_000);

let pipeline: ReceivingPipeline;
beforeAll(async () => {
  pipeline = await openReceivingPipeline({
    tokens: [
      { name: 'shop', token: 'token-of-the-shop', tenant: 'shop' },
      { name: 'own', token: 'token-of-our-own' },
    ],
  });
});
afterAll(async () => pipeline[Symbol.asyncDispose]());

const nowNs = BigInt(Date.now()) * 1_000_000n;

async function push(path: string, body: unknown, token = 'token-of-our-own'): Promise<Response> {
  return fetch(`${pipeline.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
}

async function rows<Row>(sql: string, expected: number): Promise<Row[]> {
  return eventually(`${expected} rows of ${sql}`, 20_000, async () => {
    const found = await pipeline.engine.select<Row>(sql);
    return found.length >= expected && found;
  });
}

test('Loki: columns, labels, severity, nanoseconds, of the token’s tenant', async () => {
  const stream = { job: 'shop/web', namespace: 'shop', pod: 'web-0', container: 'web', node: 'n1' };
  const values = [
    [String(nowNs + 1n), 'level=warn msg="running low"', { trace_id: 'abc' }],
    [String(nowNs), 'tab\there, \u0001 and é', { detected_level: 'error', pod: 'web-1' }],
    ['1', 'long ago'],
  ];
  const answer = await push(
    '/loki/api/v1/push',
    { streams: [{ stream, values }] },
    'token-of-the-shop',
  );
  expect(answer.status).toBe(204);
  const found = await rows<Record<string, unknown>>(
    `SELECT toString(toUnixTimestamp64Nano(time)) AS ns, tenant, host, container_name, kubernetes_namespace,
       kubernetes_pod, kubernetes_container, severity, message, labels
     FROM logs WHERE tenant = 'shop' ORDER BY time DESC`,
    3,
  );
  const columns = {
    tenant: 'shop',
    host: 'n1',
    container_name: 'web',
    kubernetes_namespace: 'shop',
    kubernetes_pod: 'web-0',
    kubernetes_container: 'web',
  };
  const job = 'shop/web';
  expect(found).toEqual([
    {
      ...columns,
      ns: String(nowNs + 1n),
      severity: 'warn',
      message: 'level=warn msg="running low"',
      labels: { job, trace_id: 'abc' },
    },
    {
      ...columns,
      kubernetes_pod: 'web-1',
      ns: String(nowNs),
      severity: 'error',
      message: 'tab\there, \u0001 and é',
      labels: { job },
    },
    { ...columns, ns: '1', severity: '', message: 'long ago', labels: { job } },
  ]);
});

test('OTLP: resource, scope, body of any kind, trace context', async () => {
  const answer = await push('/v1/logs', {
    resourceLogs: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: 'checkout' } },
            { key: 'host.name', value: { stringValue: 'n2' } },
            { key: 'container.id', value: { stringValue: 'c0ffee' } },
          ],
        },
        scopeLogs: [
          {
            scope: { name: 'shop', version: '2' },
            logRecords: [
              {
                timeUnixNano: String(nowNs),
                severityNumber: 18,
                severityText: 'ERROR2',
                traceId: '0AF7651916CD43DD8448EB211C80319C',
                body: { kvlistValue: { values: [{ key: 'n', value: { intValue: '7' } }] } },
              },
              { observedTimeUnixNano: String(nowNs + 5n), body: { stringValue: 'seen' } },
            ],
          },
        ],
      },
    ],
  });
  expect([answer.status, await answer.text()]).toEqual([200, '{}']);
  const found = await rows(
    `SELECT host, container_id, container_name, severity, message, labels,
       toString(toUnixTimestamp64Nano(time)) AS ns
     FROM logs WHERE container_id = 'c0ffee' ORDER BY time`,
    2,
  );
  const shared = { host: 'n2', container_id: 'c0ffee', container_name: 'checkout' };
  const labels = {
    'otel.scope.name': 'shop',
    'otel.scope.version': '2',
    'service.name': 'checkout',
  };
  expect(found).toEqual([
    {
      ...shared,
      ns: String(nowNs),
      severity: 'error',
      message: '{"n":7}',
      labels: {
        ...labels,
        severity_text: 'ERROR2',
        trace_id: '0af7651916cd43dd8448eb211c80319c',
      },
    },
    { ...shared, ns: String(nowNs + 5n), severity: '', message: 'seen', labels },
  ]);
});

describe(`a client whose answers get lost (seed ${seed})`, () => {
  const pushes = 60;
  const linesPerPush = 25;

  test(
    'repeats until it is told: each record is one row, the same in order',
    { timeout: 60_000 },
    async () => {
      const random = randomFrom(seed);
      let lost = 0;
      let trimmed = 0;
      const answers: string[] = [];
      for (let number = 0; number < pushes; number += 1) {
        const body = bodyOf(number);
        // Some connections are cut at once, some after the data is durable, some by a restart.
        for (let attempt = 0; ; attempt += 1) {
          const isCut = attempt < 3 && random() < 0.6;
          const answer = await sendRaw(body, isCut ? random() * 150 : null);
          if (answer !== null) {
            answers.push(answer.split('\r\n', 1)[0] ?? '');
            break;
          }
          lost += 1;
          if (random() < 0.1) {
            trimmed += await trimmedRecords();
            await pipeline.restart();
          }
        }
      }
      expect(lost).toBeGreaterThan(10);
      expect(answers).toEqual(Array.from({ length: pushes }, () => 'HTTP/1.1 204 No Content'));
      const [counted] = await eventually('all lines', 30_000, async () => {
        const found = await pipeline.engine.select<Counted>(
          `SELECT count() AS rows, uniqExact(message) AS lines, uniqExact(file_id) AS files,
           countIf(position != toUInt64(extract(message, '/(\\\\d+) '))) AS displaced
         FROM logs WHERE container_name = 'lossy'`,
        );
        return (found[0]?.lines ?? 0) >= pushes * linesPerPush && found;
      });
      // Batches that are still on their way would add rows: they get the time of a flush and more.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(counted).toEqual({
        rows: pushes * linesPerPush,
        lines: pushes * linesPerPush,
        files: pushes,
        displaced: 0,
      });
      expect(trimmed + (await trimmedRecords()), 'some were durable all the same').toBeGreaterThan(
        0,
      );
      expect(await pipeline.deadLetters()).toEqual([]);
    },
  );

  function bodyOf(number: number): string {
    const values = Array.from({ length: linesPerPush }, (_, line) => [
      String(nowNs + BigInt(number * 1000 + line)),
      `push ${number}/${line} of a client that is not sure`,
    ]);
    return JSON.stringify({ streams: [{ stream: { container: 'lossy' }, values }] });
  }
});

/** What ingest found to be stored already, since the last start. */
async function trimmedRecords(): Promise<number> {
  const name = 'plimsoll_ingest_trimmed_log_bytes_total';
  const found = await pipeline.metrics.registry.getSingleMetric(name)?.get();
  return found?.values[0]?.value ?? 0;
}

interface Counted {
  rows: number;
  lines: number;
  files: number;
  displaced: number;
}

/** The answer's first bytes; null when the connection was cut before, after so many milliseconds. */
async function sendRaw(body: string, cutAfterMs: number | null): Promise<string | null> {
  const { port } = new URL(pipeline.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(null);
    });
    socket.on('data', (answer) => {
      if (cutAfterMs !== null) return;
      resolve(answer.toString());
      socket.destroy();
    });
    socket.write(
      'POST /loki/api/v1/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
        `Authorization: Bearer token-of-our-own\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    if (cutAfterMs !== null) setTimeout(() => socket.destroy(), cutAfterMs);
  });
}
