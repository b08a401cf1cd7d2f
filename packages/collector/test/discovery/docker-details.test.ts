import { setTimeout as wait } from 'node:timers/promises';
import { ManualClock, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { containerFilter } from '../../src/discovery/container-filter.ts';
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

const digest = `sha256:${'0f'.repeat(32)}`;

test('an image is asked for its digest once, and again when it had none', async () => {
  const clock = new ManualClock(1_767_225_700_000);
  docker.images.set('sha256:abc', { Id: 'sha256:abc', RepoDigests: [`shop/app@${digest}`] });
  docker.images.set('sha256:own', { Id: 'sha256:own', RepoDigests: [] });
  for (let number = 0; number < 30; number += 1) {
    docker.set({ id: id(number), name: `c${number}`, state: 'running' });
  }
  docker.set({ id: id(90), name: 'built', state: 'running', imageId: 'sha256:own' });
  docker.set({ id: id(91), name: 'gone', state: 'running', imageId: 'sha256:removed' });
  await docker.start();
  const found = world.start({ clock });
  await world.synced();
  expect(found.targets().map(({ imageDigest }) => imageDigest)).toEqual([
    ...Array.from({ length: 30 }, () => digest),
    '',
    '',
  ]);
  expect(docker.imageInspections).toBe(3);
  docker.images.set('sha256:own', { Id: 'sha256:own', RepoDigests: [`shop/own@${digest}`] });
  docker.emit('update', id(90));
  docker.emit('update', id(0));
  await wait(50);
  expect(docker.imageInspections).toBe(3);
  await clock.advance(11 * 60_000);
  docker.emit('update', id(90));
  await until('the digest', () => found.find(id(90))?.imageDigest === digest);
});

test('a container that is left out is no target, has no events and is counted', async () => {
  docker.set({ id: id(1), name: 'hidden-1', state: 'running' });
  docker.set({ id: id(2), name: 'seen', state: 'running' });
  await docker.start();
  const filter = containerFilter({ include: [], exclude: [{ name: ['hidden-*'] }] });
  const found = world.start({ filter, resyncIntervalMs: 20 });
  await world.synced();
  expect(found.targets()).toHaveLength(1);
  expect(found.status().excluded).toBe(1);
  const inspections = docker.inspections;
  docker.emit('die', id(1), { exitCode: '1' });
  docker.emit('create', id(3), { name: 'hidden-3' });
  docker.emitOf('network', 'connect', { ID: 'net', Attributes: { container: id(3), name: 'n' } });
  docker.emit('oom', id(2));
  await until('the other event', () => world.events().some(({ kind }) => kind === 'container_oom'));
  await wait(100);
  expect(world.events().filter(({ container_id }) => container_id !== '')).toHaveLength(1);
  expect(world.changes.some(({ kind }) => kind === 'expected')).toBe(false);
  // The lists that came meanwhile did not inspect it: only its event, its neighbour's, and id 3's.
  expect(docker.inspections - inspections).toBeLessThanOrEqual(4);
  // Under another name it is watched.
  docker.set({ id: id(1), name: 'shown', state: 'running' });
  docker.emit('rename', id(1));
  await until('the container', () => found.targets().length === 2);
  expect(found.status().excluded).toBeUndefined();
  docker.set({ id: id(2), name: 'hidden-2', state: 'running' });
  docker.emit('rename', id(2));
  await until('the removal', () => found.targets().length === 1);
  expect(found.find(id(2))?.state).toBe('removed');
});

test('with include, only what fits is watched', async () => {
  docker.set({ id: id(1), name: 'web', state: 'running', labels: { team: 'shop' } });
  docker.set({ id: id(2), name: 'db', state: 'running' });
  await docker.start();
  const include = [{ label: ['team=shop'] }];
  const found = world.start({ filter: containerFilter({ include, exclude: [] }) });
  await world.synced();
  expect(found.targets().map(({ labels }) => labels.container_name)).toEqual(['web']);
});

test('containers beyond the limit are counted, and asked for no more', async () => {
  for (let number = 0; number < 30; number += 1) {
    docker.set({ id: id(number), name: `c${number}`, state: 'running' });
  }
  await docker.start();
  const found = world.start({ maxTargets: 10, resyncIntervalMs: 20 });
  await world.synced();
  await until('the count', () => found.status().refused === 10);
  const inspections = docker.inspections;
  await wait(100);
  expect(docker.inspections).toBe(inspections);
  for (let number = 0; number < 25; number += 1) docker.containers.delete(id(number));
  await until('the others', () => found.targets().length === 5);
  await until('the count', () => found.status().refused === undefined);
});

test('the failing streak grows without an event, and is seen with the next list', async () => {
  const container = { id: id(1), name: 'web', state: 'running', health: 'unhealthy' };
  docker.set({ ...container, failingStreak: 3 });
  await docker.start();
  const found = world.start({ resyncIntervalMs: 20 });
  await until('the target', () => found.find(id(1))?.healthFailingStreak === 3);
  docker.set({ ...container, failingStreak: 9 });
  await until('the streak', () => found.find(id(1))?.healthFailingStreak === 9);
  expect(world.events().filter(({ kind }) => kind === 'health_status')).toEqual([]);
});

test('a network is told of with the container that its id names, and left once', async () => {
  await docker.start();
  world.start();
  await world.synced();
  const actor = { ID: 'n1', Attributes: { container: id(7), name: 'side', type: 'bridge' } };
  // The daemon cannot describe it yet: its name is known by the event before.
  docker.broken.add(id(7));
  docker.emit('create', id(7), { name: 'job' });
  docker.emitOf('network', 'connect', actor);
  docker.emitOf('network', 'disconnect', actor);
  docker.emitOf('network', 'disconnect', actor);
  docker.emitOf('network', 'connect', actor);
  docker.emitOf('network', 'create', { ID: 'n2', Attributes: { name: 'other' } });
  docker.emit('oom', id(7));
  await until('the last event', () => world.events().some(({ kind }) => kind === 'container_oom'));
  const told = world.events().filter(({ kind }) => kind.startsWith('network_'));
  expect(told.map(({ kind, message }) => [kind, message])).toEqual([
    ['network_connect', 'Container job was connected to network side.'],
    ['network_disconnect', 'Container job was disconnected from network side.'],
    ['network_connect', 'Container job was connected to network side.'],
  ]);
  expect(told[0]?.attributes).toEqual({
    source: 'docker',
    network: 'side',
    network_id: 'n1',
    driver: 'bridge',
  });
});

test('a pull is told of with what the daemon knows of the image', async () => {
  docker.images.set('shop/app:1', {
    Id: 'sha256:abc',
    RepoDigests: [`shop/app@${digest}`],
    Size: 1234,
  });
  await docker.start();
  world.start();
  await world.synced();
  docker.emitOf('image', 'pull', { ID: 'shop/app:1', Attributes: { name: 'shop/app' } });
  docker.emitOf('image', 'pull', { ID: 'shop/gone:1', Attributes: { name: 'shop/gone' } });
  await until(
    'both pulls',
    () => world.events().filter(({ kind }) => kind === 'image_pull').length === 2,
  );
  const pulls = new Map(world.events().map((event) => [event.image, event]));
  expect(pulls.get('shop/app:1')).toMatchObject({ container_id: '', host: 'host-a' });
  // No folder of downloads is watched here, so no duration is claimed.
  expect(pulls.get('shop/app:1')?.attributes).toEqual({
    source: 'docker',
    image: 'shop/app:1',
    image_id: 'sha256:abc',
    digest,
    size_bytes: '1234',
  });
  expect(pulls.get('shop/gone:1')?.attributes).toEqual({ source: 'docker', image: 'shop/gone:1' });
});

test('a label chooses a tenant only where the configuration lists it', async () => {
  docker.set({ id: id(1), name: 'a', state: 'running', labels: { 'plimsoll.tenant': 'shop' } });
  docker.set({ id: id(2), name: 'b', state: 'running', labels: { 'plimsoll.tenant': 'bank' } });
  await docker.start();
  const warnings: object[] = [];
  const logger = silentLogger();
  logger.warn = (fields: unknown) => {
    if (typeof fields === 'object' && fields !== null) warnings.push(fields);
  };
  const found = world.start({ labelTenants: ['shop'], logger });
  await world.synced();
  docker.emit('oom', id(1));
  docker.emit('oom', id(2));
  await until(
    'both',
    () => world.events().filter(({ kind }) => kind === 'container_oom').length === 2,
  );
  expect(found.targets().map(({ labels }) => labels.tenant)).toEqual(['shop', 'default']);
  const tenants = world
    .events()
    .flatMap(({ kind, tenant }) => (kind === 'container_oom' ? tenant : []));
  expect(tenants).toEqual(['shop', 'default']);
  expect(warnings).toEqual([{ container: id(2), tenant: 'bank' }]);
});

test.each([
  ['json-file', true],
  ['local', false],
])(
  'with %s as the default a file is expected of a new container: %s',
  async (driver, isExpected) => {
    docker.info = { DockerRootDir: '/var/lib/docker', LoggingDriver: driver };
    await docker.start();
    const found = world.start();
    await world.synced();
    docker.set({ id: id(1), name: 'web', state: 'running', logDriver: driver });
    docker.emit('create', id(1));
    await until('the target', () => found.targets().length === 1);
    expect(world.changes.some(({ kind }) => kind === 'expected')).toBe(isExpected);
  },
);

test('the bookmark waits for events that are not durable yet', async () => {
  docker.set({ id: id(1), name: 'web', state: 'running' });
  await docker.start();
  const found = world.start();
  await world.synced();
  docker.emit('oom', id(1));
  docker.emit('pause', id(1));
  docker.emit('die', id(1), { exitCode: '1' });
  await until('the events', () => world.events().some(({ kind }) => kind === 'container_die'));
  const before = found.bookmark();
  const told = world.changes.flatMap((change) =>
    change.kind === 'event' && change.onDurable ? [change] : [],
  );
  expect(told.map(({ event }) => event.kind)).toEqual(['container_oom', 'container_die']);
  told[1]?.onDurable?.();
  expect(found.bookmark()).toBe(before);
  told[0]?.onDurable?.();
  expect(Number(found.bookmark())).toBeGreaterThan(Number(before));
  // A run that begins there is told nothing twice.
  await world.discovery?.stop();
  world.changes = [];
  world.start({ since: found.bookmark() });
  await world.synced();
  await wait(50);
  expect(world.events().filter(({ container_id }) => container_id !== '')).toEqual([]);
});
