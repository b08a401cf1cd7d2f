/**
 * A container as Docker describes it (`GET /containers/<id>/json`, or the same fields from
 * `config.v2.json` and `hostconfig.json` on disk) as a target. The description comes from outside:
 * a field that is missing or of another type reads as its empty value.
 */
import { declaredSecurity } from '../security/declared.ts';
import {
  makeTarget,
  type Target,
  type TargetHealth,
  type TargetRequests,
  type TargetState,
} from '../target.ts';
import { at, isTrue, text, textMap, timeMs, whole } from './json-fields.ts';
import { logSourceOf } from './log-source.ts';
import {
  composeDependencies,
  podWorkload,
  swarmWorkload,
  workloadLabels,
} from './workload-labels.ts';

export interface DescribeContext {
  host: string;
  tenantOf: (containerId: string, labels: Readonly<Record<string, string>>) => string;
  daemon: DaemonTraits;
  /** Whether logs may be asked of the Docker API. */
  hasLogApi: boolean;
}

/** What of a container its daemon decides. */
export interface DaemonTraits {
  version: string;
  cgroupDriver: string;
  /** `SecurityOptions` of `/info`; null when not known. */
  securityOptions: readonly string[] | null;
}

/** Null when it is no container description at all. */
export function describeContainer(description: unknown, context: DescribeContext): Target | null {
  const id = text(description, 'Id') || text(description, 'ID');
  if (!/^[0-9a-f]{12,64}$/.test(id)) return null;
  const dockerLabels = textMap(description, 'Config', 'Labels');
  const image = text(description, 'Config', 'Image');
  const tenant = context.tenantOf(id, dockerLabels);
  const name = { tenant, host: context.host, id, name: text(description, 'Name'), image };
  return makeTarget({
    dockerId: id,
    labels: workloadLabels(name, dockerLabels),
    dockerLabels,
    ...stateFields(description),
    limits: {
      memoryBytes: whole(description, 'HostConfig', 'Memory'),
      cpuCores: cpuCores(at(description, 'HostConfig')),
      pids: whole(description, 'HostConfig', 'PidsLimit'),
    },
    requests: requestsOf(description, dockerLabels),
    imageId: text(description, 'Image'),
    imageDigest: /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? '',
    runtime: text(description, 'HostConfig', 'Runtime'),
    restartPolicy: text(description, 'HostConfig', 'RestartPolicy', 'Name'),
    isPrivileged: isTrue(description, 'HostConfig', 'Privileged'),
    ...logFields(description, context),
    cgroup: {
      parent: text(description, 'HostConfig', 'CgroupParent'),
      driver: context.daemon.cgroupDriver,
    },
    writableLayer: text(description, 'GraphDriver', 'Data', 'UpperDir'),
    dependsOn: composeDependencies(dockerLabels),
    ...swarmWorkload(dockerLabels),
    ...podWorkload(dockerLabels),
    security: declaredSecurity(description, context.daemon.securityOptions),
    networkMode: networkModeOf(description),
    hasInit: isTrue(description, 'HostConfig', 'Init'),
    stopTimeoutSeconds: stopTimeoutOf(description),
    healthStartPeriodSeconds: Math.ceil(
      whole(description, 'Config', 'Healthcheck', 'StartPeriod') / 1e9,
    ),
  });
}

function stateFields(description: unknown): Partial<Target> {
  const state = at(description, 'State');
  return {
    state: stateOf(state),
    health: healthOf(text(state, 'Health', 'Status')),
    healthFailingStreak: whole(state, 'Health', 'FailingStreak'),
    pid: whole(state, 'Pid'),
    exitCode: whole(state, 'ExitCode'),
    isOomKilled: isTrue(state, 'OOMKilled'),
    restartCount: whole(description, 'RestartCount'),
    createdAtMs: timeMs(description, 'Created'),
    startedAtMs: timeMs(state, 'StartedAt'),
    finishedAtMs: timeMs(state, 'FinishedAt'),
  };
}

function logFields(
  description: unknown,
  { daemon, hasLogApi }: DescribeContext,
): Pick<Target, 'logSource' | 'logDriver' | 'logOptions' | 'logPath' | 'isTty'> {
  const name = text(description, 'HostConfig', 'LogConfig', 'Type');
  const options = textMap(description, 'HostConfig', 'LogConfig', 'Config');
  return {
    logSource: logSourceOf({ name, options }, { hasApi: hasLogApi, daemonVersion: daemon.version }),
    logDriver: name,
    logOptions: options,
    logPath: text(description, 'LogPath'),
    isTty: isTrue(description, 'Config', 'Tty'),
  };
}

/** `--cpus` as nano CPUs, or quota and period in microseconds. */
function cpuCores(hostConfig: unknown): number {
  const nano = whole(hostConfig, 'NanoCpus');
  if (nano > 0) return nano / 1e9;
  const quota = whole(hostConfig, 'CpuQuota');
  return quota > 0 ? quota / (whole(hostConfig, 'CpuPeriod') || 100_000) : 0;
}

/**
 * Memory reservations are what Swarm and Compose set aside. Shares are a weight among neighbours and
 * no amount, but for the kubelet, which writes a request of CPU as 1024 shares per core, and 2 for none.
 */
function requestsOf(
  description: unknown,
  labels: Readonly<Record<string, string>>,
): TargetRequests {
  const shares = whole(description, 'HostConfig', 'CpuShares');
  const isOfPod = labels['io.kubernetes.pod.uid'] !== undefined;
  return {
    memoryBytes: whole(description, 'HostConfig', 'MemoryReservation'),
    cpuCores: isOfPod && shares > 2 ? shares / 1024 : 0,
  };
}

/** `default` is the daemon's word for its bridge. */
function networkModeOf(description: unknown): string {
  const mode = text(description, 'HostConfig', 'NetworkMode');
  return mode === 'default' ? 'bridge' : mode;
}

/** Docker's own default stands where none is written; -1 waits for ever. */
function stopTimeoutOf(description: unknown): number {
  const written = at(description, 'Config', 'StopTimeout');
  return typeof written === 'number' && Number.isSafeInteger(written) && written >= -1
    ? written
    : 10;
}

const states: ReadonlySet<string> = new Set<TargetState>([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);

/** `Status` of the API; on disk there are only flags, read in the order Docker itself does. */
function stateOf(state: unknown): TargetState {
  const status = text(state, 'Status');
  if (states.has(status)) return status as TargetState;
  if (isTrue(state, 'Running')) {
    if (isTrue(state, 'Paused')) return 'paused';
    return isTrue(state, 'Restarting') ? 'restarting' : 'running';
  }
  if (isTrue(state, 'RemovalInProgress')) return 'removing';
  if (isTrue(state, 'Dead')) return 'dead';
  return timeMs(state, 'StartedAt') === 0 ? 'created' : 'exited';
}

function healthOf(status: string): TargetHealth {
  return status === 'healthy' || status === 'unhealthy' || status === 'starting' ? status : '';
}
