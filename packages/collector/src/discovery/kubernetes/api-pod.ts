/**
 * What the API server says of a pod, as far as it is used. It comes from outside: a field that is
 * missing or of another type reads as its empty value. Fields: core/v1 Pod.
 */
import type { TargetHealth, TargetLimits, TargetOwner, TargetRequests } from '../../target.ts';
import { at, isTrue, list, text, textMap, timeMs, whole } from '../json-fields.ts';
import { ownerOf } from './pod-owner.ts';
import { parseQuantity } from './quantity.ts';

export interface ApiPod {
  readonly uid: string;
  /** Of a static pod: the uid that folders and control groups have. */
  readonly configHash: string;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  /** Labels, and those annotations that are meant for us. */
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: TargetOwner;
  readonly createdAtMs: number;
  readonly restartPolicy: string;
  readonly isOnHostNetwork: boolean;
  readonly stopTimeoutSeconds: number;
  readonly containers: ReadonlyMap<string, ApiContainer>;
}

export interface ApiContainer {
  readonly image: string;
  readonly imageId: string;
  readonly imageDigest: string;
  readonly limits: TargetLimits;
  readonly requests: TargetRequests;
  readonly isPrivileged: boolean;
  readonly isTty: boolean;
  readonly health: TargetHealth;
  readonly healthStartPeriodSeconds: number;
  /** Id of the container that runs now, or ran last; empty before the first. */
  readonly containerId: string;
  readonly restartCount: number;
  /** How containers ended, by their ids. */
  readonly terminations: ReadonlyMap<string, Termination>;
}

export interface Termination {
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `ContainerCannotRun`, … */
  readonly reason: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

const ownAnnotation = /^plimsoll\./;

/** Null for what is no pod. */
export function parseApiPod(object: unknown): ApiPod | null {
  const uid = text(object, 'metadata', 'uid');
  const name = text(object, 'metadata', 'name');
  if (uid === '' || name === '') return null;
  const annotations = textMap(object, 'metadata', 'annotations');
  const labels = textMap(object, 'metadata', 'labels');
  const createdAtMs = timeMs(object, 'metadata', 'creationTimestamp');
  return {
    uid,
    configHash: annotations['kubernetes.io/config.hash'] ?? '',
    namespace: text(object, 'metadata', 'namespace'),
    name,
    resourceVersion: text(object, 'metadata', 'resourceVersion'),
    labels: { ...labels, ...ownAnnotations(annotations) },
    owner: ownerOf({ controller: controllerOf(object), labels, createdAtMs }),
    createdAtMs,
    restartPolicy: text(object, 'spec', 'restartPolicy'),
    isOnHostNetwork: isTrue(object, 'spec', 'hostNetwork'),
    stopTimeoutSeconds: whole(object, 'spec', 'terminationGracePeriodSeconds'),
    containers: containersOf(object),
  };
}

function ownAnnotations(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => ownAnnotation.test(key)));
}

function controllerOf(object: unknown): TargetOwner {
  const owners = list(object, 'metadata', 'ownerReferences');
  const controller = owners.find((owner) => isTrue(owner, 'controller'));
  return { kind: text(controller, 'kind'), name: text(controller, 'name') };
}

const specs = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const statuses = [
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
] as const;

function containersOf(object: unknown): ReadonlyMap<string, ApiContainer> {
  const statusByName = new Map(
    statuses
      .flatMap((field) => list(object, 'status', field))
      .map((status) => [text(status, 'name'), status]),
  );
  return new Map(
    specs
      .flatMap((field) => list(object, 'spec', field))
      .map((spec) => {
        const name = text(spec, 'name');
        return [name, containerOf(spec, statusByName.get(name))];
      }),
  );
}

function containerOf(spec: unknown, status: unknown): ApiContainer {
  const imageId = text(status, 'imageID');
  return {
    image: text(spec, 'image') || text(status, 'image'),
    imageId,
    imageDigest: /(?:@|^)(sha256:[0-9a-f]{64})$/.exec(imageId)?.[1] ?? '',
    limits: { ...resourcesOf(spec, 'limits'), pids: 0 },
    requests: resourcesOf(spec, 'requests'),
    isPrivileged: isTrue(spec, 'securityContext', 'privileged'),
    isTty: isTrue(spec, 'tty'),
    health: readinessOf(spec, status),
    healthStartPeriodSeconds: startPeriodOf(spec),
    containerId: bareId(text(status, 'containerID')),
    restartCount: whole(status, 'restartCount'),
    terminations: terminationsOf(status),
  };
}

function resourcesOf(
  spec: unknown,
  kind: 'limits' | 'requests',
): { memoryBytes: number; cpuCores: number } {
  const amount = (resource: string): number => {
    const written = at(spec, 'resources', kind, resource);
    return typeof written === 'string' || typeof written === 'number'
      ? parseQuantity(String(written))
      : 0;
  };
  return { memoryBytes: Math.round(amount('memory')), cpuCores: amount('cpu') };
}

/** Without a readiness probe, a container that runs is ready, which says nothing. */
function readinessOf(spec: unknown, status: unknown): TargetHealth {
  const isRunning = at(status, 'state', 'running') !== undefined;
  if (!isRunning || at(spec, 'readinessProbe') === undefined) return '';
  if (isTrue(status, 'ready')) return 'healthy';
  return at(status, 'started') === false ? 'starting' : 'unhealthy';
}

/** Longest until the startup probe gives up, or until the readiness probe begins. */
function startPeriodOf(spec: unknown): number {
  const probe = at(spec, 'startupProbe');
  if (probe === undefined) return whole(spec, 'readinessProbe', 'initialDelaySeconds');
  const periodSeconds = whole(probe, 'periodSeconds') || 10;
  const failures = whole(probe, 'failureThreshold') || 3;
  return whole(probe, 'initialDelaySeconds') + periodSeconds * failures;
}

function terminationsOf(status: unknown): ReadonlyMap<string, Termination> {
  const found = new Map<string, Termination>();
  for (const state of ['lastState', 'state']) {
    const terminated = at(status, state, 'terminated');
    const id = bareId(text(terminated, 'containerID'));
    if (id === '') continue;
    const exitCode = at(terminated, 'exitCode');
    found.set(id, {
      exitCode: typeof exitCode === 'number' && Number.isSafeInteger(exitCode) ? exitCode : 0,
      reason: text(terminated, 'reason'),
      startedAtMs: timeMs(terminated, 'startedAt'),
      finishedAtMs: timeMs(terminated, 'finishedAt'),
    });
  }
  return found;
}

/** `containerd://<id>`, `cri-o://<id>`. */
function bareId(written: string): string {
  return /^[\w.-]+:\/\/([0-9a-f]+)$/.exec(written)?.[1] ?? '';
}
