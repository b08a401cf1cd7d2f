/**
 * The fleet's way: collector, a real broker, ingest and the engine, on the cores of this machine.
 *
 * - whole: a Docker log to rows; broker, collector, ingest and engine at once
 * - ingest alone: a full topic of four hosts' logs to rows, its publishing not counted
 * - statistics: a full topic of container statistics to rows; a sample is one value of a row
 * - plain: a topic with a line per message, kafkajs, JSON.parse, rows as JSON, in the same run
 * - delay: from write to queryable at 20,000 lines a second over 100 containers
 * - apart: the same topic by roles as processes, what each of them costs
 * - quiet: what a host of 30 containers that write little puts into Kafka, and what a fleet of them costs
 *
 * A run that lost or doubled a row is no result.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka, type KafkaBroker } from '@plimsoll/infra/kafka';
import { makeDockerJsonLog, type DockerJsonLog } from '../lib/docker-json-log.ts';
import { runKafkaJob, type JobLog, type KafkaAccount } from '../lib/kafka-job.ts';
import { processCpuSeconds } from '../lib/process-cpu.ts';
import { publishQuietly, runWriter, storeApart } from '../lib/roles-apart.ts';
import { valuesPerRow } from '../lib/statistics-frames.ts';
import type { Report } from '../report.ts';

export default { name: 'kafka', run };

const wholeLines = 4_000_000;
const hosts = 4;
const hostLines = 1_500_000;
const plainLines = 1_000_000;
const fleet = { hosts: 20, containers: 100, scrapes: 100 };
const quietFleet = { hosts: 1000, containers: 30, frames: 20 };
const partitions = 8;

interface Bench {
  report: Report;
  folder: string;
  broker: KafkaBroker;
}

async function run(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-kafka-'));
  const broker = await startKafka({
    folder: join(folder, 'broker'),
    port: 29_092,
    controllerPort: 29_093,
    javaOptions: ['-Xms512m', '-Xmx512m'],
  });
  const bench = { report, folder, broker };
  try {
    await whole(bench);
    const alone = await ingestAlone(bench);
    await statistics(bench);
    const plain = await plainConsumer(bench);
    const name = 'ingest alone against the plain consumer';
    report({ case: name, metric: 'speed_ratio', value: speed(alone) / speed(plain), unit: '' });
    report({ case: name, metric: 'cpu_ratio', value: cost(plain) / cost(alone), unit: '' });
    await delay(bench);
    await apart(bench);
    await quiet(bench);
  } finally {
    await broker.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function whole(bench: Bench): Promise<void> {
  const log = makeLog(bench, { name: 'whole', lines: wholeLines, seed: 1 });
  const name = `file → Kafka → rows, ${millions(log.lines)} lines`;
  const { account } = await measured(bench, name, () =>
    runKafkaJob({
      kind: 'store',
      ...topics(bench, 'whole'),
      dataFolder: dataFolder(bench, 'whole'),
      table: 'logs',
      rows: log.lines,
      logs: [jobLog(log, 'a')],
    }),
  );
  checkRows(account, log.lines);
  reportSpeed(bench.report, name, account);
  rmSync(log.path);
}

async function ingestAlone(bench: Bench): Promise<KafkaAccount> {
  const log = makeLog(bench, { name: 'hosts', lines: hostLines, seed: 2 });
  for (let host = 0; host < hosts; host += 1) {
    // A file of its own, and none goes before the last has come: an inode used again is the same file.
    const path = `${log.path}-${host}`;
    copyFileSync(log.path, path);
    await runKafkaJob({
      kind: 'publish logs',
      ...topics(bench, 'hosts'),
      host: `host-${host}`,
      logs: [jobLog({ ...log, path }, `host-${host}`)],
    });
  }
  const lines = hosts * hostLines;
  const name = `full topic → rows, ${hosts} hosts, ${millions(lines)} lines`;
  const { account } = await measured(bench, name, () =>
    runKafkaJob({
      kind: 'store',
      ...topics(bench, 'hosts'),
      dataFolder: dataFolder(bench, 'hosts'),
      table: 'logs',
      rows: lines,
      logs: [],
    }),
  );
  checkRows(account, lines);
  reportSpeed(bench.report, name, account);
  return account;
}

async function statistics(bench: Bench): Promise<void> {
  const { rows } = await runKafkaJob({
    kind: 'publish statistics',
    ...topics(bench, 'statistics'),
    ...fleet,
    // Old rows would be gone at the first merge.
    startMs: Date.now() - 3_600_000,
  });
  const samples = rows * valuesPerRow;
  const name = `full topic → statistics, ${fleet.hosts * fleet.containers} containers, ${millions(samples)} samples`;
  const { account } = await measured(bench, name, () =>
    runKafkaJob({
      kind: 'store',
      ...topics(bench, 'statistics'),
      dataFolder: dataFolder(bench, 'statistics'),
      table: 'container_stats',
      rows,
      logs: [],
    }),
  );
  checkRows(account, rows);
  const { wallSeconds, cpuSeconds } = account;
  const say = (metric: string, value: number): void =>
    bench.report({ case: name, metric, value, unit: '1/s' });
  say('samples_per_second', samples / wallSeconds);
  say('samples_per_cpu_second', samples / cpuSeconds);
}

async function plainConsumer(bench: Bench): Promise<KafkaAccount> {
  const log = makeLog(bench, { name: 'plain', lines: plainLines, seed: 3 });
  await runKafkaJob({ kind: 'publish lines', ...topics(bench, 'plain'), path: log.path });
  const name = `plain kafkajs consumer, ${millions(log.lines)} lines`;
  const { account } = await measured(bench, name, () =>
    runKafkaJob({
      kind: 'plain consumer',
      ...topics(bench, 'plain'),
      dataFolder: dataFolder(bench, 'plain'),
      rows: log.lines,
    }),
  );
  reportSpeed(bench.report, name, account);
  return account;
}

const paceLinesPerSecond = 20_000;
const paceSeconds = 30;
const paceContainers = 100;

async function delay(bench: Bench): Promise<void> {
  const folder = join(bench.folder, 'delay');
  const logs = Array.from({ length: paceContainers }, (_, index): JobLog => {
    const path = join(folder, `${index}-json.log`);
    return { container: index.toString(16).padStart(64, '0'), path, bytes: 0 };
  });
  mkdirSync(folder);
  for (const { path } of logs) writeFileSync(path, '');
  const list = join(folder, 'paths.json');
  writeFileSync(list, JSON.stringify(logs.map(({ path }) => path)));
  const rows = paceLinesPerSecond * paceSeconds;
  const watching = runKafkaJob({
    kind: 'watch',
    ...topics(bench, 'delay'),
    dataFolder: dataFolder(bench, 'delay'),
    logs,
    rows,
    pollMs: 50,
  });
  // The group has its partitions and the files are found.
  await new Promise((resolve) => setTimeout(resolve, 8000));
  await runWriter(['pace', String(paceLinesPerSecond), String(paceSeconds), list]);
  const account = await watching;
  checkRows(account, rows);
  const delaysMs = delaysOf(logs, account).toSorted((a, b) => a - b);
  const name = `write to queryable, ${paceLinesPerSecond.toLocaleString('en')} lines/s over ${paceContainers} containers`;
  for (const percent of [50, 99, 100]) {
    const at = Math.min(delaysMs.length - 1, Math.floor((delaysMs.length * percent) / 100));
    const metric = percent === 100 ? 'longest_milliseconds' : `p${percent}_milliseconds`;
    bench.report({ case: name, metric, value: delaysMs[at] ?? NaN, unit: 'ms' });
  }
}

/** The topic of `ingestAlone`, read by another group; then one of many small frames. */
async function apart(bench: Bench): Promise<void> {
  const rows = hosts * hostLines;
  await storedApart(bench, { name: 'large frames', topic: 'hosts', rows });
  const { containers } = quietFleet;
  await runKafkaJob({ kind: 'publish quietly', ...topics(bench, 'fleet'), ...quietFleet });
  const lines = quietFleet.hosts * containers * quietFleet.frames;
  await storedApart(bench, { name: `frames of ${containers} lines`, topic: 'fleet', rows: lines });
}

