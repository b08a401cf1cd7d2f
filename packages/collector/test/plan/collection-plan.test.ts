import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CheckpointFile } from '../../src/checkpoint/format.ts';
import type { Discovery } from '../../src/discovery/discovery.ts';
import { planCollection } from '../../src/plan/collection-plan.ts';
import { logBacklog } from '../../src/plan/log-backlog.ts';
import type { Target } from '../../src/target.ts';
import { makeTarget } from '../stats/make-target.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'plimsoll-plan-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, bytes: number): string => {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, 'x'.repeat(bytes));
  return path;
};

function position(path: string, followed: string, at: number): CheckpointFile {
  const stat = statSync(path, { bigint: true });
  return {
    followed,
    path,
    file_id: 'f',
    device: String(stat.dev),
    inode: String(stat.ino),
    birthtime_ns: String(stat.birthtimeNs),
    fingerprint: null,
    generation: 0,
    position: at,
    marker: { bytes: 0, crc: 0 },
    size: Number(stat.size),
    mtime_ms: 0,
    seen_at_ms: 0,
  };
}

function found(targets: readonly Target[]): Discovery {
  return {
    start: (onChange) => onChange({ kind: 'synced' }),
    stop: () => Promise.resolve(),
    targets: () => targets,
    find: () => undefined,
    status: () => ({ state: 'connected', version: '28', root: '', reason: '' }),
    bookmark: () => '',
  };
}

test('a log never seen is unread as configured, rotated and compressed files too', () => {
  const path = write('a.log', 100);
  write('a.log.1', 50);
  write('a.log.2.gz', 7);
  const options = { checkpoint: [], readsHistory: true };
  expect(logBacklog(path, { ...options, startAt: 'beginning' })).toEqual({
    bytes: 157,
    unreadBytes: 150,
  });
  expect(logBacklog(path, { ...options, startAt: 'end' })).toEqual({ bytes: 157, unreadBytes: 0 });
});

test('a log seen before is unread from its position, in each of its files', () => {
  const path = write('a.log', 100);
  const rotated = write('a.log.1', 50);
  const checkpoint = [position(rotated, path, 20), position(path, path, 60)];
  expect(logBacklog(path, { checkpoint, startAt: 'end', readsHistory: true })).toEqual({
    bytes: 150,
    unreadBytes: 30 + 40,
  });
});

test('a truncated log is unread from its beginning, a missing one has no size', () => {
  const path = write('a.log', 10);
  const checkpoint = [position(path, path, 60)];
  const options = { startAt: 'beginning', readsHistory: false } as const;
  expect(logBacklog(path, { checkpoint, ...options }).unreadBytes).toBe(10);
  expect(logBacklog(join(folder, 'none'), { checkpoint, ...options })).toEqual({
    bytes: null,
    unreadBytes: null,
  });
});

test('the plan lists containers with their logs and rules, and touches nothing', async () => {
  const path = write('logs/web.log', 300);
  const plain = write('plain.log', 40);
  const base = makeTarget({ dockerId: 'a'.repeat(64) });
  const named = (name: string) => ({ ...base.labels, container_name: name, image: 'shop/web:1' });
  const targets: Target[] = [
    {
      ...base,
      labels: named('web'),
      state: 'running',
      pid: 1,
      logSource: 'docker-file',
      logPath: '/logs/web.log',
    },
    {
      ...base,
      dockerId: 'b'.repeat(64),
      labels: named('mute'),
      logSource: 'none',
      logDriver: 'syslog',
    },
    {
      ...base,
      dockerId: 'c'.repeat(64),
      labels: named('asked'),
      logSource: 'docker-api',
      dockerLabels: { 'plimsoll.quota.bytes_per_second': 'much' },
    },
  ];
  const config = configSchema.parse({
    collector: {
      host: 'h',
      roots: { host: folder },
      logs: {
        files: [plain],
        rules: [{ match: { name: ['web'] }, redact: [{ pattern: 'secret' }], quota: '1MiB' }],
      },
      gpu: { nvidia_smi: 'off' },
    },
  }).collector;
  const before = readdirSync(folder);
  const plan = await planCollection({
    config,
    tenant: 't',
    stateDirectory: join(folder, 'state'),
    logger: silentLogger(),
    signal: new AbortController().signal,
    discovery: found(targets),
  });
  expect(plan.containers).toMatchObject([
    {
      name: 'asked',
      logSource: 'docker-api',
      path: '',
      bytes: null,
      problems: [expect.stringContaining('plimsoll.quota.bytes_per_second') as unknown],
    },
    { name: 'mute', lines: 'not read: no log can be had of the driver syslog' },
    {
      name: 'web',
      path,
      bytes: 300,
      unreadBytes: 300,
      hasStatistics: true,
      lines: 'redacted by 1 pattern(s), 1048576 B/s at most',
    },
  ]);
  expect(plan.files).toMatchObject([{ path: plain, bytes: 40, lines: 'as they are' }]);
  expect(plan).toMatchObject({ gpu: null, checkpoint: { files: 0, problem: null } });
  expect(readdirSync(folder)).toEqual(before);
});

test('a checkpoint that cannot be read stays where it is and is told', async () => {
  const state = join(folder, 'state');
  write('state/checkpoint.json', 5);
  const plan = await planCollection({
    config: configSchema.parse({}).collector,
    tenant: 't',
    stateDirectory: state,
    logger: silentLogger(),
    signal: new AbortController().signal,
    discovery: found([]),
  });
  expect(plan.checkpoint.problem).toContain('expected JSON');
  expect(existsSync(join(state, 'checkpoint.json'))).toBe(true);
});
