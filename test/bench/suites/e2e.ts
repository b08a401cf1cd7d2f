/**
 * One Docker log of 1 GB to rows in the embedded ClickHouse: collector, journal, ingest and engine
 * in one process, as in the all-in-one. Beside it, in the same run, the ordinary way. The table is
 * settled before its size is taken: all merges done, indexes counted.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDockerJsonLog, type DockerJsonLog } from '../lib/docker-json-log.ts';
import { writeContainer } from '../lib/docker-folder.ts';
import type { LogsToRowsAccount } from '../lib/logs-to-rows.ts';
import type { Report } from '../report.ts';

export default { name: 'e2e', run };

const lines = 5_200_000;
/** The ordinary way is timed on a part, so that the suite ends in minutes; figures are per line. */
const ordinaryLines = 2_000_000;
const child = fileURLToPath(new URL('../lib/logs-to-rows.ts', import.meta.url));

async function run(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-e2e-'));
  try {
    const log = makeDockerJsonLog({ path: join(folder, 'container-json.log'), lines, seed: 1 });
    report({ case: 'input', metric: 'raw_bytes', value: log.bytes, unit: 'B' });
    report({ case: 'input', metric: 'input_lines', value: log.lines, unit: '' });
    writeContainer(join(folder, 'docker'), log.path);
    const whole = runChild([join(folder, 'docker'), dataFolder(folder, 'whole'), String(lines)]);
    checkRows(whole, lines);
    reportAccount(report, { name: 'plimsoll', log, account: whole });
    rmSync(join(folder, 'whole'), { recursive: true });
    const part = makeDockerJsonLog({
      path: join(folder, 'part.log'),
      lines: ordinaryLines,
      seed: 1,
    });
    const ordinary = runChild([
      'ordinary',
      part.path,
      dataFolder(folder, 'ordinary'),
      String(ordinaryLines),
    ]);
    checkRows(ordinary, ordinaryLines);
    reportAccount(report, { name: 'ordinary way', log: part, account: ordinary });
    const speed = (account: LogsToRowsAccount): number => account.rows / account.wallSeconds;
    const cost = (account: LogsToRowsAccount): number => account.cpuSeconds / account.rows;
    const name = 'plimsoll against the ordinary way';
    report({ case: name, metric: 'speed_ratio', value: speed(whole) / speed(ordinary), unit: '' });
    report({ case: name, metric: 'cpu_ratio', value: cost(ordinary) / cost(whole), unit: '' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function dataFolder(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

function runChild(args: readonly string[]): LogsToRowsAccount {
  const output = execFileSync(process.execPath, [child, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    // As the command sets them for itself: threads for the engine, large blocks given back at once.
    env: { ...process.env, UV_THREADPOOL_SIZE: '24', MALLOC_MMAP_THRESHOLD_: '1048576' },
  });
  // What our own process printed on its last line.
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as LogsToRowsAccount;
}

/** A fast run that lost a line is no result. */
function checkRows({ rows, distinctPositions }: LogsToRowsAccount, expected: number): void {
  if (rows !== expected || distinctPositions !== expected) {
    throw new Error(
      `expected ${expected} rows, got ${rows}, ${distinctPositions} of them distinct`,
    );
  }
}

function reportAccount(
  report: Report,
  { name, log, account }: { name: string; log: DockerJsonLog; account: LogsToRowsAccount },
): void {
  const { wallSeconds, cpuSeconds, mergeCpuSeconds, peakRssBytes, diskBytes, indexBytes } = account;
  const say = (metric: string, value: number, unit: string): void =>
    report({ case: name, metric, value, unit });
  say('lines_per_second', log.lines / wallSeconds, '1/s');
  say('megabytes_per_second', log.bytes / 1e6 / wallSeconds, 'MB/s');
  say('lines_per_cpu_second', log.lines / cpuSeconds, '1/s');
  say('cpu_seconds', cpuSeconds, 's');
  say('merge_all_cpu_seconds', mergeCpuSeconds, 's');
  say('peak_rss_bytes', peakRssBytes, 'B');
  say('disk_bytes_per_line_bytes', diskBytes / log.lines, 'B');
  say('index_bytes_per_line_bytes', indexBytes / log.lines, 'B');
  say('raw_to_disk_ratio', log.bytes / diskBytes, '');
}