async function storedApart(
  bench: Bench,
  { name: frames, topic, rows }: { name: string; topic: string; rows: number },
): Promise<void> {
  const folder = join(bench.folder, 'apart', topic);
  const cost = await storeApart(topics(bench, topic), { folder, rows });
  const name = `roles apart, server over HTTP, ${frames}`;
  const say = (metric: string, value: number, unit: string): void =>
    bench.report({ case: name, metric, value, unit });
  say('lines_per_second', cost.rows / cost.wallSeconds, '1/s');
  say('ingest_cpu_microseconds_per_line', (cost.ingestCpuSeconds / cost.rows) * 1e6, 'µs');
  say('storage_cpu_microseconds_per_line', (cost.storageCpuSeconds / cost.rows) * 1e6, 'µs');
}

async function quiet(bench: Bench): Promise<void> {
  const host = { containers: 30, linesPerSecond: 60, seconds: 30 };
  const { lines, rawBytes, topicBytes, cpuSeconds } = await publishQuietly(
    topics(bench, 'quiet'),
    host,
    { folder: join(bench.folder, 'quiet'), brokerData: join(bench.folder, 'broker', 'data') },
  );
  const name = `host of ${host.containers} containers, ${host.linesPerSecond} lines/s`;
  const say = (metric: string, value: number, unit: string): void =>
    bench.report({ case: name, metric, value, unit });
  say('raw_bytes_per_line', rawBytes / lines, 'B');
  say('kafka_bytes_per_line', topicBytes / lines, 'B');
  say('collector_percent_of_core', (cpuSeconds / host.seconds) * 100, '%');
}

