import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { decodeFrame, type Frame, type RowTable } from '@plimsoll/model';
import { configSchema, Metrics, silentLogger, systemClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Collector, DirectoryDiscovery } from '@plimsoll/collector';
import { DockerFolder } from './discovery/docker-folder.ts';
import { FakePublisher } from './publish/fake-publisher.ts';

const id = 'cd'.repeat(32);
let folder: string;
let publisher: FakePublisher;
let collectors: Collector[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-collector-'));
  publisher = new FakePublisher({ acknowledgesAtOnce: true });
  collectors = [];
});
afterEach(async () => {
  for (const collector of collectors) await collector.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface StartOptions {
  files?: string[];
  metrics?: Metrics;
  discovers?: boolean;
}

async function start(options: StartOptions = {}): Promise<Collector> {
  const { tenant, collector: config } = configSchema.parse({
    collector: {
      host: 'host-a',
      roots: { kmsg: join(folder, 'kmsg') },
      docker: { socket: join(folder, 'no.sock') },
      logs: { flush_interval: '20ms', poll_interval: '20ms', files: options.files ?? [] },
      stats: { interval: '100ms' },
    },
  });
  const logger = silentLogger();
  const discovery = new DirectoryDiscovery({
    root: join(folder, 'docker'),
    tenant,
    host: config.host,
    clock: systemClock,
    logger,
    intervalMs: 30,
  });
  const collector = new Collector({
    config,
    tenant,
    stateDirectory: join(folder, 'state'),
    version: '1.2.3',
    publisher,
    logger,
    ...(options.metrics ? { metrics: options.metrics } : {}),
    ...(options.discovers === false ? {} : { discovery }),
  });
  collectors.push(collector);
  await collector.start();
  return collector;
}

async function frames(): Promise<Frame[]> {
  return await Promise.all(publisher.published.map(({ bytes }) => decodeFrame(bytes)));
}

async function logText(): Promise<string> {
  return (await frames())
    .filter(({ kind }) => kind === 'logs')
    .map(({ payload }) => payload.toString())
    .join('');
}

async function rows(table: RowTable): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (const { kind, header, payload } of await frames()) {
    if (kind !== 'rows' || header.table !== table) continue;
    const lines = payload.toString().trimEnd().split('\n');
    expect(lines).toHaveLength(header.rows);
    for (const line of lines) {
      const values = JSON.parse(line) as unknown[];
      found.push(
        Object.fromEntries(header.columns.map((column, index) => [column, values[index]])),
      );
    }
  }
  return found;
}

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`expected ${what} within 10 s`);
    await wait(10);
  }
}

test('logs, targets, statistics, events and heartbeats are published', async () => {
  const docker = new DockerFolder(join(folder, 'docker'));
  docker.write(id, { name: 'web' });
  docker.log(id, ['one', 'two']);
  const plain = join(folder, 'plain.log');
  writeFileSync(plain, 'plain line\n');
  const metrics = new Metrics();
  const collector = await start({ files: [join(folder, '*.log')], metrics });
  await until('the lines', async () => {
    const text = await logText();
    return text.includes('plain line') && text.includes('two');
  });
  await until('a heartbeat after them', async () =>
    (await rows('collector_stats')).some(
      (row) => Number(row['log_lines_acknowledged_total']) === 3,
    ),
  );
  await until('host statistics', async () => (await rows('host_stats')).length > 0);
  const sources = (await frames()).flatMap(({ kind, header }) =>
    kind === 'logs' ? header.sources : [],
  );
  const told = sources.map(({ format, path, labels }) => ({
    format,
    path,
    name: labels.container_name,
    container: labels.container_id,
  }));
  expect(told).toContainEqual({
    format: 'docker-json',
    path: docker.logPath(id),
    name: 'web',
    container: id,
  });
  expect(told).toContainEqual({ format: 'plain', path: plain, name: plain, container: '' });
  expect(await rows('targets')).toMatchObject([
    { container_name: 'web', state: 'running', log_driver: 'json-file' },
  ]);
  expect((await rows('collector_stats')).at(-1)).toMatchObject({
    host: 'host-a',
    version: '1.2.3',
    docker_status: 'connected',
    containers_watched: 1,
    log_files_watched: 2,
    log_lag_bytes: 0,
  });
  expect(collector.status()).toMatchObject({
    state: 'running',
    containers: 1,
    followedPaths: 2,
    checkpointProblem: null,
    dropped: {},
  });
  expect(await metrics.render()).toContain('plimsoll_collector_log_acknowledged_lines_total 3');
  await collector.stop();
  expect((await rows('events')).map(({ kind }) => kind)).toEqual([
    'collector_started',
    'collector_stopped',
  ]);
  expect(collector.status().state).toBe('stopped');
});

