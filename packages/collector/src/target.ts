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
  readonly imageId: string;
  /** OCI runtime, such as `runc`. */
  readonly runtime: string;
  readonly restartPolicy: string;
  readonly isPrivileged: boolean;
  /** All labels of the container. */
  readonly dockerLabels: Readonly<Record<string, string>>;
  readonly logDriver: string;
  /** Path of the current log file as the runtime names it (without `roots.host`); '' without one. */
  readonly logPath: string;
  readonly cgroup: CgroupHints;
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
