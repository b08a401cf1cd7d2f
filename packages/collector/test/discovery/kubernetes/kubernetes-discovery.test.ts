import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { configSchema, ManualClock, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DiscoveryChange } from '../../../src/discovery/discovery.ts';
import {
  KubernetesDiscovery,
  type KubernetesDiscoveryOptions,
} from '../../../src/discovery/kubernetes/kubernetes-discovery.ts';
import type { Target } from '../../../src/target.ts';
import { bootTimeMs, FakeNode, type FakeContainer, type NodeKind } from './fake-node.ts';

const uid = '0a1b2c3d-1111-4222-8333-444455556666';
const app: FakeContainer = {
  pod: 'web-0',
  uid,
  container: 'app',
  id: 'a1'.repeat(32),
  pid: 101,
  startTicks: 2000,
};
const sandbox: FakeContainer = { ...app, container: 'POD', id: '5b'.repeat(32), pid: 100 };

let folder: string;
let clock: ManualClock;
let changes: DiscoveryChange[];
let node: FakeNode;
let discovery: KubernetesDiscovery;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-kubernetes-'));
  clock = new ManualClock(bootTimeMs + 60_000);
  changes = [];
  make();
});
afterEach(async () => {
  await discovery.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface MakeOptions extends Partial<KubernetesDiscoveryOptions> {
  kind?: NodeKind;
  enabled?: 'auto' | 'always';
}

function make({ kind = 'systemd-v2', enabled = 'auto', ...given }: MakeOptions = {}): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  node = new FakeNode(folder, kind);
  const { collector: config } = configSchema.parse({
    collector: { host: 'node-1', roots: node.roots(), kubernetes: { enabled } },
  });
  discovery = new KubernetesDiscovery({
    config,
    tenantOf: () => 'default',
    isDockerWatched: true,
    clock,
    logger: silentLogger(),
    env: {},
    ...given,
  });
}

async function start(): Promise<void> {
  await discovery.start((change) => changes.push(change));
}

async function look(times = 1): Promise<void> {
  for (let each = 0; each < times; each++) {
    await clock.advance(1000);
    // The look reads files, which no clock waits for: it is over when the next wait begins.
    while (clock.sleeping === 0) await nextTurn();
  }
}

function target(id: string): Target | undefined {
  return discovery.targets().find(({ dockerId }) => dockerId === id);
}

function events(): string[] {
  return changes.flatMap((change) =>
    change.kind === 'event' ? [`${change.event.kind} ${change.event.container_name}`] : [],
  );
}

describe.each<[NodeKind, string, string]>([
  [
    'systemd-v2',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`,
    'systemd',
  ],
  ['cgroupfs-v1', `/kubepods/burstable/pod${uid}`, 'cgroupfs'],
  [
    'crio-systemd-v2',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`,
    'systemd',
  ],
])('on a node with %s', (kind, parent, driver) => {
  test('containers and sandboxes are found', async () => {
    make({ kind });
    node.start(app, ['one']);
    node.startSandbox(sandbox);
    await start();
    await look(2);
    expect(target(app.id)).toMatchObject({
      labels: {
        tenant: 'default',
        host: 'node-1',
        container_id: app.id,
        container_name: 'shop/web-0/app',
        kubernetes_namespace: 'shop',
        kubernetes_pod: 'web-0',
        kubernetes_container: 'app',
      },
      state: 'running',
      pid: 101,
      startedAtMs: bootTimeMs + 20_000,
      restartCount: 0,
      podUid: uid,
      isSandbox: false,
      logSource: 'cri',
      logPath: node.logPath(app),
      cgroup: { parent, driver },
    });
    expect(target(app.id)?.dockerLabels).toMatchObject({
      'io.kubernetes.pod.qos-class': 'Burstable',
      'io.kubernetes.pod.uid': uid,
    });
    expect(target(sandbox.id)).toMatchObject({
      labels: { container_name: 'shop/web-0/POD', kubernetes_pod: 'web-0' },
      isSandbox: true,
      pid: 100,
      logSource: 'none',
      logPath: '',
    });
    expect(discovery.targets()).toHaveLength(2);
    expect(events()).toEqual([]);
  });
});

test('a restart is a new container; the one before stays until its log is gone', async () => {
  node.start(app);
  await start();
  await look(2);
  node.stop(app);
  await look();
  expect(target(app.id)).toMatchObject({ state: 'exited', pid: 0, finishedAtMs: clock.now() });
  const again = { ...app, id: 'a2'.repeat(32), restart: 1, pid: 201 };
  node.start(again);
  await look();
  expect(target(again.id)).toMatchObject({ state: 'running', restartCount: 1, pid: 201 });
  expect(target(again.id)?.logPath).toBe(node.logPath(again));
  expect(target(app.id)).toMatchObject({ state: 'exited', logPath: node.logPath(app) });
  node.remove(app);
  await look();
  expect(discovery.targets().map(({ dockerId }) => dockerId)).toEqual([again.id]);
  expect(discovery.find(app.id)?.state).toBe('removed');
  expect(events()).toEqual([
    'container_die shop/web-0/app',
    'container_create shop/web-0/app',
    'container_start shop/web-0/app',
    'container_destroy shop/web-0/app',
  ]);
});

test('a container that ended and began again between two looks is seen twice', async () => {
  node.start(app);
  await start();
  const again = { ...app, id: 'a2'.repeat(32), restart: 1, pid: 201 };
  node.stop(app);
  node.start(again);
  await look();
  expect(target(app.id)?.state).toBe('exited');
  expect(target(again.id)?.state).toBe('running');
});

test('a pod that is removed takes its containers with it', async () => {
  node.start(app);
  node.startSandbox(sandbox);
  await start();
  node.removePod(app);
  rmSync(join(folder, node.linkPath(app)));
  await look();
  expect(discovery.targets()).toEqual([]);
  expect(events()).toEqual(['container_destroy shop/web-0/app']);
});

test('links may be relative, dangling, foreign, or files; rotated logs are no logs of their own', async () => {
  node.start({ ...app, link: 'relative' });
  const path = join(folder, node.logPath(app));
  for (const leftover of ['.20260101-000000', '.20260101-000000.gz', '.tmp']) {
    writeFileSync(`${path}${leftover}`, '');
  }
  const links = join(folder, 'var/log/containers');
  symlinkSync(
    `/var/log/pods/shop_gone_${uid}/app/0.log`,
    join(links, `gone_shop_app-${'d1'.repeat(32)}.log`),
  );
  symlinkSync('/var/log/syslog', join(links, 'a-link-to-somewhere'));
  writeFileSync(join(links, 'a-file.log'), '');
  mkdirSync(join(folder, 'var/log/pods/lost+found'));
  await start();
  expect(discovery.targets().map(({ dockerId }) => dockerId)).toEqual([app.id]);
});

test('folders of the host that are links with absolute destinations are followed below the root', async () => {
  mkdirSync(join(folder, 'mnt/disk'), { recursive: true });
  rmSync(join(folder, 'var/log/pods'), { recursive: true });
  mkdirSync(join(folder, 'mnt/disk/pods'));
  symlinkSync('/mnt/disk/pods', join(folder, 'var/log/pods'));
  const place = node.logPath(app).replace('/var/log/pods', '/mnt/disk/pods');
  mkdirSync(join(folder, place, '..'), { recursive: true });
  writeFileSync(join(folder, place), '');
  node.link(app);
  await start();
  expect(target(app.id)?.logPath).toBe(place);
});

test('a log without a link is read under the name of its place, until the link comes', async () => {
  node.start({ ...app, link: 'none' });
  await start();
  expect(discovery.targets()).toEqual([]);
  await look(4);
  const place = `${uid}/app/0`;
  expect(target(place)).toMatchObject({
    logPath: node.logPath(app),
    labels: { container_id: place, container_name: 'shop/web-0/app' },
  });
  changes.length = 0;
  node.link(app);
  await look();
  expect(discovery.targets().map(({ dockerId }) => dockerId)).toEqual([app.id]);
  // Removed before it comes again, so that its log is not let go.
  expect(
    changes.flatMap((change) => (change.kind === 'target' ? [change.target.state] : [])),
  ).toEqual(['removed', 'running']);
});

test('an id that the name of the link has no room for is found among the control groups', async () => {
  const long = { ...app, pod: `web-${'x'.repeat(196)}` };
  node.start(long);
  node.startSandbox({ ...sandbox, pod: long.pod });
  await start();
  await look();
  expect(target(app.id)).toMatchObject({ pid: 101, logPath: node.logPath(long) });
  expect(target(sandbox.id)?.isSandbox).toBe(true);
});

test('a control group that no log comes for is a sandbox, whatever it runs', async () => {
  node.start(app);
  node.startSandbox({ ...sandbox, program: 'own-pause' });
  await start();
  await look(2);
  expect(target(sandbox.id)).toBeUndefined();
  await look(10);
  expect(target(sandbox.id)?.isSandbox).toBe(true);
});

test('what the runtime wrote says image and sandbox', async () => {
  const bundle = (id: string, annotations: Record<string, string>): void => {
    const place = join(folder, `run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}`);
    mkdirSync(place, { recursive: true });
    writeFileSync(
      join(place, 'config.json'),
      JSON.stringify({ annotations, process: { terminal: true } }),
    );
  };
  bundle(app.id, {
    'io.kubernetes.cri.container-type': 'container',
    'io.kubernetes.cri.container-name': 'app',
    'io.kubernetes.cri.image-name': 'docker.io/library/shop:1.2',
  });
  bundle(sandbox.id, {
    'io.kubernetes.cri.container-type': 'sandbox',
    'io.kubernetes.cri.sandbox-namespace': 'shop',
    'io.kubernetes.cri.sandbox-name': 'web-0',
  });
  node.start(app);
  node.startSandbox({ ...sandbox, program: 'anything' });
  await start();
  expect(target(app.id)).toMatchObject({
    isTty: true,
    labels: { image: 'docker.io/library/shop:1.2' },
  });
  expect(target(sandbox.id)?.isSandbox).toBe(true);
});

describe('logs of Docker behind those of the kubelet', () => {
  const path = `/var/lib/docker/containers/${app.id}/${app.id}-json.log`;
  beforeEach(() => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
  });

  function link(): void {
    writeFileSync(join(folder, path), '');
    const log = join(folder, node.logPath(app));
    mkdirSync(join(log, '..'), { recursive: true });
    symlinkSync(path, log);
    node.link(app);
    node.startSandbox(sandbox);
    node.startSandbox({ ...app, program: 'app' });
  }

  test('are left to its own discovery, with the sandbox', async () => {
    link();
    await start();
    await look(12);
    expect(discovery.targets()).toEqual([]);
  });

  test('are read as what they are where Docker is not watched', async () => {
    make({ isDockerWatched: false });
    mkdirSync(join(folder, path, '..'), { recursive: true });
    link();
    await start();
    expect(target(app.id)).toMatchObject({
      logSource: 'docker-file',
      logDriver: 'json-file',
      logPath: path,
      pid: 101,
    });
  });
});

