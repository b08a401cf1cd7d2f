import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { configSchema, silentLogger, systemClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DiscoveryChange } from '../../../src/discovery/discovery.ts';
import { KubernetesDiscovery } from '../../../src/discovery/kubernetes/kubernetes-discovery.ts';
import { FakeApiServer, missingForTls } from './fake-api-server.ts';
import { FakeNode, type FakeContainer } from './fake-node.ts';

const uid = '0a1b2c3d-1111-4222-8333-444455556666';
const app: FakeContainer = {
  pod: 'web-7d4b9c-x2x4z',
  uid,
  container: 'app',
  id: 'a1'.repeat(32),
  pid: 101,
};
const digest = `sha256:${'cd'.repeat(32)}`;
const claims = Buffer.from('{"sub":"system:serviceaccount:monitoring:plimsoll"}');
const token = `e30.${claims.toString('base64url')}.c2ln`;

function podOf(status: object = {}, version = '100'): object {
  return {
    metadata: {
      uid,
      name: app.pod,
      namespace: 'shop',
      resourceVersion: version,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: 'web', 'pod-template-hash': '7d4b9c' },
      annotations: { 'plimsoll.redact': 'secret=\\S+', 'other/large': 'x' },
      ownerReferences: [{ controller: true, kind: 'ReplicaSet', name: 'web-7d4b9c' }],
    },
    spec: {
      nodeName: 'node-1',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 45,
      containers: [
        {
          name: 'app',
          image: 'shop/web:1.2',
          readinessProbe: {},
          resources: {
            limits: { memory: '512Mi', cpu: '1500m' },
            requests: { memory: '256Mi', cpu: '250m' },
          },
        },
      ],
    },
    status: {
      containerStatuses: [
        {
          name: 'app',
          containerID: `containerd://${app.id}`,
          imageID: `docker.io/shop/web@${digest}`,
          restartCount: 0,
          ready: true,
          started: true,
          state: { running: { startedAt: '2026-01-01T00:00:05Z' } },
          ...status,
        },
      ],
    },
  };
}

