import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DockerWorld, id, until } from './docker-world.ts';
import type { FakeDocker } from './fake-docker.ts';

let world: DockerWorld;
let docker: FakeDocker;

beforeEach(() => {
  world = new DockerWorld();
  docker = world.docker;
});
afterEach(async () => {
  await world.end();
});

test('containers there are, with the labels of Compose and Kubernetes', async () => {
  docker.set({
    id: id(1),
    name: 'shop-web-1',
    state: 'running',
    restartCount: 3,
    labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
  });
  docker.set({
    id: id(2),
    name: 'k8s_app',
    state: 'exited',
    labels: {
      'io.kubernetes.pod.namespace': 'prod',
      'io.kubernetes.pod.name': 'app-7f',
      'io.kubernetes.container.name': 'app',
    },
  });
  await docker.start();
  const found = world.start();
  await world.synced();
  expect(found.targets()).toMatchObject([
    {
      labels: {
        container_name: 'shop-web-1',
        image: 'shop/app:1',
        compose_project: 'shop',
        compose_service: 'web',
      },
      pid: 4321,
      restartCount: 3,
      limits: { memoryBytes: 1024, cpuCores: 0.5, pids: 0 },
      cgroup: { driver: 'systemd' },
    },
    {
      state: 'exited',
      labels: {
        kubernetes_namespace: 'prod',
        kubernetes_pod: 'app-7f',
        kubernetes_container: 'app',
      },
    },
  ]);
  expect(found.status()).toMatchObject({
    state: 'connected',
    version: '99.1',
    root: '/var/lib/docker',
    reason: '',
  });
});

test('1,000 containers at once are inspected once each, a few at a time', async () => {
  for (let number = 0; number < 1000; number += 1) {
    docker.set({ id: id(number), name: `c${number}`, state: 'running' });
  }
  await docker.start();
  const found = world.start();
  await world.synced();
  expect(found.targets()).toHaveLength(1000);
  expect(docker.inspections).toBe(1000);
  expect(docker.maxInspections).toBeLessThanOrEqual(8);
});

test('containers beyond the limit are not watched', async () => {
  for (let number = 0; number < 30; number += 1) {
    docker.set({ id: id(number), name: `c${number}`, state: 'running' });
  }
  await docker.start();
  const found = world.start({ maxTargets: 10 });
  await world.synced();
  expect(found.targets()).toHaveLength(10);
});

test('events become rows with attributes, and targets follow them to removal', async () => {
  await docker.start();
  const found = world.start();
  await world.synced();
  docker.set({ id: id(7), name: 'job', state: 'running' });
  docker.emit('create', id(7));
  docker.emit('start', id(7));
  await until('the target', () => found.targets().length === 1);
  docker.emit('health_status: unhealthy', id(7));
  docker.emit('oom', id(7));
  docker.set({ id: id(7), name: 'job', state: 'exited' });
  docker.emit('kill', id(7), { signal: '15' });
  docker.emit('die', id(7), { exitCode: '137' });
  await until('the exit', () => found.targets()[0]?.state === 'exited');
  docker.emit('pause', id(7));
  docker.containers.delete(id(7));
  docker.emit('destroy', id(7));
  await until('the removal', () => found.targets().length === 0);
  const told = world.events().filter(({ kind }) => kind !== 'docker_connected');
  expect(told.map(({ kind, severity, attributes }) => [kind, severity, attributes])).toEqual([
    ['container_create', 'info', { source: 'docker' }],
    ['container_start', 'info', { source: 'docker', start_delay_ms: '1' }],
    ['health_status', 'warning', { source: 'docker', health: 'unhealthy' }],
    ['container_oom', 'error', { source: 'docker' }],
    ['container_kill', 'info', { source: 'docker', signal: '15' }],
    [
      'container_die',
      'warning',
      {
        source: 'docker',
        exit_code: '137',
        signal: 'SIGKILL',
        oom_killed: 'true',
        ran_ms: '4',
        restart_count: '0',
      },
    ],
    ['container_destroy', 'info', { source: 'docker' }],
  ]);
  expect(told[5]?.message).toBe('Container job exited with code 137 (SIGKILL).');
  expect(
    told.every(
      ({ container_name, container_id }) => container_name === 'job' && container_id === id(7),
    ),
  ).toBe(true);
  const states = world.changes.flatMap((change) =>
    change.kind === 'target' ? [change.target.state] : [],
  );
  expect(states.at(-1)).toBe('removed');
  expect(found.find(id(7))).toMatchObject({ state: 'removed', labels: { container_name: 'job' } });
  const filter: unknown = JSON.parse(docker.filters[0] ?? '');
  expect(filter).toMatchObject({ type: ['container', 'image', 'network'] });
  expect(JSON.stringify(filter)).not.toContain('exec');
});

