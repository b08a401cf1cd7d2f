import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema, ManualClock, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KubernetesDiscovery } from '../../../src/discovery/kubernetes/kubernetes-discovery.ts';
import { findContainerCgroup } from '../../../src/stats/cgroup/container-cgroup.ts';
import { ContainerIndex } from '../../../src/stats/cgroup/container-index.ts';
import { detectCgroupLayout } from '../../../src/stats/cgroup/layout.ts';
import { FakeNode, type FakeContainer, type NodeKind } from './fake-node.ts';

const app: FakeContainer = {
  pod: 'web-0',
  uid: '0a1b2c3d-1111-4222-8333-444455556666',
  container: 'app',
  id: 'a1'.repeat(32),
  pid: 101,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-pod-cgroups-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const kinds: NodeKind[] = ['systemd-v2', 'cgroupfs-v1', 'crio-systemd-v2'];
const classes = ['guaranteed', 'burstable', 'besteffort'] as const;
const cases = kinds.flatMap((kind) => classes.map((qos) => ({ kind, qos })));

test.each(cases)('statistics find the group of a pod: $kind, $qos', async ({ kind, qos }) => {
  const node = new FakeNode(folder, kind);
  const container = { ...app, qos };
  node.start(container);
  const path = node.groupPath(container);
  const { collector: config } = configSchema.parse({
    collector: { host: 'node-1', roots: node.roots() },
  });
  const clock = new ManualClock();
  const discovery = new KubernetesDiscovery({
    config,
    tenantOf: () => 'default',
    isDockerWatched: false,
    clock,
    logger: silentLogger(),
    env: {},
  });
  await discovery.start(() => undefined);
  const [target] = discovery.targets();
  await discovery.stop();
  const { proc } = config.roots;
  const places = {
    layout: detectCgroupLayout(config.roots),
    index: new ContainerIndex(clock),
    proc,
  };
  const prefix = kind === 'cgroupfs-v1' ? '4:memory:' : '0::';
  const memberships = [
    `${prefix}/${path}\n`,
    // As seen from the control group namespace of another pod.
    `${prefix}/../../${path.split('/').slice(-2).join('/')}\n`,
    // Not to be read.
    '',
  ];
  for (const membership of memberships) {
    writeFileSync(join(proc, '101/cgroup'), membership);
    const found = target && findContainerCgroup(places, target);
    expect(found?.controllers.get('memory')?.directory).toBe(node.groupDirectories(container)[0]);
  }
});