describe.skipIf(missingForTls() !== undefined)('with an API server', () => {
  let folder: string;
  let node: FakeNode;
  let server: FakeApiServer;
  let discovery: KubernetesDiscovery;
  let changes: DiscoveryChange[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-kubernetes-api-'));
    node = new FakeNode(folder);
    changes = [];
    const account = join(folder, 'account');
    mkdirSync(account);
    writeFileSync(join(account, 'token'), `${token}\n`);
    server = new FakeApiServer(account);
    await server.start();
    const { collector: config } = configSchema.parse({
      collector: { host: 'node-1', roots: node.roots() },
    });
    discovery = new KubernetesDiscovery({
      config,
      tenantOf: () => 'default',
      isDockerWatched: false,
      clock: systemClock,
      logger: silentLogger(),
      env: {
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: String(server.port),
        NODE_NAME: 'node-1',
      },
      serviceAccountFolder: account,
      intervalMs: 20,
    });
  });
  afterEach(async () => {
    await discovery.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    await discovery.start((change) => changes.push(change));
  }

  function events(kind: string): Record<string, unknown>[] {
    return changes.flatMap((change) =>
      change.kind === 'event' && change.event.kind === kind ? [{ ...change.event }] : [],
    );
  }

  test('a container is whole from the first look on', async () => {
    node.start(app);
    server.pods = [podOf()];
    await start();
    expect(discovery.targets()).toHaveLength(1);
    expect(discovery.find(app.id)).toMatchObject({
      labels: { image: 'shop/web:1.2', container_name: `shop/${app.pod}/app` },
      dockerLabels: { app: 'web', 'plimsoll.redact': 'secret=\\S+' },
      owner: { kind: 'Deployment', name: 'web' },
      imageDigest: digest,
      limits: { memoryBytes: 512 * 1024 * 1024, cpuCores: 1.5, pids: 0 },
      requests: { memoryBytes: 256 * 1024 * 1024, cpuCores: 0.25 },
      restartPolicy: 'Always',
      stopTimeoutSeconds: 45,
      health: 'healthy',
    });
    expect(discovery.find(app.id)?.dockerLabels).not.toHaveProperty('other/large');
    expect(discovery.status().problems).toBeUndefined();
    const [first] = server.watches;
    expect(first?.token).toBe(token);
    expect(first?.url.pathname).toBe('/api/v1/pods');
    expect(Object.fromEntries(first?.url.searchParams ?? [])).toMatchObject({
      watch: 'true',
      fieldSelector: 'spec.nodeName=node-1',
      allowWatchBookmarks: 'true',
    });
  });

  test('how a container ended is told with its exit code, once the server knows', async () => {
    node.start(app);
    server.pods = [podOf()];
    await start();
    node.stop(app);
    await until('the end', () => discovery.find(app.id)?.state === 'exited');
    expect(events('container_die')).toEqual([]);
    const terminated = {
      containerID: `containerd://${app.id}`,
      exitCode: 137,
      reason: 'OOMKilled',
      startedAt: '2026-01-01T00:00:05Z',
      finishedAt: '2026-01-01T00:01:05Z',
    };
    const again = { containerID: `containerd://${'a2'.repeat(32)}`, restartCount: 1 };
    server.watches[0]?.send('MODIFIED', podOf({ ...again, lastState: { terminated } }, '101'));
    await until('the event', () => events('container_die').length === 1);
    expect(events('container_die')).toMatchObject([
      {
        severity: 'warning',
        time: '2026-01-01 00:01:05.000',
        attributes: { exit_code: '137', source: 'kubernetes' },
      },
    ]);
    expect(events('container_oom')).toHaveLength(1);
    expect(discovery.find(app.id)).toMatchObject({ exitCode: 137, isOomKilled: true });
  });

  test('readiness is an event', async () => {
    node.start(app);
    server.pods = [podOf()];
    await start();
    server.watches[0]?.send('MODIFIED', podOf({ ready: false }, '101'));
    await until('the event', () => events('health_status').length === 1);
    expect(events('health_status')[0]).toMatchObject({ attributes: { health: 'unhealthy' } });
  });

  test('a watch that ends goes on from the last version', async () => {
    server.pods = [podOf({}, '100')];
    await start();
    server.watches[0]?.send('BOOKMARK', { metadata: { resourceVersion: '250' } });
    await wait(50);
    server.watches[0]?.end();
    await until('the second watch', () => server.watches.length === 2);
    expect(server.watches[1]?.url.searchParams.get('resourceVersion')).toBe('250');
  });

  test('a version that the server has forgotten begins again', async () => {
    server.pods = [podOf()];
    await start();
    server.watches[0]?.send('ERROR', { kind: 'Status', code: 410, message: 'too old' });
    await until('the second watch', () => server.watches.length >= 2);
    expect(server.watches.at(-1)?.url.searchParams.has('resourceVersion')).toBe(false);
    node.start(app);
    await until('the target', () => discovery.find(app.id)?.labels.image === 'shop/web:1.2');
  });

  test('an id that no link names comes from the server', async () => {
    node.start({ ...app, link: 'none' });
    server.pods = [podOf()];
    await start();
    expect(discovery.find(app.id)).toMatchObject({ logPath: node.logPath(app), pid: 101 });
  });

  test.each([
    [
      403,
      'service account monitoring/plimsoll may not watch pods: bind a ClusterRole with the verb watch on the resource pods',
    ],
    [401, 'did not accept the token of service account monitoring/plimsoll (401)'],
    [503, 'answered 503'],
  ])('being refused with %i is said, and what files tell is there', async (code, expected) => {
    node.start(app);
    server.refusal = code;
    await start();
    expect(discovery.status().state).toBe('connected');
    expect(discovery.status().problems?.at(-1)).toContain(expected);
    expect(JSON.stringify(discovery.status())).not.toContain(token);
    expect(discovery.find(app.id)).toMatchObject({ state: 'running', labels: { image: '' } });
  });

  test('a server that is away, and comes back, is a condition', async () => {
    node.start(app);
    server.pods = [podOf()];
    await start();
    const { port } = server;
    expect(discovery.status().problems).toBeUndefined();
    await server.stop();
    await until('the condition', () => (discovery.status().problems?.length ?? 0) > 0);
    expect(discovery.status().problems?.[0]).toContain(`https://127.0.0.1:${port} cannot be asked`);
    expect(discovery.find(app.id)?.labels.image).toBe('shop/web:1.2');
  });

  test('a server of another authority is not believed', async () => {
    writeFileSync(join(folder, 'account/ca.crt'), '');
    await start();
    expect(server.watches).toEqual([]);
    expect(discovery.status().problems?.at(-1)).toMatch(/cannot be asked: .*certificate/);
  });
});

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 8000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`expected ${what} within 8 s`);
    await wait(10);
  }
}
