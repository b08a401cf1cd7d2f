/**
 * What containers of a real dockerd leave behind, and left-overs made by hand: those are found,
 * what running containers use is not, and what is cleaned away is told as gone.
 */
import { execFileSync, type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OrphanSignal } from '@plimsoll/collector';
import type { EventRow } from '@plimsoll/model';
import { silentLogger, systemClock } from '@plimsoll/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { isSkipped } from '../harness/requirement.ts';

const tools = ['/usr/sbin/ip', '/usr/bin/unshare', '/usr/bin/nsenter', '/usr/bin/chattr'];
const missing = dockerMissing() ?? tools.find((path) => !existsSync(path)) ?? null;
const graceMs = 1500;
/** A name such as Docker gives to the network namespace of a container. */
const namespaceName = '0badc0ffee42';

describe.skipIf(isSkipped(missing))('left-overs on a real host', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-orphans-'));
  const layer = join(folder, 'overlay2', 'f'.repeat(64));
  const events: EventRow[] = [];
  const namespaces: ChildProcess[] = [];
  let docker: DockerDaemon;
  let signal: OrphanSignal;
  let deadLayer: string;
  /** Ends on the host of interfaces that containers and namespaces have. */
  const inUse = ['vethcni1', 'vethcni2'];

  const run = (file: string, ...args: string[]): string =>
    execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const ip = (...args: string[]): string => run('ip', ...args);
  const namesOf = (kind: EventRow['kind'], type: string): string[] =>
    events
      .filter((event) => event.kind === kind && event.attributes['type'] === type)
      .map(({ attributes }) => attributes['name'] ?? '')
      .toSorted();
  const told = async (kind: EventRow['kind'], type: string, name: string): Promise<void> => {
    await eventually(`${kind} of ${type} ${name}`, 20_000, () =>
      Promise.resolve(namesOf(kind, type).includes(name)),
    );
  };

  beforeAll(async () => {
    docker = await startDocker(join(folder, 'docker'));
    docker.run(['--name', 'bridged'], 'sleep 3600');
    docker.run(['--name', 'shared', '--ipc', 'shareable'], 'sleep 3600');
    docker.run(['--name', 'alone', '--network', 'none'], 'sleep 3600');
    docker.run(['--name', 'using', '-v', 'used:/used'], 'sleep 3600');

    for (const name of ['bridged', 'shared', 'using']) {
      const link = docker.docker('exec', name, 'cat', '/sys/class/net/eth0/iflink');
      const line = ip('-o', 'link')
        .split('\n')
        .find((each) => each.startsWith(`${link}: `));
      inUse.push(/^\d+: ([^@]+)@/.exec(line ?? '')?.[1] ?? 'expected a veth, got none');
    }

    // Two namespaces whose interfaces have the same index, as CNI makes them, and a third end.
    for (const number of [1, 2]) {
      const process = spawn('unshare', [
        '-nm',
        'sh',
        '-c',
        'mount -t sysfs s /sys; exec sleep 600',
      ]);
      namespaces.push(process);
      await eventually('a namespace of its own', 5000, () =>
        Promise.resolve(
          run('readlink', `/proc/${process.pid}/ns/net`) !== run('readlink', '/proc/self/ns/net'),
        ),
      );
      ip(
        'link',
        'add',
        `vethcni${number}`,
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        String(process.pid),
      );
      run('nsenter', '-t', String(process.pid), '-n', 'ip', 'link', 'set', 'eth0', 'up');
    }
    ip('netns', 'add', namespaceName);
    ip('link', 'add', 'vethcni3', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespaceName);
    ip('link', 'add', 'vethleft1', 'type', 'veth', 'peer', 'name', 'vethleft2');

    for (const name of ['lower', 'diff', 'work', 'merged'])
      mkdirSync(join(layer, name), { recursive: true });
    const options = `lowerdir=${layer}/lower,upperdir=${layer}/diff,workdir=${layer}/work`;
    run('mount', '-t', 'overlay', 'overlay', '-o', options, join(layer, 'merged'));

    docker.docker('volume', 'create', 'unused');
    docker.docker('create', '--name', 'waiting', 'plimsoll-test/busybox:1', '/bin/true');
    docker.run(['--name', 'undead'], 'true');
    deadLayer = docker.docker('inspect', '-f', '{{.GraphDriver.Data.UpperDir}}', 'undead');
    writeFileSync(join(deadLayer, 'stays'), '');
    run('chattr', '+i', join(deadLayer, 'stays'));
    // The daemon cannot remove a file that is immutable, and keeps the container as a dead one.
    try {
      docker.docker('rm', '-f', 'undead');
    } catch {
      // That it is dead is seen in the first test.
    }

    signal = new OrphanSignal(
      {
        tenant: 'default',
        host: 'orphan-host',
        clock: systemClock,
        logger: silentLogger(),
        targets: () => [],
        onEvent: (event) => events.push(event),
      },
      {
        roots: { proc: '/proc', sys: '/sys' },
        socketPath: docker.socket,
        intervalMs: 300,
        graceMs,
        // Others on this machine may have left something as well.
        maxEventsPerHour: 1000,
      },
    );
    signal.start();
  }, 60_000);

  afterAll(async () => {
    await signal?.stop();
    for (const process of namespaces) process.kill('SIGKILL');
    if (deadLayer !== undefined && existsSync(deadLayer)) run('chattr', '-R', '-i', deadLayer);
    for (const clean of [
      () => ip('netns', 'delete', namespaceName),
      () => ip('link', 'delete', 'vethleft1'),
      () => run('umount', join(layer, 'merged')),
    ]) {
      try {
        clean();
      } catch {
        // The tests have done it already.
      }
    }
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('are told after the grace time, and nothing that is in use with them', async () => {
    await told('orphan_found', 'volume', 'unused');
    await told('orphan_found', 'veth', 'vethleft1');
    expect(signal.problem).toBe('');
    const veths = namesOf('orphan_found', 'veth');
    expect(veths).toEqual(expect.arrayContaining(['vethcni3', 'vethleft1', 'vethleft2']));
    expect(veths.filter((name) => inUse.includes(name))).toEqual([]);
    const mounts = namesOf('orphan_found', 'mount').filter((name) => name.startsWith(folder));
    expect(mounts).toEqual([join(layer, 'merged')]);
    const networks = namesOf('orphan_found', 'network_namespace');
    expect(networks).toContain(`/run/netns/${namespaceName}`);
    expect(networks.filter((name) => name.startsWith(folder))).toEqual([]);
    expect(namesOf('orphan_found', 'volume')).toEqual(['unused']);
    expect(namesOf('orphan_found', 'container')).toEqual(['undead', 'waiting']);
    const values = signal.hostValues();
    expect(values).toMatchObject({ dangling_volumes: 1, containers_dead: 1 });
    // Others on this machine may have some as well.
    expect(values.veth_orphans).toBeGreaterThanOrEqual(3);
    expect(values.mount_orphans).toBeGreaterThanOrEqual(2);
    expect(values.veth_interfaces).toBeGreaterThanOrEqual(inUse.length + 3);
  });

  it('are told as gone once they are cleaned away', async () => {
    docker.docker('volume', 'rm', 'unused');
    docker.docker('rm', 'waiting');
    run('umount', join(layer, 'merged'));
    ip('link', 'delete', 'vethleft1');
    ip('netns', 'delete', namespaceName);
    await told('orphan_removed', 'volume', 'unused');
    await told('orphan_removed', 'mount', join(layer, 'merged'));
    await told('orphan_removed', 'veth', 'vethleft2');
    await told('orphan_removed', 'veth', 'vethcni3');
    await told('orphan_removed', 'network_namespace', `/run/netns/${namespaceName}`);
    await told('orphan_removed', 'container', 'waiting');
    // The container that cannot be removed is still there.
    expect(namesOf('orphan_removed', 'container')).toEqual(['waiting']);
  });
});
