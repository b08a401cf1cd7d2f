import type { TargetLabels } from '@plimsoll/model';

/** States of a container as Docker names them, and `removed`, which is ours. */
export type TargetState =
  'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead' | 'removed';

export type TargetHealth = '' | 'starting' | 'healthy' | 'unhealthy';

/** Limits as configured; 0 is "no limit". */
export interface TargetLimits {
  memoryBytes: number;
  cpuCores: number;
  pids: number;
}

/**
 * A container that is watched, as its runtime described it last. A value: a change makes a new
 * object, so that `===` tells whether anything changed. Discovery makes them; log tailing,
 * statistics and kernel events read them.
 */
export interface Target {
  /** Container id: 64 hexadecimal digits for Docker. The key of a target. */
  readonly dockerId: string;
  readonly labels: TargetLabels;
  readonly state: TargetState;
  readonly health: TargetHealth;
  readonly healthFailingStreak: number;
  /** Init process as the host sees it; 0 when not running. */
  readonly pid: number;
  readonly exitCode: number;
  readonly isOomKilled: boolean;
  readonly restartCount: number;
  /** Milliseconds since 1970; 0 when it has not happened. */
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly limits: TargetLimits;
  /** What the scheduler set aside for it; 0 is "nothing". */
  readonly requests: TargetRequests;
  readonly imageId: string;
  /** `sha256:…` of the registry's manifest; '' for an image that was never pulled or pushed. */
  readonly imageDigest: string;
  /** OCI runtime, such as `runc`. */
  readonly runtime: string;
  readonly restartPolicy: string;
  readonly isPrivileged: boolean;
  /** All labels of the container. */
  readonly dockerLabels: Readonly<Record<string, string>>;
  /** Where its log comes from and in which form. */
  readonly logSource: LogSourceKind;
  readonly logDriver: string;
  readonly logOptions: Readonly<Record<string, string>>;
  /** Path of the current log file as the runtime names it (without `roots.host`); '' without one. */
  readonly logPath: string;
  readonly cgroup: CgroupHints;
  /** Output is a terminal's: one stream, no frames in the Docker API. */
  readonly isTty: boolean;
  /** The pause container of a pod: holds its namespaces, has no workload, is in no sum. */
  readonly isSandbox: boolean;
  /** Folder of what it wrote over its image, as the host names it; '' when not known. */
  readonly writableLayer: string;
  /** Compose services that it waits for. */
  readonly dependsOn: readonly string[];
  readonly swarmService: string;
  readonly swarmTask: string;
  readonly podUid: string;
  readonly owner: TargetOwner;
  /** What was declared of its isolation; the keys of `targets.security` without `actual_`. */
  readonly security: Readonly<Record<string, string>>;
  /** `bridge`, `host`, `none`, `container:<id>`, a network's name. */
  readonly networkMode: string;
  readonly hasInit: boolean;
  readonly stopTimeoutSeconds: number;
  readonly healthStartPeriodSeconds: number;
}

/** `docker-file`: json-file at `logPath`; `docker-api`: asked of the daemon; `cri`: file at `logPath`. */
export type LogSourceKind = 'docker-file' | 'docker-api' | 'cri' | 'none';

export interface TargetRequests {
  readonly memoryBytes: number;
  readonly cpuCores: number;
}

/** What made a pod: `Deployment`, `DaemonSet`, …; empty when not known. */
export interface TargetOwner {
  readonly kind: string;
  readonly name: string;
}

/** A target with nothing known but what is given: for those who find containers. */
export function makeTarget(known: Pick<Target, 'dockerId' | 'labels'> & Partial<Target>): Target {
  return {
    state: 'created',
    health: '',
    healthFailingStreak: 0,
    pid: 0,
    exitCode: 0,
    isOomKilled: false,
    restartCount: 0,
    createdAtMs: 0,
    startedAtMs: 0,
    finishedAtMs: 0,
    limits: { memoryBytes: 0, cpuCores: 0, pids: 0 },
    requests: { memoryBytes: 0, cpuCores: 0 },
    imageId: '',
    imageDigest: '',
    runtime: '',
    restartPolicy: '',
    isPrivileged: false,
    dockerLabels: {},
    logSource: 'none',
    logDriver: '',
    logOptions: {},
    logPath: '',
    cgroup: { parent: '', driver: '' },
    isTty: false,
    isSandbox: false,
    writableLayer: '',
    dependsOn: [],
    swarmService: '',
    swarmTask: '',
    podUid: '',
    owner: { kind: '', name: '' },
    security: {},
    networkMode: '',
    hasInit: false,
    stopTimeoutSeconds: 0,
    healthStartPeriodSeconds: 0,
    ...known,
  };
}

/** What the runtime says about a container's control group; `/proc/<pid>/cgroup` is better. */
export interface CgroupHints {
  /** `HostConfig.CgroupParent`; empty for the runtime's default. */
  readonly parent: string;
  /** `cgroupfs` (`/docker/<id>`), `systemd` (`system.slice/docker-<id>.scope`), '' when not known. */
  readonly driver: string;
}

/** True when the container has processes to be sampled. */
export function isRunning(target: Target): boolean {
  return target.pid > 0 && (target.state === 'running' || target.state === 'paused');
}
