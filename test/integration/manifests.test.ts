/** What infra/ says of how the collector is run, held to what the collector takes and needs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { afterAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readService } from '../harness/compose-service.ts';

const infra = resolve(import.meta.dirname, '../../infra');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-manifests-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of the host: whatever a root of the configuration points at has to be below a mount. */
const mountPoint = '/host';
const capabilities = ['DAC_READ_SEARCH', 'SYSLOG', 'SYS_PTRACE'];

interface Named {
  kind: string;
  metadata: { name: string };
}
interface DaemonSet extends Named {
  spec: { template: { spec: PodSpec } };
}
interface PodSpec {
  hostPID: boolean;
  hostNetwork: boolean;
  serviceAccountName: string;
  tolerations: object[];
  containers: PodContainer[];
  volumes: { name: string; hostPath?: { path: string }; configMap?: { name: string } }[];
}
interface PodContainer {
  args: string[];
  env: { name: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[];
  securityContext: Record<string, unknown> & { capabilities: { add: string[]; drop: string[] } };
  volumeMounts: {
    name: string;
    mountPath: string;
    readOnly?: boolean;
    mountPropagation?: string;
  }[];
  livenessProbe: { httpGet: { port: number; host: string } };
}
interface ClusterRole extends Named {
  rules: { resources: string[]; verbs: string[] }[];
}

function configOf(file: string | undefined, env: Record<string, string>): Config {
  const result = loadConfig({ file, env, cwd: folder });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

function expectHostRoots({ collector, transport }: Config): void {
  expect(collector.roots).toMatchObject({
    host: mountPoint,
    proc: `${mountPoint}/proc`,
    sys: `${mountPoint}/sys`,
    cgroup: `${mountPoint}/sys/fs/cgroup`,
  });
  expect(collector.docker.socket.startsWith(`${mountPoint}/`)).toBe(true);
  expect(transport.mode).toBe('kafka');
}

describe('the compose file', () => {
  const service = readService(join(infra, 'compose/collector.yaml'), 'collector');
  const config = configOf(undefined, service.environment ?? {});

  test('sets fields that there are, and shows the host where it says', () => {
    expectHostRoots(config);
    const host = service.volumes?.find(({ target }) => target === mountPoint);
    expect(host).toMatchObject({
      source: '/',
      read_only: true,
      bind: { propagation: 'rslave' },
    });
  });

  test('keeps positions in a volume, and writes nowhere else', () => {
    const kept = service.volumes?.find(({ target }) => target === config.data_dir);
    expect(kept).toMatchObject({ type: 'volume' });
    expect(service.read_only).toBe(true);
  });

  test('drops what it does not need', () => {
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.cap_add?.toSorted()).toEqual(capabilities);
  });
});

describe('the manifest for Kubernetes', () => {
  const text = readFileSync(join(infra, 'kubernetes/collector.yaml'), 'utf8');
  const documents = parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Named;
  });
  const find = (kind: string): Named => {
    const found = documents.find((document) => document.kind === kind);
    if (found === undefined) throw new Error(`expected a ${kind}, got none`);
    return found;
  };
  const pod = (find('DaemonSet') as DaemonSet).spec.template.spec;
  const [container] = pod.containers;
  if (container === undefined) throw new Error('expected a container, got none');
  const map = find('ConfigMap') as Named & { data: Record<string, string> };
  const file = join(folder, 'plimsoll.yaml');
  writeFileSync(file, map.data['plimsoll.yaml'] ?? '');
  const config = configOf(file, {});

  test('has a configuration that is valid, and shows the host where it says', () => {
    expectHostRoots(config);
    const mount = container.volumeMounts.find(({ mountPath }) => mountPath === mountPoint);
    expect(mount).toMatchObject({ readOnly: true, mountPropagation: 'HostToContainer' });
    const volume = pod.volumes.find(({ name }) => name === mount?.name);
    expect(volume?.hostPath?.path).toBe('/');
    expect(pod).toMatchObject({ hostPID: true, hostNetwork: true });
  });

  test('keeps positions on the node, and reads the configuration that it mounts', () => {
    const kept = container.volumeMounts.find(({ mountPath }) => mountPath === config.data_dir);
    expect(pod.volumes.find(({ name }) => name === kept?.name)?.hostPath).toBeDefined();
    const mounted = container.volumeMounts.find(({ mountPath }) =>
      container.args.at(-1)?.startsWith(`${mountPath}/`),
    );
    const volume = pod.volumes.find(({ name }) => name === mounted?.name);
    expect(volume?.configMap?.name).toBe(map.metadata.name);
  });

  test('probes the address that is listened on', () => {
    const { host, port } = config.http;
    expect(container.livenessProbe.httpGet).toMatchObject({ host, port });
  });

  test('drops what it does not need', () => {
    const { capabilities: given, ...context } = container.securityContext;
    expect(given.drop).toEqual(['ALL']);
    expect(given.add.toSorted()).toEqual(capabilities);
    expect(context).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
    });
  });

  test('may read pods and nothing else, and knows its node', () => {
    expect((find('ClusterRole') as ClusterRole).rules).toMatchObject([
      { resources: ['pods'], verbs: ['get', 'list', 'watch'] },
    ]);
    expect(pod.serviceAccountName).toBe(find('ServiceAccount').metadata.name);
    const node = container.env.find(({ name }) => name === 'NODE_NAME');
    expect(node?.valueFrom?.fieldRef?.fieldPath).toBe('spec.nodeName');
    expect(pod.tolerations).toEqual([{ operator: 'Exists' }]);
  });
});
