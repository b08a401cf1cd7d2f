/**
 * The collector alone, with a transport that acknowledges at once. Figures per CPU second, so that
 * other work on the machine matters little.
 *
 * - one file: a Docker log of 2 GB read, cut, counted, compressed, with checkpoints; beside it others
 *   that read logs, where they are installed, over the same file
 * - many files: 200 logs of 10 MB each, written while they are read
 * - lines: the same kind of log with multi-line joining, redaction, both
 * - idle: 400 containers with nothing to say, all tiers of statistics, the host, their logs
 * - delay: from write to publish, 1,000 lines a second over 100 containers
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCollectorJob, type CollectorAccount, type JobContainer } from '../lib/collector-job.ts';
import { makeDockerJsonLog } from '../lib/docker-json-log.ts';
import { makeContainers } from '../lib/hand-made-containers.ts';
import { otherReaders } from '../lib/other-readers.ts';
import type { Report } from '../report.ts';

export default { name: 'collector', run };

const oneFileLines = 10_700_000;
const lineLines = 1_600_000;
const runs = 3;
const manyFiles = 200;
const manyFileBytes = 10_000_000;
const idleContainers = 400;
const writer = fileURLToPath(new URL('../lib/log-writer.ts', import.meta.url));
const withoutStats = { stats: { enabled: false }, orphans: { enabled: false } };

async function run(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-collector-'));
  try {
    const source = await oneFile(report, folder);
    await severalFiles(report, folder, source);
    rmSync(source);
    await lines(report, folder);
    await idle(report, folder);
    await delay(report, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the path of the file, for others to use */
async function oneFile(report: Report, folder: string): Promise<string> {
  const log = makeDockerJsonLog({
    path: join(folder, 'one-json.log'),
    lines: oneFileLines,
    seed: 1,
  });
  const name = `one file of ${(log.bytes / 1e9).toFixed(1)} GB`;
  const best = await bestOf(runs, () => readLogs([log.path], log.bytes, {}));
  reportReading(report, `${name}, best of ${runs}`, best);
  report({
    case: `${name}, best of ${runs}`,
    metric: 'compression_ratio',
    value: best.acknowledgedBytes / best.frameBytes,
    unit: '',
  });
  for (const other of otherReaders) {
    const cpuSeconds = await other.read(log.path);
    if (cpuSeconds === null) continue;
    const value = log.bytes / 1e6 / cpuSeconds;
    report({
      case: `${name}: ${other.name}`,
      metric: 'megabytes_per_cpu_second',
      value,
      unit: 'MB/s',
    });
    report({
      case: `${name}: collector against it`,
      metric: 'ratio',
      value: cpuSeconds / best.cpuSeconds,
      unit: '',
    });
  }
  return log.path;
}

async function severalFiles(report: Report, folder: string, source: string): Promise<void> {
  const paths = makeFolders(folder, 'many', manyFiles);
  const list = writeList(folder, paths);
  const writing = startWriter(['fill', source, String(manyFileBytes), list]);
  const account = await readLogs(paths, manyFiles * manyFileBytes, {});
  await writing;
  reportReading(report, `${manyFiles} files of 10 MB, written while read`, account);
  rmSync(join(folder, 'many'), { recursive: true });
}

const rules = {
  'no rule': {},
  'multi-line joining': { multiline: { start: '^(\\{|level=|\\d|\\[|\\S+ - )' } },
  redaction: {
    redact: [
      { pattern: 'trace_id":"[0-9a-f]{16}"', replacement: 'trace_id":"…"' },
      { pattern: '(?i)(password|secret|authorization)["=: ]+[^\\s",]+' },
    ],
  },
} as const;

async function lines(report: Report, folder: string): Promise<void> {
  const log = makeDockerJsonLog({
    path: join(folder, 'lines-json.log'),
    lines: lineLines,
    seed: 2,
  });
  const both = { ...rules['multi-line joining'], ...rules.redaction };
  for (const [name, rule] of Object.entries({ ...rules, 'both of them': both })) {
    const logs = { logs: { rules: Object.keys(rule).length === 0 ? [] : [rule] } };
    const account = await bestOf(2, () => readLogs([log.path], log.bytes, logs));
    reportReading(report, `lines looked at: ${name}`, account);
  }
  rmSync(log.path);
}

