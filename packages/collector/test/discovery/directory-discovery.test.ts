import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ManualClock, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { containerFilter } from '../../src/discovery/container-filter.ts';
import {
  DirectoryDiscovery,
  type DirectoryDiscoveryOptions,
} from '../../src/discovery/directory-discovery.ts';
import type { DiscoveryChange } from '../../src/discovery/discovery.ts';
import { DockerFolder } from './docker-folder.ts';

const id = 'ab'.repeat(32);
let folder: string;
let clock: ManualClock;
let changes: DiscoveryChange[];
let discovery: DirectoryDiscovery;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-directory-'));
  clock = new ManualClock(1_767_225_700_000);
  changes = [];
  discovery = make({});
});
afterEach(async () => {
  await discovery.stop();
  rmSync(folder, { recursive: true, force: true });
});

function make(options: Partial<DirectoryDiscoveryOptions>): DirectoryDiscovery {
  return new DirectoryDiscovery({
    root: folder,
    tenant: 'default',
    host: 'host-a',
    clock,
    logger: silentLogger(),
    ...options,
  });
}

async function look(): Promise<void> {
  await clock.advance(1000);
  // The look itself reads files, which no clock waits for: it is over when the next wait begins.
  while (clock.sleeping === 0) await nextTurn();
}

function kinds(): string[] {
  return changes.flatMap((change) => (change.kind === 'event' ? [change.event.kind] : []));
}

test('containers are read from the files the daemon keeps', async () => {
  const docker = new DockerFolder(folder);
  docker.write(id, { name: 'web', pid: 77, restartCount: 2 });
  await discovery.start((change) => changes.push(change));
  expect(discovery.targets()).toMatchObject([
    {
      dockerId: id,
      labels: { container_name: 'web', compose_service: 'web', image: 'app:1' },
      state: 'running',
      pid: 77,
      restartCount: 2,
      limits: { cpuCores: 0.5 },
      logPath: docker.logPath(id),
      logDriver: 'json-file',
    },
  ]);
  expect(changes.map(({ kind }) => kind)).toEqual(['target', 'status', 'synced']);
});

test('a container that fails, starts again and is removed is told of by events', async () => {
  const docker = new DockerFolder(folder);
  docker.write(id, { name: 'web' });
  await discovery.start((change) => changes.push(change));
  docker.write(id, {
    name: 'web',
    running: false,
    exitCode: 137,
    oomKilled: true,
    finishedAt: '2026-01-01T00:01:00Z',
  });
  await look();
  docker.write(id, {
    name: 'web',
    exitCode: 0,
    startedAt: '2026-01-01T00:01:01Z',
    finishedAt: '2026-01-01T00:01:00Z',
    restartCount: 1,
  });
  await look();
  docker.write(id, {
    name: 'web',
    health: 'unhealthy',
    startedAt: '2026-01-01T00:01:01Z',
    finishedAt: '2026-01-01T00:01:00Z',
    restartCount: 1,
  });
  await look();
  docker.remove(id);
  await look();
  expect(kinds()).toEqual([
    'container_oom',
    'container_die',
    'container_start',
    'health_status',
    'container_destroy',
  ]);
  expect(discovery.targets()).toEqual([]);
  expect(discovery.find(id)?.state).toBe('removed');
});

test('half a description is read when it is whole', async () => {
  const docker = new DockerFolder(folder);
  mkdirSync(join(folder, 'containers', id));
  writeFileSync(join(folder, 'containers', id, 'config.v2.json'), '{"ID":"ab');
  writeFileSync(join(folder, 'containers', id, 'hostconfig.json'), '{}');
  writeFileSync(join(folder, 'containers', 'stray'), 'a file between the folders');
  await discovery.start((change) => changes.push(change));
  expect(discovery.targets()).toEqual([]);
  docker.write(id, { name: 'web' });
  await look();
  expect(discovery.targets()).toHaveLength(1);
  expect(kinds()).toEqual(['container_create', 'container_start']);
});

test('a folder that is not there is a stated condition', async () => {
  rmSync(folder, { recursive: true });
  await discovery.start((change) => changes.push(change));
  expect(discovery.status().state).toBe('absent');
  new DockerFolder(folder).write(id, { name: 'web' });
  await look();
  expect(discovery.status().state).toBe('connected');
  expect(discovery.targets()).toHaveLength(1);
});

test('digest, written layer and mounts are found in the files beside', async () => {
  const digest = `sha256:${'0f'.repeat(32)}`;
  const docker = new DockerFolder(folder);
  const image = join(folder, 'image/overlay2');
  mkdirSync(join(image, 'layerdb/mounts', id), { recursive: true });
  writeFileSync(join(image, 'layerdb/mounts', id, 'mount-id'), 'c0ffee');
  const references = { 'app:1': 'sha256:abc', [`app@${digest}`]: 'sha256:abc' };
  writeFileSync(
    join(image, 'repositories.json'),
    JSON.stringify({ Repositories: { app: references, broken: 7 } }),
  );
  docker.write(id, {
    name: 'web',
    more: {
      Driver: 'overlay2',
      MountPoints: { '/sock': { Source: '/var/run/docker.sock', Type: 'bind', RW: true } },
    },
  });
  await discovery.start((change) => changes.push(change));
  expect(discovery.targets()).toMatchObject([
    {
      imageDigest: digest,
      writableLayer: join(folder, 'overlay2/c0ffee/diff'),
      security: { docker_socket_mounted: 'true', seccomp: 'default' },
    },
  ]);
});

test('names in the files are not taken for paths', async () => {
  const docker = new DockerFolder(folder);
  mkdirSync(join(folder, 'image/overlay2/layerdb/mounts', id), { recursive: true });
  writeFileSync(join(folder, 'image/overlay2/layerdb/mounts', id, 'mount-id'), '../../etc');
  docker.write(id, { name: 'web', more: { Driver: 'overlay2' } });
  await discovery.start((change) => changes.push(change));
  expect(discovery.targets()).toMatchObject([{ writableLayer: '', imageDigest: '' }]);
});

test('what is left out is neither target nor event, and is counted', async () => {
  const other = 'cd'.repeat(32);
  const docker = new DockerFolder(folder);
  docker.write(id, { name: 'hidden-web' });
  docker.write(other, { name: 'web' });
  discovery = make({ filter: containerFilter({ include: [], exclude: [{ name: ['hidden-*'] }] }) });
  await discovery.start((change) => changes.push(change));
  docker.write(id, { name: 'hidden-web', running: false, finishedAt: '2026-01-01T00:01:00Z' });
  await look();
  docker.remove(id);
  await look();
  expect(discovery.targets().map(({ dockerId }) => dockerId)).toEqual([other]);
  expect(kinds()).toEqual([]);
  expect(discovery.status().excluded).toBeUndefined();
});