/** Of each line: from its write until the first look at which it was there. */
function delaysOf(logs: readonly JobLog[], { looks }: KafkaAccount): number[] {
  return logs.flatMap(({ path }, log) => {
    const text = readFileSync(path, 'latin1');
    const written = [...text.matchAll(/\bat=(\d+\.\d+)/g)].map(([, at]) => Number(at));
    let look = 0;
    return written.map((atMs, line) => {
      while ((looks[look]?.rows[log] ?? Infinity) <= line) look += 1;
      return (looks[look]?.atMs ?? NaN) - atMs;
    });
  });
}

/** With what the broker used meanwhile: it is on the same cores. */
async function measured(
  { broker, report }: Bench,
  name: string,
  work: () => Promise<KafkaAccount>,
): Promise<{ account: KafkaAccount }> {
  const before = processCpuSeconds(broker.pid);
  const account = await work();
  const value = processCpuSeconds(broker.pid) - before;
  report({ case: name, metric: 'broker_cpu_seconds', value, unit: 's' });
  return { account };
}

function topics({ broker }: Bench, prefix: string) {
  return { brokers: [broker.address], prefix, partitions };
}

function makeLog(
  { folder }: Bench,
  { name, lines, seed }: { name: string; lines: number; seed: number },
): DockerJsonLog {
  return makeDockerJsonLog({ path: join(folder, `${name}-json.log`), lines, seed });
}

function jobLog({ path, bytes }: DockerJsonLog, container: string): JobLog {
  return { container: container.padEnd(64, '0'), path, bytes };
}

function dataFolder({ folder }: Bench, name: string): string {
  const path = join(folder, 'data', name);
  mkdirSync(path, { recursive: true });
  return path;
}

function checkRows({ rows, distinctRows }: KafkaAccount, expected: number): void {
  if (rows === expected && distinctRows === expected) return;
  throw new Error(`expected ${expected} rows, got ${rows}, ${distinctRows} of them distinct`);
}

const speed = ({ rows, wallSeconds }: KafkaAccount): number => rows / wallSeconds;
const cost = ({ rows, cpuSeconds }: KafkaAccount): number => cpuSeconds / rows;

function reportSpeed(report: Report, name: string, account: KafkaAccount): void {
  report({ case: name, metric: 'lines_per_second', value: speed(account), unit: '1/s' });
  report({ case: name, metric: 'lines_per_cpu_second', value: 1 / cost(account), unit: '1/s' });
  report({ case: name, metric: 'peak_rss_bytes', value: account.peakRssBytes, unit: 'B' });
}

function millions(count: number): string {
  return `${(count / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} million`;
}