describe('what is missing is said', () => {
  test('without pods there are none, which is a condition', async () => {
    rmSync(join(folder, 'var'), { recursive: true });
    await start();
    expect(discovery.status()).toMatchObject({ state: 'absent' });
    expect(discovery.status().reason).toContain('/var/log/pods');
    expect(changes.map(({ kind }) => kind)).toEqual(['status']);
    node = new FakeNode(folder);
    node.start(app);
    await look();
    expect(discovery.status()).toMatchObject({ state: 'connected', reason: '' });
    expect(discovery.targets()).toHaveLength(1);
  });

  test('where pods are to be there, their absence is a fault', async () => {
    make({ enabled: 'always' });
    rmSync(join(folder, 'var'), { recursive: true });
    await start();
    expect(discovery.status().state).toBe('unreachable');
  });

  test('links, control groups, processes and the API server', async () => {
    node.start({ ...app, pid: 0 });
    await start();
    expect(discovery.status().problems).toEqual([
      'processes of containers are hidden: run with hostPID: true',
      'labels, owners, limits and exit codes of pods are not known: KUBERNETES_SERVICE_HOST is not set: not in a pod',
    ]);
    expect(target(app.id)).toMatchObject({ state: 'running', pid: 0 });
    rmSync(join(folder, 'cgroup'), { recursive: true });
    rmSync(join(folder, 'var/log/containers'), { recursive: true });
    await look(61);
    expect(discovery.status().problems?.map((problem) => problem.split(':')[0])).toEqual([
      '/var/log/containers is not there',
      'no control groups of pods are seen',
      'labels, owners, limits and exit codes of pods are not known',
    ]);
  });

  test('without control groups the newest log is of what runs', async () => {
    rmSync(join(folder, 'cgroup'), { recursive: true });
    const again = { ...app, id: 'a2'.repeat(32), restart: 1 };
    for (const each of [app, again]) {
      node.writeLog(each, ['x']);
      node.link(each);
    }
    await start();
    expect(target(app.id)).toMatchObject({ state: 'exited', pid: 0 });
    expect(target(again.id)).toMatchObject({ state: 'running', pid: 0 });
    expect(discovery.status().problems?.[0]).toContain('no control groups of pods are seen');
  });
});

