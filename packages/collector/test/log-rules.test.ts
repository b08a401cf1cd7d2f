/** What is asked of the lines of a log, by configuration and labels, in a whole collector. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { decodeFrame, hostLabels, type Frame } from '@plimsoll/model';
import { configSchema, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Collector, type Discovery, type DiscoveryChange } from '@plimsoll/collector';
import { makeTarget, type Target } from '../src/target.ts';
import { FakePublisher } from './publish/fake-publisher.ts';
import { StoredLines } from './tail/stored-lines.ts';

let folder: string;
let publisher: FakePublisher;
let collector: Collector | null;
let targets: Target[];
let report: (change: DiscoveryChange) => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-rules-'));
  publisher = new FakePublisher({ acknowledgesAtOnce: true });
  collector = null;
  targets = [];
});
afterEach(async () => {
  await collector?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const discovery = (): Discovery => ({
  start: async (onChange) => {
    report = onChange;
    for (const target of targets) onChange({ kind: 'target', target, previous: undefined });
    onChange({ kind: 'synced' });
  },
  stop: async () => undefined,
  targets: () => targets,
  find: () => undefined,
  status: () => ({ state: 'connected', reason: '', version: '', root: folder }),
  bookmark: () => '',
});

async function start(logs: Record<string, unknown> = {}): Promise<Collector> {
  const { tenant, collector: config } = configSchema.parse({
    collector: {
      host: 'host-a',
      roots: { kmsg: join(folder, 'kmsg') },
      logs: { flush_interval: '20ms', poll_interval: '20ms', ...logs },
      stats: { enabled: false },
    },
  });
  const started = new Collector({
    config,
    tenant,
    stateDirectory: join(folder, 'state'),
    version: '1.2.3',
    publisher,
    logger: silentLogger(),
    discovery: discovery(),
  });
  collector = started;
  await started.start();
  return started;
}

function container(name: string, dockerLabels: Record<string, string> = {}): string {
  const logPath = join(folder, `${name}-json.log`);
  const labels = { ...hostLabels('default', 'host-a'), container_id: name, container_name: name };
  targets.push(
    makeTarget({
      dockerId: name,
      labels,
      dockerLabels,
      state: 'running',
      logSource: 'docker-file',
      logDriver: 'json-file',
      logPath,
    }),
  );
  writeFileSync(logPath, '');
  return logPath;
}

function log(path: string, ...texts: readonly string[]): void {
  const time = new Date().toISOString();
  for (const text of texts) {
    appendFileSync(path, `${JSON.stringify({ log: `${text}\n`, stream: 'stdout', time })}\n`);
  }
}

async function frames(): Promise<Frame[]> {
  return await Promise.all(publisher.published.map(({ bytes }) => decodeFrame(bytes)));
}

async function stored(): Promise<string[]> {
  const lines = new StoredLines();
  for (const frame of publisher.published) await lines.store(frame);
  return lines.records.records().map(({ text }) => text.toString());
}

async function events(kind: string): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (const { kind: frameKind, header, payload } of await frames()) {
    if (frameKind !== 'rows' || header.table !== 'events') continue;
    for (const line of payload.toString().trimEnd().split('\n')) {
      const values = JSON.parse(line) as unknown[];
      const row = Object.fromEntries(header.columns.map((name, index) => [name, values[index]]));
      if (row['kind'] === kind) found.push(row);
    }
  }
  return found;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`expected ${what} within 10 s`);
    await wait(20);
  }
}

test('records are joined and redacted, and go on over a restart in their middle', async () => {
  const path = container('web', {
    'plimsoll.multiline.start': '^BEGIN',
    'plimsoll.redact': 'password=\\S+',
  });
  log(path, 'BEGIN 1 password=hunter2', ' two', 'BEGIN 2', ' two password=hunter2');
  const first = await start();
  await until('the first record', async () => (await stored()).length === 1);
  await first.stop();
  log(path, ' three', 'BEGIN 3');
  await start();
  await until('the last record', async () => (await stored()).length === 3);
  expect(await stored()).toEqual([
    'BEGIN 1 [redacted]\n two',
    'BEGIN 2\n two [redacted]\n three',
    'BEGIN 3',
  ]);
  for (const { payload } of await frames()) expect(payload.includes('hunter2')).toBe(false);
});

test('what is excluded is not followed; a label changes it', async () => {
  const path = container('web', { 'plimsoll.exclude': 'true' });
  container('db');
  const started = await start({ rules: [{ match: { name: ['db'] }, exclude: true }] });
  log(path, 'one');
  await wait(200);
  expect(started.status()).toMatchObject({ followedPaths: 0, unreadableFiles: {} });
  const [web] = targets;
  if (web) report({ kind: 'target', target: { ...web, dockerLabels: {} }, previous: web });
  await until('the line', async () =>
    (await frames()).some(({ kind, payload }) => kind === 'logs' && payload.includes('one')),
  );
});

test('a log whose redaction cannot be read is not read at all, and that is told', async () => {
  const path = container('web', { 'plimsoll.redact': 'password=(' });
  log(path, 'password=hunter2');
  const started = await start();
  await until('the event', async () => (await events('log_withheld')).length > 0);
  expect(started.status().unreadableFiles[path]).toContain('pattern "password=("');
  expect((await events('log_withheld'))[0]).toMatchObject({
    severity: 'error',
    container_name: 'web',
    attributes: { reason: 'redaction', path },
  });
  const [web] = targets;
  if (web) report({ kind: 'target', target: web, previous: web });
  await started.stop();
  expect(await events('log_withheld')).toHaveLength(1);
  for (const { payload } of await frames()) expect(payload.includes('hunter2')).toBe(false);
  targets = targets.map((target) => ({
    ...target,
    dockerLabels: { 'plimsoll.redact': 'password=\\S+' },
  }));
  await start();
  await until('the line, when it is mended', async () => (await stored()).length > 0);
  expect(await stored()).toEqual(['[redacted]']);
});

test('what is over the quota is counted in the ledger and in an event', async () => {
  const path = container('web');
  log(path, ...Array.from({ length: 100 }, (_, index) => `line ${index}`));
  const started = await start({ rules: [{ quota: '20B' }] });
  const ledger = (): number => started.status().dropped.quota_withheld_lines ?? 0;
  await until('the lines', async () => ledger() > 0 && (await stored()).length > 0);
  const kept = (await stored()).length;
  expect(kept).toBeGreaterThan(5);
  expect(ledger()).toBe(100 - kept);
  await started.stop();
  expect(await events('log_withheld')).toMatchObject([
    {
      container_name: 'web',
      attributes: { reason: 'quota', withheld_lines: String(100 - kept) },
    },
  ]);
  const again = await start({ rules: [{ quota: '20B' }] });
  await wait(200);
  // What was withheld was read, and is not read again.
  expect(again.status().dropped).toEqual({});
  expect(await stored()).toHaveLength(kept);
});

test('plain files are matched by their path', async () => {
  mkdirSync(join(folder, 'logs'));
  const path = join(folder, 'logs', 'app.log');
  writeFileSync(path, 'BEGIN a\n b token=abc\nBEGIN c\n');
  writeFileSync(join(folder, 'logs', 'other.log'), 'token=abc\n');
  await start({
    files: [join(folder, 'logs', '*.log')],
    rules: [
      {
        match: { name: ['*/app.log'] },
        multiline: { start: '^BEGIN', max_wait: '100ms' },
        redact: [{ pattern: 'token=\\w+', replacement: 'token=?' }],
      },
      { exclude: true },
    ],
  });
  await until('both records', async () => (await stored()).length === 2);
  expect(await stored()).toEqual(['BEGIN a\n b token=?', 'BEGIN c']);
});
