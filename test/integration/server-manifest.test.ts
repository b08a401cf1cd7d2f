/** What infra/kubernetes/server.yaml says of the roles, held to what they take. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig, type Config } from '@plimsoll/runtime';
import { afterAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const infra = resolve(import.meta.dirname, '../../infra');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-manifest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Probe {
  httpGet: { path: string; port: string };
}
interface Container {
  args: string[];
  env: {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef: { name: string; key: string } };
  }[];
  ports?: { name: string; containerPort: number }[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  securityContext: Record<string, unknown>;
  resources: { limits: { memory: string } };
  volumeMounts: { name: string; mountPath: string }[];
}
interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec: {
    replicas?: number;
    strategy?: { type?: string };
    selector: Record<string, unknown> & { matchLabels?: object };
    ports: { port: number; targetPort: string }[];
    template: {
      metadata: { labels: object };
      spec: { containers: Container[]; securityContext: object; volumes: { name: string }[] };
    };
  };
}

const text = readFileSync(join(infra, 'kubernetes/server.yaml'), 'utf8');
const manifests = parseAllDocuments(text).map((document) => {
  const [error] = document.errors;
  if (error !== undefined) throw error;
  return document.toJS() as Manifest;
});
const workloads = manifests.filter(({ kind }) => kind === 'Job' || kind === 'Deployment');
const services = manifests.filter(({ kind }) => kind === 'Service');
const file = join(folder, 'plimsoll.yaml');
writeFileSync(
  file,
  manifests.find(({ kind }) => kind === 'ConfigMap')?.data?.['plimsoll.yaml'] ?? '',
);

const each = workloads.map((workload): [string, Manifest, Container] => {
  const [container] = workload.spec.template.spec.containers;
  if (container === undefined) throw new Error('expected a container, got none');
  return [container.args[0] ?? '', workload, container];
});

/** As the kubelet fills it in: secrets by name, `$(NAME)` by what stands before. */
function configOf({ env }: Container): Config {
  const filled: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    const given = value ?? `secret-of-${valueFrom?.secretKeyRef.key}-and-long`;
    filled[name] = given.replaceAll(/\$\((\w+)\)/g, (_, other: string) => filled[other] ?? '');
  }
  const ours = Object.entries(filled).filter(([name]) => name.startsWith('PLIMSOLL_'));
  const result = loadConfig({ file, env: Object.fromEntries(ours), cwd: folder });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

test('there is one for each role of a fleet', () => {
  expect(each.map(([role]) => role)).toEqual(['migrate', 'ingest', 'query', 'alerting']);
});

describe.each(each)('%s', (role, { spec }, container) => {
  const config = configOf(container);
  const pod = spec.template.spec;

  test('has a configuration that is valid, and a user of its own', () => {
    expect(config.storage).toMatchObject({ mode: 'server', username: `plimsoll_${role}` });
    expect(container.env.find(({ name }) => name === 'PLIMSOLL_STORAGE__PASSWORD')).toEqual({
      name: 'PLIMSOLL_STORAGE__PASSWORD',
      valueFrom: { secretKeyRef: { name: 'plimsoll', key: role } },
    });
    const mounted = container.volumeMounts.find(({ name }) => name === 'configuration');
    expect(container.args.at(-1)).toBe(`${mounted?.mountPath}/plimsoll.yaml`);
  });

  test('mounts what it names', () => {
    const volumes = pod.volumes.map(({ name }) => name);
    for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
  });

  test('is nobody, and writes nowhere', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.resources.limits.memory).toMatch(/^\d+[MG]i$/);
  });
});

test.each(each.filter(([role]) => role !== 'migrate'))(
  '%s is asked at the port that it listens on',
  (_, { spec }, container) => {
    const { http } = configOf(container);
    const port = container.ports?.find(({ name }) => name === 'http')?.containerPort;
    expect([http.host, http.port]).toEqual(['0.0.0.0', port]);
    expect(container.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(container.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels);
  },
);

test('query, which opens its port when it has its tables, may take its time', () => {
  const [, , container] = each.find(([role]) => role === 'query') ?? [];
  expect(container?.startupProbe?.httpGet.path).toBe('/healthz');
});

test('alerting is never there twice, not even during an update', () => {
  const [, workload] = each.find(([role]) => role === 'alerting') ?? [];
  expect(workload?.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
});

test('services lead to ports of pods that there are', () => {
  for (const { spec } of services) {
    const [, , container] =
      each.find(([, workload]) => {
        const labels = JSON.stringify(workload.spec.template.metadata.labels);
        return labels === JSON.stringify(spec.selector);
      }) ?? [];
    for (const { port, targetPort } of spec.ports) {
      expect(container?.ports).toContainEqual({ name: targetPort, containerPort: port });
    }
  }
  const [, , ingest] = each.find(([role]) => role === 'ingest') ?? [];
  if (ingest === undefined) throw new Error('expected ingest, got none');
  const { receivers } = configOf(ingest);
  expect(ingest.ports).toContainEqual({ name: 'receivers', containerPort: receivers.port });
});
