import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Collector } from '@plimsoll/collector';
import { decodeFrame } from '@plimsoll/model';
import { configSchema, silentLogger, systemClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KubernetesDiscovery } from '../../../src/discovery/kubernetes/kubernetes-discovery.ts';
import { FakePublisher } from '../../publish/fake-publisher.ts';
import { StoredLines } from '../../tail/stored-lines.ts';
import { FakeNode, type FakeContainer } from './fake-node.ts';

const app: FakeContainer = {
  pod: 'web-0',
  uid: '0a1b2c3d-1111-4222-8333-444455556666',
  container: 'app',
  id: 'a1'.repeat(32),
};
const again: FakeContainer = { ...app, id: 'a2'.repeat(32), restart: 1 };

let folder: string;
let node: FakeNode;
let publisher: FakePublisher;
let collector: Collector;
/** Every line that was written to a log, as it stands in the file. */
let written: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-cri-'));
  node = new FakeNode(folder);
  publisher = new FakePublisher({ acknowledgesAtOnce: true });
  written = [];
  const { tenant, collector: config } = configSchema.parse({
    collector: {
      host: 'node-1',
      roots: node.roots(),
      logs: { flush_interval: '20ms', poll_interval: '20ms' },
      stats: { enabled: false },
    },
  });
  const logger = silentLogger();
  collector = new Collector({
    config,
    tenant,
    stateDirectory: join(folder, 'state'),
    version: '1',
    publisher,
    logger,
    discovery: new KubernetesDiscovery({
      config,
      tenantOf: () => tenant,
      isDockerWatched: false,
      clock: systemClock,
      logger,
      env: {},
      intervalMs: 20,
    }),
  });
});
afterEach(async () => {
  await collector.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(container: FakeContainer, lines: readonly string[]): void {
  const told = lines.map(
    (line, index) => `2026-01-01T00:00:00.${String(index).padStart(9, '0')}Z ${line}`,
  );
  appendFileSync(join(folder, node.logPath(container)), told.map((line) => `${line}\n`).join(''));
  written.push(...told);
}

/** As the kubelet does: a new name, the runtime opens the log again, the one before is compressed. */
function rotate(container: FakeContainer, suffix: string, previous?: string): void {
  const path = join(folder, node.logPath(container));
  renameSync(path, `${path}.${suffix}`);
  writeFileSync(path, '');
  if (previous === undefined) return;
  writeFileSync(`${path}.${previous}.gz`, gzipSync('compressed before'));
  rmSync(`${path}.${previous}`);
}

async function stored(): Promise<string[]> {
  const lines = new StoredLines();
  for (const frame of publisher.published) await lines.store(frame);
  return lines.lines();
}

async function untilStored(): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const lines = await stored();
    if (lines.length >= written.length) return;
    if (Date.now() > deadline) {
      throw new Error(`expected ${written.length} lines within 10 s, got ${lines.length}`);
    }
    await wait(20);
  }
}

test('every line of a pod is stored once, over parts, rotations and a restart', async () => {
  node.start(app);
  write(app, ['stdout F one', 'stderr F two', 'stdout P three, ', 'stderr F between']);
  await collector.start();
  write(app, ['stdout F the end of three']);
  await untilStored();
  write(app, ['stdout P four, ']);
  await wait(60);
  rotate(app, '20260101-000000');
  write(app, ['stdout P and on, ', 'stdout F the end of four', 'stdout F five']);
  await untilStored();
  rotate(app, '20260101-000100', '20260101-000000');
  write(app, ['stdout F six']);
  node.stop(app);
  node.start(again);
  write(again, ['stdout F seven', 'stdout F']);
  await untilStored();
  // The last words of a container that is removed.
  write(app, ['stderr F eight']);
  node.remove(app);
  await untilStored();
  write(again, ['stdout F nine']);
  await collector.stop();
  expect((await stored()).toSorted()).toEqual(written.toSorted());
  expect(collector.status().dropped).toEqual({});
});

test('chunks say whose they are, and that they are of the CRI', async () => {
  node.start(app);
  write(app, ['stdout F one']);
  await collector.start();
  await untilStored();
  const frames = await Promise.all(publisher.published.map(({ bytes }) => decodeFrame(bytes)));
  const sources = frames.flatMap(({ kind, header }) => (kind === 'logs' ? header.sources : []));
  expect(sources).toMatchObject([
    {
      format: 'cri',
      path: node.logPath(app),
      labels: {
        container_id: app.id,
        kubernetes_namespace: 'shop',
        kubernetes_pod: 'web-0',
        kubernetes_container: 'app',
      },
    },
  ]);
});
