/**
 * The collector alone: one Docker log of 1 GB read, cut, counted, compressed and handed to a
 * publisher that acknowledges at once. Beside it `zstd -1` on one thread over the same file, which
 * does nothing but compress. Figures per CPU second, so that other work on the machine matters little.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CollectorAccount } from '../lib/collector-alone.ts';
import { writeContainer } from '../lib/docker-folder.ts';
import { makeDockerJsonLog } from '../lib/docker-json-log.ts';
import type { Report } from '../report.ts';

export default { name: 'collector', run };

const lines = 5_500_000;
const runs = 3;
/** As `plimsoll collector` runs itself. */
const collectorFlags = ['--single-threaded', '--no-incremental-marking'];
const alone = fileURLToPath(new URL('../lib/collector-alone.ts', import.meta.url));

async function run(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-collector-'));
  try {
    const log = makeDockerJsonLog({ path: join(folder, 'container-json.log'), lines, seed: 1 });
    writeContainer(folder, log.path);
    report({ case: 'input', metric: 'raw_bytes', value: log.bytes, unit: 'B' });
    const accounts = Array.from({ length: runs }, () => runCollector(folder));
    const best = accounts.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a));
    const megabytes = log.bytes / 1e6;
    const perCpuSecond = megabytes / best.cpuSeconds;
    const name = `collector, best of ${runs}`;
    report({ case: name, metric: 'megabytes_per_cpu_second', value: perCpuSecond, unit: 'MB/s' });
    report({
      case: name,
      metric: 'megabytes_per_second',
      value: megabytes / best.wallSeconds,
      unit: 'MB/s',
    });
    report({
      case: name,
      metric: 'lines_per_cpu_second',
      value: lines / best.cpuSeconds,
      unit: '1/s',
    });
    report({ case: name, metric: 'peak_rss_bytes', value: best.peakRssBytes, unit: 'B' });
    report({
      case: name,
      metric: 'compression_ratio',
      value: log.bytes / best.frameBytes,
      unit: '',
    });
    const zstd = compressWithZstd(log.path);
    if (zstd === null) return;
    report({
      case: 'zstd -1 -T1',
      metric: 'megabytes_per_cpu_second',
      value: megabytes / zstd,
      unit: 'MB/s',
    });
    report({
      case: 'collector against zstd -1',
      metric: 'ratio',
      value: zstd / best.cpuSeconds,
      unit: '',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runCollector(folder: string): CollectorAccount {
  const output = execFileSync(process.execPath, [...collectorFlags, alone, folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // What our own process printed on its last line.
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as CollectorAccount;
}

/** CPU seconds, by the shell's own account of its child; null where there is no zstd. */
function compressWithZstd(path: string): number | null {
  const script = 'TIMEFORMAT="%U %S"; time zstd -1 -T1 -q -c "$1" > /dev/null';
  const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', path], { encoding: 'utf8' });
  const [user, system] = stderr.trim().split(/\s+/).map(Number);
  if (status !== 0 || !Number.isFinite(user) || !Number.isFinite(system)) return null;
  return Number(user) + Number(system);
}
