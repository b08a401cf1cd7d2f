/**
 * What a scrape costs, in processor time: the sampler with its kept descriptors, and beside it, in
 * the same run, the ordinary way: readFileSync, split and Number on the same files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTarget, StatsSampler, type Target } from '@plimsoll/collector';
import { hostLabels } from '@plimsoll/model';
import { type HandMadeContainers, makeContainers } from '../lib/hand-made-containers.ts';
import type { Report } from '../report.ts';

const containerCount = 200;
/** Fewer: making a network namespace takes long. */
const namespaceCount = 20;
const rounds = 60;
const warmUpRounds = 30;

export default { name: 'scrape', run };

async function run(report: Report): Promise<void> {
  const host = await costOfRound(await samplerOf([], 'auto'));
  report({ case: 'host alone', metric: 'cpu_microseconds_per_scrape', value: host, unit: 'µs' });
  const made = await makeContainers(containerCount, ['sleep', '600']);
  const suffix = made.kind === 'recorded' ? ', recorded tree' : '';
  try {
    const scrape = await costOfRound(await samplerOf(targetsOf(made), made.cgroup));
    const kept = (scrape - host) / containerCount;
    const ordinary = (await costOfRound(ordinaryWay(made))) / containerCount;
    const reportOne = (name: string, value: number): void =>
      report({ case: name + suffix, metric: 'cpu_microseconds_per_container', value, unit: 'µs' });
    reportOne(`${containerCount} containers, kept descriptors`, kept);
    reportOne(`${containerCount} containers, readFileSync and split`, ordinary);
    report({
      case: `${containerCount} containers, ordinary way to ours${suffix}`,
      metric: 'ratio',
      value: ordinary / kept,
      unit: '×',
    });
  } finally {
    await made.remove();
  }
  await runWithNetwork(report, host);
}

/** The files of `/proc/<pid>/net` are made anew by the kernel for each read, and cost most. */
async function runWithNetwork(report: Report, host: number): Promise<void> {
  const made = await makeContainers(namespaceCount, ['unshare', '--net', 'sleep', '600']);
  try {
    if (made.kind === 'recorded') return;
    const scrape = await costOfRound(await samplerOf(targetsOf(made), made.cgroup));
    report({
      case: `${namespaceCount} containers with a network namespace each`,
      metric: 'cpu_microseconds_per_container',
      value: (scrape - host) / namespaceCount,
      unit: 'µs',
    });
  } finally {
    await made.remove();
  }
}

interface Measured {
  round: () => Promise<void> | void;
  end: () => Promise<void> | void;
}

/** Processor time of one round in microseconds, user and system. */
async function costOfRound({ round, end }: Measured): Promise<number> {
  for (let count = 0; count < warmUpRounds; count++) await round();
  const before = process.cpuUsage();
  for (let count = 0; count < rounds; count++) await round();
  const { user, system } = process.cpuUsage(before);
  await end();
  return (user + system) / rounds;
}

async function samplerOf(targets: readonly Target[], cgroup: string): Promise<Measured> {
  let rows = 0;
  const sampler = new StatsSampler({
    roots: { proc: '/proc', sys: '/sys', cgroup, host: '/' },
    tenant: 'default',
    host: 'bench',
    intervalMs: 10_000,
    targets: () => targets,
    runtimeRoot: () => '/',
    onRows: (batch) => {
      if (batch.table === 'container_stats') rows = batch.rows;
    },
    onError: (error) => {
      throw error;
    },
  });
  await sampler.scrapeOnce();
  if (rows !== targets.length) throw new Error(`expected ${targets.length} rows, got ${rows}`);
  return { round: () => sampler.scrapeOnce(), end: () => sampler.stop() };
}

function targetsOf(made: HandMadeContainers): Target[] {
  return made.containers.map(({ id, pid }) =>
    makeTarget({
      dockerId: id,
      labels: { ...hostLabels('default', 'bench'), container_id: id, container_name: id },
      state: 'running',
      pid,
      runtime: 'runc',
      cgroup: { parent: made.parent, driver: 'cgroupfs' },
    }),
  );
}

/** The files that the sampler reads of a container in each scrape. */
const files: Readonly<Record<string, readonly string[]>> = {
  memory: [
    'memory.stat',
    'memory.usage_in_bytes',
    'memory.max_usage_in_bytes',
    'memory.failcnt',
    'memory.kmem.usage_in_bytes',
    'memory.kmem.tcp.usage_in_bytes',
    'memory.oom_control',
  ],
  cpu: ['cpu.stat'],
  cpuacct: ['cpuacct.usage', 'cpuacct.stat'],
  pids: ['pids.current', 'pids.events', 'cgroup.procs', 'tasks'],
  blkio: ['blkio.throttle.io_service_bytes_recursive', 'blkio.throttle.io_serviced_recursive'],
  unified: ['cpu.pressure', 'memory.pressure', 'io.pressure', 'cgroup.stat'],
};

function ordinaryWay(made: HandMadeContainers): Measured {
  const root = made.cgroup === 'auto' ? '/sys/fs/cgroup' : made.cgroup;
  const known = new Set(readdirSync(root));
  const round = (): void => {
    const rows: string[] = [];
    for (const { id } of made.containers) {
      const row: Record<string, number> = {};
      for (const [hierarchy, names] of Object.entries(files)) {
        if (!known.has(hierarchy)) continue;
        for (const name of names) {
          const text = readFileSync(join(root, hierarchy, made.parent, id, name), 'utf8');
          for (const line of text.split('\n')) {
            const [key = '', value] = line.split(' ');
            row[`${name}:${key}`] = Number(value ?? key);
          }
        }
      }
      rows.push(JSON.stringify(row));
    }
    if (rows.length !== made.containers.length) throw new Error('expected a row per container');
  };
  return { round, end: () => undefined };
}