test('a restart of the daemon loses no event and doubles none', async () => {
  docker.set({ id: id(1), name: 'web', state: 'running' });
  await docker.start();
  const found = world.start();
  await until('a sync', () => found.status().state === 'connected');
  docker.emit('die', id(1), { exitCode: '1' });
  await until('the event', () => world.events().some(({ kind }) => kind === 'container_die'));
  await docker.stop();
  await until('the loss', () => found.status().state !== 'connected');
  expect(found.targets()).toHaveLength(1);
  docker.emit('start', id(1));
  docker.set({ id: id(2), name: 'new', state: 'running' });
  await docker.start();
  await until('the new container', () => found.targets().length === 2);
  await until('the missed event', () =>
    world.events().some(({ kind }) => kind === 'container_start'),
  );
  const kinds = world.events().map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'container_die')).toHaveLength(1);
  expect(kinds).toContain('docker_disconnected');
  expect(kinds.filter((kind) => kind === 'docker_connected')).toHaveLength(2);
});

test('a replayed event has the same id, also in another process', async () => {
  docker.set({ id: id(1), name: 'web', state: 'running' });
  await docker.start();
  const since = '0.000000000';
  docker.emit('start', id(1));
  world.start({ since });
  await until('the event', () => world.events().some(({ kind }) => kind === 'container_start'));
  await world.discovery?.stop();
  world.start({ since });
  await until(
    'the event again',
    () => world.events().filter(({ kind }) => kind === 'container_start').length === 2,
  );
  const ids = world
    .events()
    .filter(({ kind }) => kind === 'container_start')
    .map(({ event_id }) => event_id);
  expect(new Set(ids).size).toBe(1);
});

test('no socket is a stated condition, looked at again, and no error', async () => {
  const found = world.start();
  await until('absent', () => found.status().reason.includes('no Docker socket'));
  expect(found.status().state).toBe('absent');
  expect(world.events()).toEqual([]);
  docker.set({ id: id(1), name: 'web', state: 'running' });
  await docker.start();
  await until('the container', () => found.targets().length === 1);
});

test('a socket nobody listens on is unreachable', async () => {
  writeFileSync(docker.socketPath, '');
  const found = world.start();
  await until('unreachable', () => found.status().state === 'unreachable');
  expect(found.status().reason).toMatch(/ECONNREFUSED|ENOTSOCK/);
});

test('an answer that is no Docker answer does not end discovery', async () => {
  const server = createServer((_request, response) => response.end('<html>'));
  await new Promise<void>((resolve) => server.listen(docker.socketPath, resolve));
  const found = world.start();
  await until('unreachable', () => found.status().state === 'unreachable');
  await new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  });
  await docker.start();
  await until('connected', () => found.status().state === 'connected');
  expect(found.status().reason).toBe('');
});

test('a container that cannot be inspected does not hide the others', async () => {
  docker.set({ id: id(1), name: 'broken', state: 'running' });
  docker.set({ id: id(2), name: 'fine', state: 'running' });
  docker.broken.add(id(1));
  await docker.start();
  const found = world.start();
  await until('connected', () => found.status().state === 'connected');
  expect(found.targets().map(({ labels }) => labels.container_name)).toEqual(['fine']);
});

test('the resync finds what no event told', async () => {
  await docker.start();
  const found = world.start({ resyncIntervalMs: 30 });
  await until('a sync', () => found.status().state === 'connected');
  docker.set({ id: id(3), name: 'silent', state: 'running' });
  await until('the container', () => found.targets().length === 1);
  docker.containers.clear();
  await until('its removal', () => found.targets().length === 0);
  expect(found.find(id(3))?.state).toBe('removed');
});