test('containers that the configuration leaves out are counted', async () => {
  await discovery.stop();
  make({ accepts: ({ labels }) => labels.kubernetes_namespace !== 'shop' });
  node.start(app);
  node.start({ ...app, namespace: 'other', uid: `${uid}9`, id: 'b1'.repeat(32), pid: 301 });
  await start();
  expect(discovery.targets().map(({ labels }) => labels.container_name)).toEqual([
    'other/web-0/app',
  ]);
  expect(discovery.status().excluded).toBe(1);
});

test('static pods have a hash for a uid', async () => {
  const hash = '6f5f0e0ad2ed08fb2e7d3a41b4ee1ab4';
  node.start({
    ...app,
    namespace: 'kube-system',
    pod: 'etcd-node-1',
    container: 'etcd',
    uid: hash,
  });
  await start();
  expect(target(app.id)).toMatchObject({ podUid: hash, pid: 101 });
});

test('the init process is the oldest of the group, in groups below as well', async () => {
  node.start({ ...app, pid: 7, startTicks: 9000 });
  node.startSandbox({ ...sandbox, pid: 9999, startTicks: 500 });
  const [directory = ''] = node.groupDirectories(app);
  writeFileSync(join(directory, 'cgroup.procs'), '');
  mkdirSync(join(directory, 'init.scope'));
  writeFileSync(join(directory, 'init.scope/cgroup.procs'), '7\n9999\n');
  await start();
  expect(target(app.id)?.pid).toBe(9999);
});