async function idle(report: Report, folder: string): Promise<void> {
  const made = await makeContainers(idleContainers, ['unshare', '--net', 'sleep', '600']);
  try {
    const paths = makeFolders(folder, 'idle', idleContainers);
    for (const path of paths) writeFileSync(path, idleLine);
    const containers = made.containers.map(({ id, pid }, index) => ({
      id,
      pid,
      name: `idle-${index}`,
      logPath: paths[index] ?? '',
      writableLayer: '',
    }));
    const account = await runCollectorJob({
      containers,
      cgroupParent: made.parent,
      config: {},
      until: { kind: 'time', warmUpSeconds: 90, seconds: 120 },
      measuresDelay: false,
    });
    const name = `${idleContainers} idle containers at 10 s (${made.kind} cgroups)`;
    const share = (100 * account.cpuSeconds) / account.wallSeconds;
    report({ case: name, metric: 'core_percent', value: share, unit: '%' });
    report({ case: name, metric: 'rss_bytes', value: account.rssBytes, unit: 'B' });
  } finally {
    await made.remove();
  }
}

const idleLine = '{"log":"ready\\n","stream":"stdout","time":"2026-01-01T00:00:00.000000000Z"}\n';

async function delay(report: Report, folder: string): Promise<void> {
  const seconds = 30;
  const warmUpSeconds = 5;
  const paths = makeFolders(folder, 'delay', 100);
  const list = writeList(folder, paths);
  const writing = startWriter(['pace', '1000', String(seconds + warmUpSeconds + 3), list]);
  const account = await runCollectorJob({
    containers: containersOf(paths),
    cgroupParent: '',
    config: withoutStats,
    until: { kind: 'time', warmUpSeconds, seconds },
    measuresDelay: true,
  });
  await writing;
  const name = 'write to publish, 1,000 lines/s over 100 containers';
  for (const percent of [50, 99]) {
    const at = Math.floor((account.delaysMs.length * percent) / 100);
    const value = account.delaysMs[at] ?? NaN;
    report({ case: name, metric: `p${percent}_milliseconds`, value, unit: 'ms' });
  }
  const share = (100 * account.cpuSeconds) / account.wallSeconds;
  report({ case: name, metric: 'core_percent', value: share, unit: '%' });
}

async function readLogs(
  paths: readonly string[],
  bytes: number,
  config: Record<string, unknown>,
): Promise<CollectorAccount> {
  return runCollectorJob({
    containers: containersOf(paths),
    cgroupParent: '',
    config: { ...withoutStats, ...config },
    until: { kind: 'acknowledged', bytes },
    measuresDelay: false,
  });
}

function containersOf(paths: readonly string[]): JobContainer[] {
  return paths.map((logPath, index) => ({
    id: index.toString(16).padStart(64, '0'),
    name: `bench-${index}`,
    pid: 0,
    logPath,
    writableLayer: '',
  }));
}

/** A folder for each log, as Docker has it. */
function makeFolders(folder: string, name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const own = join(folder, name, String(index));
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'container-json.log'), '');
    return join(own, 'container-json.log');
  });
}

function writeList(folder: string, paths: readonly string[]): string {
  const file = join(folder, 'paths.json');
  writeFileSync(file, JSON.stringify(paths));
  return file;
}

async function startWriter(options: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [writer, ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`log-writer: expected exit code 0, got ${String(code)}`);
}

async function bestOf(
  times: number,
  measure: () => Promise<CollectorAccount>,
): Promise<CollectorAccount> {
  const accounts: CollectorAccount[] = [];
  for (let count = 0; count < times; count += 1) accounts.push(await measure());
  return accounts.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a));
}

function reportReading(report: Report, name: string, account: CollectorAccount): void {
  const megabytes = account.acknowledgedBytes / 1e6;
  const figures = [
    ['megabytes_per_cpu_second', megabytes / account.cpuSeconds, 'MB/s'],
    ['megabytes_per_second', megabytes / account.wallSeconds, 'MB/s'],
    ['lines_per_cpu_second', account.acknowledgedLines / account.cpuSeconds, '1/s'],
    ['peak_rss_bytes', account.peakRssBytes, 'B'],
  ] as const;
  for (const [metric, value, unit] of figures) report({ case: name, metric, value, unit });
}
