/**
 * A container as Docker describes it (`GET /containers/<id>/json`, or the same fields from
 * `config.v2.json` and `hostconfig.json` on disk) as a target. The description comes from outside:
 * a field that is missing or of another type reads as its empty value.
 */
import type { Target, TargetHealth, TargetState } from '../target.ts';
import { workloadLabels } from './workload-labels.ts';

export interface DescribeContext {
  tenant: string;
  host: string;
  cgroupDriver: string;
}

/** Null when it is no container description at all. */
export function describeContainer(description: unknown, context: DescribeContext): Target | null {
  const id = text(description, 'Id') || text(description, 'ID');
  if (!/^[0-9a-f]{12,64}$/.test(id)) return null;
  const dockerLabels = textMap(at(description, 'Config', 'Labels'));
  const image = text(description, 'Config', 'Image');
  const state = stateOf(at(description, 'State'));
  return {
    dockerId: id,
    labels: workloadLabels(
      { ...context, id, name: text(description, 'Name'), image },
      dockerLabels,
    ),
    state,
    health: healthOf(text(description, 'State', 'Health', 'Status')),
    healthFailingStreak: whole(description, 'State', 'Health', 'FailingStreak'),
    pid: whole(description, 'State', 'Pid'),
    exitCode: whole(description, 'State', 'ExitCode'),
    isOomKilled: at(description, 'State', 'OOMKilled') === true,
    restartCount: whole(description, 'RestartCount'),
    createdAtMs: timeMs(description, 'Created'),
    startedAtMs: timeMs(description, 'State', 'StartedAt'),
    finishedAtMs: timeMs(description, 'State', 'FinishedAt'),
    limits: {
      memoryBytes: whole(description, 'HostConfig', 'Memory'),
      cpuCores: cpuCores(at(description, 'HostConfig')),
      pids: whole(description, 'HostConfig', 'PidsLimit'),
    },
    imageId: text(description, 'Image'),
    runtime: text(description, 'HostConfig', 'Runtime'),
    restartPolicy: text(description, 'HostConfig', 'RestartPolicy', 'Name'),
    isPrivileged: at(description, 'HostConfig', 'Privileged') === true,
    dockerLabels,
    logDriver: text(description, 'HostConfig', 'LogConfig', 'Type'),
    logPath: text(description, 'LogPath'),
    cgroup: {
      parent: text(description, 'HostConfig', 'CgroupParent'),
      driver: context.cgroupDriver,
    },
  };
}

/** The field at a path of keys; undefined where the path ends. */
export function at(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) {
      return undefined;
    }
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

export function text(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** A whole number not below zero; 0 for anything else, such as -1 for "no limit". */
function whole(value: unknown, ...path: string[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isSafeInteger(found) && found > 0 ? found : 0;
}

export function textMap(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** Docker writes the year 1 for "never". */
function timeMs(value: unknown, ...path: string[]): number {
  const parsed = Date.parse(text(value, ...path));
  return Number.isFinite(parsed) && parsed > 0 ? parsed : 0;
}

/** `--cpus` as nano CPUs, or quota and period in microseconds. */
function cpuCores(hostConfig: unknown): number {
  const nano = whole(hostConfig, 'NanoCpus');
  if (nano > 0) return nano / 1e9;
  const quota = whole(hostConfig, 'CpuQuota');
  return quota > 0 ? quota / (whole(hostConfig, 'CpuPeriod') || 100_000) : 0;
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
  if (at(state, 'Running') === true) {
    if (at(state, 'Paused') === true) return 'paused';
    return at(state, 'Restarting') === true ? 'restarting' : 'running';
  }
  if (at(state, 'RemovalInProgress') === true) return 'removing';
  if (at(state, 'Dead') === true) return 'dead';
  return timeMs(state, 'StartedAt') === 0 ? 'created' : 'exited';
}

function healthOf(status: string): TargetHealth {
  return status === 'healthy' || status === 'unhealthy' || status === 'starting' ? status : '';
}