test('many pods come and go', async () => {
  const idOf = (index: number): string => index.toString(16).padStart(64, 'e');
  const all = Array.from({ length: 100 }, (_, index) => ({
    ...app,
    pod: `pod-${index}`,
    uid: `0a1b2c3d-1111-4222-8333-${String(index).padStart(12, '0')}`,
    id: idOf(index),
    pid: 1000 + index,
    qos: (['guaranteed', 'burstable', 'besteffort'] as const)[index % 3] ?? 'burstable',
  }));
  for (const each of all) node.start(each);
  await start();
  expect(discovery.targets()).toHaveLength(100);
  for (const each of all.slice(0, 50)) {
    node.removePod(each);
    rmSync(join(folder, node.linkPath(each)));
  }
  for (const each of all.slice(50)) {
    node.start({ ...each, container: 'side', id: idOf(1000 + each.pid), pid: each.pid + 1000 });
  }
  await look();
  const left = discovery.targets();
  expect(left).toHaveLength(100);
  expect(left.every(({ pid, state }) => pid > 0 && state === 'running')).toBe(true);
});

test('starting and stopping twice is the same as once', async () => {
  node.start(app);
  await start();
  await start();
  expect(changes.filter(({ kind }) => kind === 'synced')).toHaveLength(1);
  await discovery.stop();
  await discovery.stop();
});
