/** What files, control groups, the runtime and the API server say of a container, as a target. */
import type { TargetLabels } from '@plimsoll/model';
import { makeTarget, type Target, type TargetState } from '../../target.ts';
import type { ApiContainer, ApiPod, Termination } from './api-pod.ts';
import type { ContainerGroup } from './kubepods-tree.ts';
import type { PodLog } from './pod-logs.ts';
import type { BundleFacts } from './runtime-bundle.ts';

/** All that is known of one container; a value that is replaced when anything changes. */
export interface ContainerFacts {
  /** The container's id; the place of its log where nothing names the id. */
  readonly key: string;
  readonly log: PodLog | undefined;
  readonly group: ContainerGroup | undefined;
  readonly bundle: BundleFacts | null;
  readonly api: ApiPod | undefined;
  /** Namespace and name of the pod, where neither log nor API nor runtime tell them. */
  readonly podName: PodName | undefined;
  readonly isSandbox: boolean;
  readonly state: TargetState;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly writableLayer: string;
}

export interface PodName {
  readonly namespace: string;
  readonly pod: string;
}

export interface PodContainerContext {
  readonly tenantOf: (containerId: string, labels: Readonly<Record<string, string>>) => string;
  readonly host: string;
}

/** As cAdvisor names the container that holds a pod's namespaces. */
const sandboxName = 'POD';

export function describePodContainer(facts: ContainerFacts, context: PodContainerContext): Target {
  const { key, log, group, api } = facts;
  const labels = labelsOf(facts, context);
  const container = api?.containers.get(labels.kubernetes_container);
  return makeTarget({
    dockerId: key,
    labels,
    dockerLabels: dockerLabelsOf(facts, labels),
    state: facts.state,
    pid: facts.pid,
    ...timesOf(facts, container?.terminations.get(key)),
    restartCount: log?.restartCount ?? 0,
    isSandbox: facts.isSandbox,
    isTty: facts.bundle?.isTty ?? container?.isTty ?? false,
    writableLayer: facts.writableLayer,
    podUid: podUidOf(facts),
    ...logFields(log),
    cgroup: { parent: parentOf(group), driver: driverOf(group) },
    ...(api ? podFields(api) : {}),
    ...(container ? containerFields(container, facts) : {}),
  });
}

function labelsOf(facts: ContainerFacts, { tenantOf, host }: PodContainerContext): TargetLabels {
  const { key, log, api, bundle, podName } = facts;
  const namespace = first(log?.namespace, api?.namespace, bundle?.namespace, podName?.namespace);
  const pod = first(log?.pod, api?.name, bundle?.pod, podName?.pod, podUidOf(facts));
  const container = facts.isSandbox ? sandboxName : first(log?.container, bundle?.container);
  return {
    tenant: tenantOf(key, api?.labels ?? {}),
    host,
    container_id: key,
    container_name: [namespace, pod, container].filter((part) => part !== '').join('/'),
    image: first(api?.containers.get(container)?.image, bundle?.image),
    compose_project: '',
    compose_service: '',
    kubernetes_namespace: namespace,
    kubernetes_pod: pod,
    kubernetes_container: container,
  };
}

/** The pod's labels, and those that the kubelet puts on containers of Docker. */
function dockerLabelsOf(facts: ContainerFacts, labels: TargetLabels): Record<string, string> {
  return {
    ...facts.api?.labels,
    'io.kubernetes.pod.namespace': labels.kubernetes_namespace,
    'io.kubernetes.pod.name': labels.kubernetes_pod,
    'io.kubernetes.pod.uid': podUidOf(facts),
    'io.kubernetes.container.name': labels.kubernetes_container,
    ...(facts.group ? { 'io.kubernetes.pod.qos-class': facts.group.qosClass } : {}),
  };
}

function podUidOf({ log, group, bundle }: ContainerFacts): string {
  return first(log?.uid, group?.podUid, bundle?.podUid);
}

function timesOf(facts: ContainerFacts, end: Termination | undefined): Partial<Target> {
  const startedAtMs = facts.startedAtMs || (end?.startedAtMs ?? 0);
  const times = { createdAtMs: startedAtMs, startedAtMs };
  if (!end || facts.state === 'running') return { ...times, finishedAtMs: facts.finishedAtMs };
  return {
    ...times,
    finishedAtMs: end.finishedAtMs || facts.finishedAtMs,
    exitCode: end.exitCode,
    isOomKilled: end.reason === 'OOMKilled',
  };
}

function logFields(log: PodLog | undefined): Pick<Target, 'logSource' | 'logDriver' | 'logPath'> {
  if (!log) return { logSource: 'none', logDriver: '', logPath: '' };
  return log.isDockerFile
    ? { logSource: 'docker-file', logDriver: 'json-file', logPath: log.path }
    : { logSource: 'cri', logDriver: 'cri', logPath: log.path };
}

function podFields(api: ApiPod): Partial<Target> {
  return {
    owner: api.owner,
    restartPolicy: api.restartPolicy,
    networkMode: api.isOnHostNetwork ? 'host' : '',
    stopTimeoutSeconds: api.stopTimeoutSeconds,
  };
}

function containerFields(container: ApiContainer, facts: ContainerFacts): Partial<Target> {
  // What the server says of the container of that name holds only for the one it has in mind.
  const isCurrent = container.containerId === facts.key;
  return {
    limits: container.limits,
    requests: container.requests,
    isPrivileged: container.isPrivileged,
    healthStartPeriodSeconds: container.healthStartPeriodSeconds,
    ...(isCurrent
      ? {
          imageId: container.imageId,
          imageDigest: container.imageDigest,
          health: facts.state === 'running' ? container.health : '',
        }
      : {}),
  };
}

/** Folder of the pod within the hierarchy: where the container is looked for by its id. */
function parentOf(group: ContainerGroup | undefined): string {
  return group ? `/${group.path.slice(0, Math.max(0, group.path.lastIndexOf('/')))}` : '';
}

function driverOf(group: ContainerGroup | undefined): string {
  if (!group) return '';
  return group.path.endsWith('.scope') ? 'systemd' : 'cgroupfs';
}

function first(...values: readonly (string | undefined)[]): string {
  return values.find((value) => value !== undefined && value !== '') ?? '';
}