test('a stop publishes what was written, and the next start goes on behind it', async () => {
  const docker = new DockerFolder(join(folder, 'docker'));
  docker.write(id, { name: 'web' });
  docker.log(id, ['one']);
  const first = await start();
  await until('one', async () => (await logText()).includes('one'));
  docker.log(id, ['two']);
  await first.stop();
  expect(await logText()).toContain('two');
  docker.log(id, ['three']);
  const second = await start();
  await until('three', async () => (await logText()).includes('three'));
  await second.stop();
  expect((await logText()).match(/one|two|three/g)).toEqual(['one', 'two', 'three']);
  const headers = (await frames()).map(({ header }) => header);
  const epochs = new Set(headers.map(({ epoch }) => epoch));
  expect(epochs.size).toBe(2);
  expect(new Set(headers.map(({ collector_id }) => collector_id)).size).toBe(1);
});

test(
  'a stop does not wait for a transport that stalls for longer than 5 s',
  { timeout: 15_000 },
  async () => {
    publisher.acknowledgesAtOnce = false;
    const plain = join(folder, 'plain.log');
    writeFileSync(plain, 'never acknowledged\n');
    const collector = await start({ files: [plain] });
    await until('a frame', () => publisher.pending.length > 0);
    const begun = performance.now();
    await collector.stop();
    expect(performance.now() - begun).toBeLessThan(7000);
    const saved = JSON.parse(readFileSync(join(folder, 'state', 'checkpoint.json'), 'utf8')) as {
      files: { position: number }[];
    };
    expect(saved.files.map(({ position }) => position)).toEqual([0]);
  },
);

test('without Docker the host and plain files are watched, and the condition is stated', async () => {
  const plain = join(folder, 'plain.log');
  writeFileSync(plain, 'plain line\n');
  const collector = await start({ files: [plain], discovers: false });
  await until('the line', async () => (await logText()).includes('plain line'));
  await until('the heartbeat', async () =>
    (await rows('collector_stats')).some((row) => row['docker_status'] === 'absent'),
  );
  expect(collector.status().discovery.reason).toContain('no Docker socket');
});

test('a truncation is an event and in the loss ledger', async () => {
  const plain = join(folder, 'plain.log');
  writeFileSync(plain, 'a line\nwaits without an end');
  const collector = await start({ files: [plain] });
  await until('the line', async () => (await logText()).includes('a line'));
  writeFileSync(plain, '');
  appendFileSync(plain, 'new\n');
  await until('the new line', async () => (await logText()).includes('new'));
  await until('the event', async () =>
    (await rows('events')).some(({ kind }) => kind === 'log_truncated'),
  );
  expect(collector.status().dropped).toEqual({ truncated_bytes: 20 });
  expect((await rows('events')).find(({ kind }) => kind === 'log_truncated')).toMatchObject({
    severity: 'error',
    attributes: { path: plain, position: '7', lost_bytes: '20', reason: 'truncated_bytes' },
  });
});

test('a damaged checkpoint does not keep the collector from starting', async () => {
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'state', 'checkpoint.json'), '{"version":1,"coll');
  const plain = join(folder, 'plain.log');
  writeFileSync(plain, 'from the beginning\n');
  await start({ files: [plain] });
  await until('the line', async () => (await logText()).includes('from the beginning'));
  const kept = readdirSync(join(folder, 'state')).filter((name) => name.includes('unreadable'));
  expect(kept).toHaveLength(1);
});

test('starting twice and stopping twice is the same as once', async () => {
  const collector = await start();
  await Promise.all([collector.start(), collector.start()]);
  await Promise.all([collector.stop(), collector.stop()]);
  expect((await rows('events')).map(({ kind }) => kind)).toEqual([
    'collector_started',
    'collector_stopped',
  ]);
});

test('the last lines of a removed container are read', async () => {
  const docker = new DockerFolder(join(folder, 'docker'));
  docker.write(id, { name: 'job' });
  docker.log(id, ['begin']);
  await start();
  await until('the first line', async () => (await logText()).includes('begin'));
  docker.log(id, ['end']);
  docker.remove(id);
  await until('the last line', async () => (await logText()).includes('end'));
  await until('the removed target', async () => (await rows('targets')).length === 2);
  expect((await rows('targets')).map(({ state }) => state)).toEqual(['running', 'removed']);
});

test('OOM kills of the kernel log are events of their container, once over a restart', async () => {
  const docker = new DockerFolder(join(folder, 'docker'));
  docker.write(id, { name: 'web' });
  const record = `3,100,5000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=${id},mems_allowed=0,oom_memcg=/docker/${id},task_memcg=/docker/${id},task=app,pid=42,uid=0\n`;
  const killed =
    '3,101,5000001,-;Memory cgroup out of memory: Killed process 42 (app) total-vm:1000kB, anon-rss:900kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0\n';
  writeFileSync(join(folder, 'kmsg'), record + killed);
  const first = await start();
  await until('the event', async () =>
    (await rows('events')).some(({ kind }) => kind === 'oom_kill'),
  );
  expect((await rows('events')).find(({ kind }) => kind === 'oom_kill')).toMatchObject({
    container_name: 'web',
    container_id: id,
    severity: 'error',
    attributes: { process: 'app', pid: '42' },
  });
  await first.stop();
  const second = await start();
  await wait(700);
  await second.stop();
  expect((await rows('events')).filter(({ kind }) => kind === 'oom_kill')).toHaveLength(1);
});
