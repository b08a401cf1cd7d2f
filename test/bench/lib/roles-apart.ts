/** What each role costs by itself: processes of the real command, the engine behind its HTTP interface. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, startPlimsoll, type PlimsollProcess } from '../../harness/plimsoll-process.ts';
import { processCpuSeconds } from './process-cpu.ts';

export interface Topics {
  brokers: string[];
  prefix: string;
  partitions: number;
}

/** From when ingest was ready: what starting costs is no cost of lines. */
export interface StoringCost {
  rows: number;
  wallSeconds: number;
  ingestCpuSeconds: number;
  storageCpuSeconds: number;
}

const password = 'of-this-bench-alone';
const writer = fileURLToPath(new URL('log-writer.ts', import.meta.url));

/** From a full topic of logs to `rows` rows, which are looked at over HTTP. */
export async function storeApart(
  topics: Topics,
  { folder, rows }: { folder: string; rows: number },
): Promise<StoringCost> {
  const port = await freePort();
  const storage = await startPlimsoll({
    folder: join(folder, 'storage'),
    args: ['storage'],
    config: {
      clickhouse_http: { port, users: [{ name: 'ingest', password, access: 'ingest' }] },
      receivers: { enabled: false },
    },
  });
  let ingest: PlimsollProcess | undefined;
  try {
    const url = `http://127.0.0.1:${port}`;
    ingest = await startPlimsoll({
      folder: join(folder, 'ingest'),
      args: ['ingest'],
      config: {
        transport: transport(topics),
        storage: { mode: 'server', url, username: 'ingest', password },
        receivers: { enabled: false },
      },
    });
    const storageBefore = processCpuSeconds(storage.pid);
    const ingestBefore = processCpuSeconds(ingest.pid);
    const start = performance.now();
    const rowsBefore = await countLogs(url);
    while ((await countLogs(url)) < rows) await wait(100);
    return {
      rows: rows - rowsBefore,
      wallSeconds: (performance.now() - start) / 1000,
      ingestCpuSeconds: processCpuSeconds(ingest.pid) - ingestBefore,
      storageCpuSeconds: processCpuSeconds(storage.pid) - storageBefore,
    };
  } finally {
    await ingest?.end('SIGTERM');
    await storage.end('SIGTERM');
  }
}

export interface QuietHost {
  containers: number;
  linesPerSecond: number;
  seconds: number;
}

/** What a host that writes little puts into Kafka: small frames, in which headers weigh most. */
export async function publishQuietly(
  topics: Topics,
  { containers, linesPerSecond, seconds }: QuietHost,
  { folder, brokerData }: { folder: string; brokerData: string },
): Promise<{ lines: number; rawBytes: number; topicBytes: number; cpuSeconds: number }> {
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const paths = Array.from({ length: containers }, (_, index) => join(logs, `${index}.log`));
  for (const path of paths) writeFileSync(path, '');
  const list = join(folder, 'paths.json');
  writeFileSync(list, JSON.stringify(paths));
  const collector = await startPlimsoll({
    folder: join(folder, 'collector'),
    program: 'plimsoll-collector',
    args: [],
    config: {
      transport: transport(topics),
      collector: {
        host: 'quiet',
        docker: { enabled: false },
        orphans: { enabled: false },
        stats: { enabled: false },
        logs: { files: [join(logs, '*.log')] },
      },
    },
  });
  try {
    const before = processCpuSeconds(collector.pid);
    await runWriter(['pace', String(linesPerSecond), String(seconds), list]);
    await wait(2000);
    return {
      lines: linesPerSecond * seconds,
      rawBytes: paths.reduce((sum, path) => sum + statSync(path).size, 0),
      topicBytes: topicBytes(brokerData, `${topics.prefix}.logs-`),
      cpuSeconds: processCpuSeconds(collector.pid) - before,
    };
  } finally {
    await collector.end('SIGTERM');
  }
}

export async function runWriter(options: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [writer, ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`log-writer: expected exit code 0, got ${String(code)}`);
}

function transport({ brokers, prefix, partitions }: Topics): object {
  return {
    mode: 'kafka',
    kafka: { brokers, topic_prefix: prefix, group: 'roles-apart', topics: { partitions } },
  };
}

async function countLogs(url: string): Promise<number> {
  const query = 'SELECT count() FROM plimsoll.logs';
  const address = `${url}/?user=ingest&password=${password}&query=${encodeURIComponent(query)}`;
  const response = await fetch(address);
  const text = await response.text();
  if (!response.ok) throw new Error(`${query}: expected 200, got ${response.status} ${text}`);
  return Number(text);
}

/** Of the segments on the broker's disk. */
function topicBytes(brokerData: string, prefix: string): number {
  const folders = readdirSync(brokerData).filter((name) => name.startsWith(prefix));
  return folders
    .flatMap((name) => {
      const segments = readdirSync(join(brokerData, name)).filter((file) => file.endsWith('.log'));
      return segments.map((file) => statSync(join(brokerData, name, file)).size);
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}
