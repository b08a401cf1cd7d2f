/**
 * What is known of the containers of a real dockerd: metadata, what happens to them, and how far the
 * kernel isolates them.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  containerFilter,
  DirectoryDiscovery,
  DockerDiscovery,
  SecurityProbe,
  type DiscoveryChange,
  type Target,
} from '@plimsoll/collector';
import type { EventRow } from '@plimsoll/model';
import { silentLogger, systemClock } from '@plimsoll/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { startRegistry } from '../harness/image-registry.ts';
import { isSkipped } from '../harness/requirement.ts';

const deadlineMs = 20_000;
const still = 'while :; do sleep 1; done';

describe.skipIf(isSkipped(dockerMissing()))('what is known of real containers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-metadata-'));
  const changes: DiscoveryChange[] = [];
  const securityEvents: EventRow[] = [];
  let docker: DockerDaemon;
  let discovery: DockerDiscovery;
  let probe: SecurityProbe;

  beforeAll(async () => {
    docker = await startDocker(join(folder, 'docker'));
    discovery = new DockerDiscovery({
      socketPath: docker.socket,
      tenant: 'default',
      host: 'host-a',
      resyncIntervalMs: 2000,
      clock: systemClock,
      logger: silentLogger(),
      filter: containerFilter({ include: [], exclude: [{ name: ['hidden-*'] }] }),
      labelTenants: ['shop'],
    });
    probe = new SecurityProbe({
      proc: '/proc',
      clock: systemClock,
      logger: silentLogger(),
      targets: () => discovery.targets(),
      onEvent: (told) => securityEvents.push(told),
      onActual: () => undefined,
      settleMs: 500,
    });
    discovery.start((change) => changes.push(change));
    probe.start();
    await eventually('a connection', deadlineMs, async () => {
      return discovery.status().state === 'connected';
    });
  }, 120_000);

  afterAll(async () => {
    await probe?.stop();
    await discovery?.stop();
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function running(name: string): Promise<Target> {
    return eventually(`${name} to run`, deadlineMs, async () =>
      discovery.targets().find(({ labels, pid }) => labels.container_name === name && pid > 0),
    );
  }

  async function security(name: string): Promise<Record<string, string>> {
    const target = await running(name);
    return eventually(`the isolation of ${name}`, deadlineMs, async () => {
      const actual = probe.actualOf(target);
      return 'actual_seccomp' in actual && { ...target.security, ...actual };
    });
  }

  function eventsOf(name: string): EventRow[] {
    return changes.flatMap((change) =>
      change.kind === 'event' && change.event.container_name === name ? [change.event] : [],
    );
  }

  async function event(name: string, kind: EventRow['kind']): Promise<EventRow> {
    return eventually(`${kind} of ${name}`, deadlineMs, async () =>
      eventsOf(name).find((each) => each.kind === kind),
    );
  }

  /** The registry is in this process, which must not wait for the client. */
  async function pullImage(image: string): Promise<void> {
    const env = { ...process.env, DOCKER_HOST: `unix://${docker.socket}` };
    await promisify(execFile)('docker', ['pull', image], { env, timeout: deadlineMs });
  }

  /** False where this machine lacks a capability that it would have to give. */
  function startsPrivileged(name: string): boolean {
    docker.docker(
      'create',
      '--name',
      name,
      '--privileged',
      'plimsoll-test/busybox:1',
      'sleep',
      '600',
    );
    try {
      docker.docker('start', name);
      return true;
    } catch (error) {
      if (String(error).includes('unable to apply caps')) return false;
      throw error;
    }
  }

  /** @param options with a space between each two */
  function containerRun(name: string, options = '', script = still): void {
    docker.run(['--name', name, ...options.split(' ').filter(Boolean)], script);
  }

  it('describes a container whole', { timeout: 60_000 }, async () => {
    const options = [
      '--label com.docker.compose.project=shop --label com.docker.compose.service=web',
      '--label com.docker.compose.depends_on=db:service_healthy:false,cache:service_started:true',
      '--label com.docker.swarm.service.name=shop_web',
      '--label com.docker.swarm.task.name=shop_web.1.x',
      '--log-opt max-size=1m --memory 32m --memory-reservation 16m',
      '--init --tty --stop-timeout 3',
      '--health-cmd true --health-start-period 7s --health-interval 1s',
    ];
    containerRun('shop-web-1', options.join(' '));
    const target = await running('shop-web-1');
    expect(target).toMatchObject({
      labels: { compose_project: 'shop', compose_service: 'web', tenant: 'default' },
      imageDigest: '',
      dependsOn: ['db', 'cache'],
      swarmService: 'shop_web',
      swarmTask: 'shop_web.1.x',
      logSource: 'docker-file',
      logOptions: { 'max-size': '1m' },
      limits: { memoryBytes: 32 * 1024 * 1024 },
      requests: { memoryBytes: 16 * 1024 * 1024, cpuCores: 0 },
      isTty: true,
      hasInit: true,
      networkMode: 'bridge',
      stopTimeoutSeconds: 3,
      healthStartPeriodSeconds: 7,
      isSandbox: false,
    });
    expect(target.imageId).toMatch(/^sha256:/);
    expect(target.writableLayer).toContain(docker.dataRoot);
    const health = await event('shop-web-1', 'health_status');
    expect(Number(health.attributes['health_delay_ms'])).toBeGreaterThan(500);
    const start = await event('shop-web-1', 'container_start');
    expect(Number(start.attributes['start_delay_ms'])).toBeGreaterThan(10);
  });

  it('knows where the logs of other drivers are', { timeout: 60_000 }, async () => {
    containerRun('local', '--log-driver local');
    containerRun('silent', '--log-driver none');
    const syslog = '--log-driver syslog --log-opt syslog-address=udp://127.0.0.1:9';
    containerRun('sent', syslog);
    containerRun('sent-only', `${syslog} --log-opt cache-disabled=true`);
    const sources: string[] = [];
    for (const name of ['local', 'silent', 'sent', 'sent-only']) {
      sources.push((await running(name)).logSource);
    }
    expect(sources).toEqual(['docker-api', 'none', 'docker-api', 'none']);
    // What is readable is so in fact.
    expect(docker.docker('logs', 'sent')).toBe('');
    expect(() => docker.docker('logs', 'sent-only')).toThrow(/does not support reading/);
  });

  it('lets a label choose among the listed tenants', { timeout: 60_000 }, async () => {
    containerRun('of-shop', '--label plimsoll.tenant=shop');
    containerRun('of-none', '--label plimsoll.tenant=other');
    expect((await running('of-shop')).labels.tenant).toBe('shop');
    expect((await running('of-none')).labels.tenant).toBe('default');
    expect((await event('of-shop', 'container_create')).tenant).toBe('shop');
    expect((await event('of-none', 'container_create')).tenant).toBe('default');
  });

  it('does not see a container that is left out', { timeout: 60_000 }, async () => {
    containerRun('hidden-1');
    containerRun('seen-1');
    await running('seen-1');
    await eventually('the count', deadlineMs, async () => discovery.status().excluded === 1);
    docker.docker('rm', '-f', 'hidden-1');
    docker.docker('rm', '-f', 'seen-1');
    await event('seen-1', 'container_destroy');
    await eventually(
      'the count',
      deadlineMs,
      async () => discovery.status().excluded === undefined,
    );
    expect(discovery.targets().some(({ labels }) => labels.container_name === 'hidden-1')).toBe(
      false,
    );
    expect(JSON.stringify(changes)).not.toContain('hidden-1');
  });

  it('tells of networks joined and left, once each', { timeout: 60_000 }, async () => {
    containerRun('networked');
    await running('networked');
    docker.docker('network', 'create', 'side');
    docker.docker('network', 'connect', 'side', 'networked');
    docker.docker('network', 'disconnect', 'side', 'networked');
    docker.docker('rm', '-f', 'networked');
    await event('networked', 'container_destroy');
    const told = eventsOf('networked')
      .filter(({ kind }) => kind.startsWith('network_'))
      .map(({ kind, attributes }) => [kind, attributes['network'], attributes['driver']]);
    expect(told).toEqual([
      ['network_connect', 'bridge', 'bridge'],
      ['network_connect', 'side', 'bridge'],
      ['network_disconnect', 'side', 'bridge'],
      ['network_disconnect', 'bridge', 'bridge'],
    ]);
  });

  it('tells how a container was stopped and how it ended', { timeout: 60_000 }, async () => {
    containerRun('deaf', '', `trap '' TERM; ${still}`);
    containerRun('obedient', '', `trap 'exit 3' TERM; ${still}`);
    await running('deaf');
    await running('obedient');
    docker.docker('stop', '-t', '1', 'deaf');
    docker.docker('stop', '-t', '5', 'obedient');
    const deaf = await event('deaf', 'container_stop');
    expect(deaf.attributes).toMatchObject({ stop_signal: '15', ignored_sigterm: 'true' });
    expect(Number(deaf.attributes['stop_duration_ms'])).toBeGreaterThan(900);
    const obedient = await event('obedient', 'container_stop');
    expect(obedient.attributes).toMatchObject({ ignored_sigterm: 'false' });
    expect((await event('obedient', 'container_die')).attributes['exit_code']).toBe('3');
    expect((await event('deaf', 'container_die')).attributes).toMatchObject({
      exit_code: '137',
      signal: 'SIGKILL',
    });
  });

  it('times the pull of an image, and knows its digest then', { timeout: 60_000 }, async () => {
    const registry = await startRegistry(folder, 1500);
    try {
      await pullImage(registry.image);
      const pulls = (): EventRow[] =>
        changes.flatMap((change) =>
          change.kind === 'event' && change.event.kind === 'image_pull' ? [change.event] : [],
        );
      const pull = await eventually('the pull', deadlineMs, async () => pulls()[0]);
      expect(pull).toMatchObject({
        image: registry.image,
        attributes: { digest: registry.digest, layers_downloaded: '1' },
      });
      expect(Number(pull.attributes['size_bytes'])).toBeGreaterThan(100_000);
      expect(Number(pull.attributes['duration_ms'])).toBeGreaterThan(1400);
      expect(Number(pull.attributes['duration_ms'])).toBeLessThan(8000);
      expect(pull.attributes['duration_is']).toBeUndefined();
      docker.docker('run', '-d', '--name', 'pulled', registry.image, '/bin/sleep', '600');
      expect((await running('pulled')).imageDigest).toBe(registry.digest);
      await pullImage(registry.image);
      const again = await eventually('the second pull', deadlineMs, async () => pulls()[1]);
      expect(again.attributes).toMatchObject({ digest: registry.digest, layers_downloaded: '0' });
      expect(again.attributes['duration_ms']).toBeUndefined();
    } finally {
      await registry.stop();
    }
  });

  it('finds the same in the files of the daemon', { timeout: 60_000 }, async () => {
    const files = new DirectoryDiscovery({
      root: docker.dataRoot,
      tenant: 'default',
      host: 'host-a',
      clock: systemClock,
      logger: silentLogger(),
      labelTenants: ['shop'],
    });
    try {
      await files.start(() => undefined);
      for (const name of ['shop-web-1', 'pulled', 'of-shop']) {
        const asked = await running(name);
        const found = files.find(asked.dockerId);
        // The daemon writes the streak of a health check to its files only now and then.
        expect({ ...found, health: '', healthFailingStreak: 0 }).toEqual({
          ...asked,
          health: '',
          healthFailingStreak: 0,
          cgroup: { parent: '', driver: '' },
        });
      }
    } finally {
      await files.stop();
    }
  });

  it('sees the isolation that the kernel gives', { timeout: 60_000 }, async () => {
    containerRun('plain');
    containerRun('loose', '--security-opt seccomp=unconfined --cap-add NET_ADMIN');
    containerRun('watching', '--pid host --ipc host --uts host');
    const confined = '--security-opt no-new-privileges --cap-drop ALL --read-only';
    containerRun('tight', `${confined} --network none --user 65534`);
    containerRun('hosted', '--network host -v /etc:/host/etc -v /:/host/root:ro');
    expect(await security('plain')).toMatchObject({
      privileged: 'false',
      seccomp: 'default',
      actual_seccomp: 'filter',
      no_new_privileges: 'false',
      actual_no_new_privileges: 'false',
      actual_root_user: 'host',
      actual_pid_namespace: 'own',
      actual_network_namespace: 'own',
      memory_limit: 'none',
      pids_limit: 'none',
      log_max_size: 'none',
      masked_paths: 'true',
      user: 'root',
    });
    expect(await security('loose')).toMatchObject({
      seccomp: 'unconfined',
      actual_seccomp: 'disabled',
      capabilities_added: 'NET_ADMIN',
      actual_capabilities: expect.stringContaining('NET_ADMIN') as string,
    });
    expect(await security('watching')).toMatchObject({
      pid_mode: 'host',
      actual_pid_namespace: 'host',
      actual_ipc_namespace: 'host',
      actual_uts_namespace: 'host',
      actual_network_namespace: 'own',
    });
    expect(await security('tight')).toMatchObject({
      no_new_privileges: 'true',
      actual_no_new_privileges: 'true',
      capabilities_dropped: 'ALL',
      actual_capabilities: '',
      read_only_rootfs: 'true',
      actual_read_only_rootfs: 'true',
      user: '65534',
    });
    expect(await security('hosted')).toMatchObject({
      actual_network_namespace: 'host',
      host_mounts_writable: '/etc',
      root_mounted: 'true',
      docker_socket_mounted: 'true',
    });
    // Each has what it was declared to have.
    expect(securityEvents).toEqual([]);
    expect(probe.missing()).toEqual([]);
  });

  it('sees a container that is isolated from nothing', { timeout: 60_000 }, async () => {
    const isStarted = startsPrivileged('open');
    const target = await eventually('the container', deadlineMs, async () =>
      discovery.targets().find(({ labels }) => labels.container_name === 'open'),
    );
    const found = isStarted ? await security('open') : target.security;
    expect(target.isPrivileged).toBe(true);
    expect(found).toMatchObject({
      privileged: 'true',
      seccomp: 'unconfined',
      masked_paths: 'false',
      ...(isStarted && { actual_seccomp: 'disabled', actual_capabilities: 'ALL' }),
    });
    expect(securityEvents).toEqual([]);
  });
});
