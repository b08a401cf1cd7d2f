/**
 * A real dockerd whose parts are stopped one after the other with SIGSTOP: each must be found as
 * what it is, within the stated delay, and be told as recovered after SIGCONT.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DaemonSignal, DockerDiscovery } from '@plimsoll/collector';
import type { EventRow } from '@plimsoll/model';
import { silentLogger, systemClock } from '@plimsoll/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { isSkipped } from '../harness/requirement.ts';

const intervalMs = 500;
const deadlineMs = 400;
/** Three looks of at most: one interval, and the deadlines of the call and of the one to be sure. */
const statedDelayMs = 3 * (intervalMs + 2 * deadlineMs) + 1000;

describe.skipIf(isSkipped(dockerMissing()))('health of a real dockerd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-health-'));
  const events: EventRow[] = [];
  const stopped = new Set<number>();
  let docker: DockerDaemon;
  let discovery: DockerDiscovery;
  let signal: DaemonSignal;
  let daemonPid: number;

  const send = (pid: number, name: 'SIGSTOP' | 'SIGCONT'): void => {
    process.kill(pid, name);
    if (name === 'SIGSTOP') stopped.add(pid);
    else stopped.delete(pid);
  };
  const told = (kind: EventRow['kind']): Promise<EventRow> =>
    eventually(kind, statedDelayMs, () =>
      Promise.resolve(events.find((event) => event.kind === kind)),
    );

  beforeAll(async () => {
    docker = await startDocker(join(folder, 'docker'));
    daemonPid = Number(readFileSync(join(folder, 'docker/docker.pid'), 'utf8'));
    docker.run(['--name', 'first'], 'sleep 3600');
    docker.run(['--name', 'second'], 'sleep 3600');
    discovery = new DockerDiscovery({
      socketPath: docker.socket,
      tenant: 'default',
      host: 'health-host',
      resyncIntervalMs: 60_000,
      clock: systemClock,
      logger: silentLogger(),
      since: '',
    });
    discovery.start(() => undefined);
    await eventually('both containers', 10_000, () =>
      Promise.resolve(discovery.targets().filter(({ state }) => state === 'running').length === 2),
    );
    signal = new DaemonSignal(
      {
        tenant: 'default',
        host: 'health-host',
        clock: systemClock,
        logger: silentLogger(),
        targets: () => discovery.targets(),
        onEvent: (event) => events.push(event),
      },
      {
        socketPath: docker.socket,
        intervalMs,
        deadlineMs,
        silentAfterMs: 2000,
        roots: { proc: '/proc', sys: '/sys', cgroup: 'auto' },
        lastEventMs: () => 0,
      },
    );
    signal.start();
    await eventually('a first look', 10_000, () => Promise.resolve(signal.state === 'healthy'));
  }, 120_000);

  beforeEach(() => {
    events.length = 0;
  });

  afterEach(() => {
    for (const pid of stopped) send(pid, 'SIGCONT');
  });

  afterAll(async () => {
    await signal?.stop();
    await discovery?.stop();
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('is measured level by level, with what its processes use', () => {
    const values = signal.hostValues();
    expect(values.docker_ping_seconds).toBeGreaterThan(0);
    expect(values.docker_inspect_seconds).toBeGreaterThan(0);
    expect(values.docker_info_seconds).toBeGreaterThan(0);
    expect(signal.runtimePids()).toEqual([daemonPid, containerdOf(daemonPid)]);
    expect(values.docker_daemon_memory_bytes).toBe(rssOf(daemonPid));
    expect(values.docker_daemon_threads).toBeGreaterThan(5);
    expect(values.containerd_file_descriptors).toBeGreaterThan(5);
    expect(values.containerd_cpu_seconds_total).toBeGreaterThan(0);
  });

  it('is told when containerd is frozen, although ping, list and inspect are answered', async () => {
    const containerd = containerdOf(daemonPid);
    send(containerd, 'SIGSTOP');
    const event = await told('daemon_stuck');
    expect(event.attributes).toMatchObject({ level: 'containerd', call: 'GET /info' });
    const values = signal.hostValues();
    expect(values.docker_ping_seconds).toBeLessThan(deadlineMs / 1000);
    expect(values.docker_inspect_seconds).toBeLessThan(deadlineMs / 1000);
    expect(values.docker_info_seconds).toBeUndefined();
    send(containerd, 'SIGCONT');
    const recovered = await told('daemon_recovered');
    expect(recovered.attributes['level']).toBe('containerd');
    expect(Number(recovered.attributes['duration_seconds'])).toBeGreaterThan(0);
    expect(events.map(({ kind }) => kind)).toEqual(['daemon_stuck', 'daemon_recovered']);
  });

  it('is told when the daemon itself is frozen, without a pile of connections', async () => {
    const idle = openConnections();
    send(daemonPid, 'SIGSTOP');
    expect((await told('daemon_stuck')).attributes).toMatchObject({
      level: 'frozen',
      call: 'GET /_ping',
    });
    expect(openConnections()).toBeLessThanOrEqual(idle + 1);
    send(daemonPid, 'SIGCONT');
    await told('daemon_recovered');
  });

  it('names the one container whose lock is held', async () => {
    const [id = ''] = docker.docker('ps', '-q', '--no-trunc', '-f', 'name=first').split('\n');
    const shim = shimOf(id);
    send(shim, 'SIGSTOP');
    // The daemon holds the container's lock while it waits for the shim to deliver the signal.
    spawnSync('timeout', ['-s', 'KILL', '2', 'docker', 'kill', '-s', 'HUP', id], {
      env: { ...process.env, DOCKER_HOST: `unix://${docker.socket}` },
      stdio: 'ignore',
    });
    const event = await told('daemon_stuck');
    expect(event.attributes['level']).toBe('container_lock');
    expect(event.container_name).toBe('first');
    expect(event.container_id).toBe(id);
    send(shim, 'SIGCONT');
    await told('daemon_recovered');
  });

  it('is told when a container begins and no event came', async () => {
    docker.run(['--name', 'third'], 'sleep 3600');
    const event = await eventually('daemon_stuck', 2 * statedDelayMs, () =>
      Promise.resolve(events.find(({ kind }) => kind === 'daemon_stuck')),
    );
    expect(event.attributes['level']).toBe('events_silent');
    expect(event.container_name).toBe('third');
  });
});

function containerdOf(daemon: number): number {
  const pid = pids().find((each) => commOf(each) === 'containerd' && parentOf(each) === daemon);
  if (pid === undefined) throw new Error('containerd: expected a child of dockerd, got none');
  return pid;
}

function shimOf(id: string): number {
  const pid = pids()
    .filter((each) => commOf(each).startsWith('containerd-shim'))
    .find((each) => readFileSync(`/proc/${each}/cmdline`, 'utf8').includes(id));
  if (pid === undefined) throw new Error(`shim: expected a process for ${id}, got none`);
  return pid;
}

function pids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function commOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

function rssOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Pipes and unix sockets of this process. */
function openConnections(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('Pipe')).length;
}
