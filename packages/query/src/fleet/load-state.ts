/** The one visual grammar in numbers: how loaded a container is, and why, in a few plain words. */
import type { LoadState } from '@plimsoll/model/api';

export interface Load {
  memory: number | null;
  memoryLimit: number;
  cpu: number | null;
  cpuLimit: number;
  /** Share of CFS periods throttled over five minutes. */
  throttled: number | null;
  pids: number | null;
  pidsLimit: number;
  fileDescriptors: number | null;
  fileDescriptorsLimit: number;
  health: string;
  /** OOM kills within the last ten minutes. */
  oomKills: number;
  alerts: readonly LoadAlert[];
}

export interface LoadAlert {
  isLeak: boolean;
  isCritical: boolean;
  summary: string;
  timeLeftSeconds: number | null;
}

export interface Verdict {
  state: LoadState;
  why: string;
  worst: number;
}

/** Over the line first, then what will get there, then what is close. */
export function judgeLoad(load: Load): Verdict {
  const memory = share(load.memory, load.memoryLimit);
  const cpu = share(load.cpu, load.cpuLimit);
  const pids = share(load.pids, load.pidsLimit);
  const descriptors = share(load.fileDescriptors, load.fileDescriptorsLimit);
  const worst = Math.max(memory, cpu, pids, descriptors);
  const verdict = (state: LoadState, why: string): Verdict => ({ state, why, worst });

  if (load.oomKills > 0) return verdict('over', 'killed for want of memory');
  if (memory >= 0.98) return verdict('over', `memory at ${percent(memory)} of its limit`);
  const critical = load.alerts.find((alert) => alert.isCritical && !alert.isLeak);
  if (critical) return verdict('over', critical.summary);

  const leak = load.alerts.find((alert) => alert.isLeak);
  if (leak) return verdict('leaking', leakWords(leak));

  if (memory >= 0.9) return verdict('near', `memory at ${percent(memory)} of its limit`);
  const throttled = load.throttled ?? 0;
  if (throttled > 0.25) return verdict('near', `CPU throttled ${percent(throttled)} of the time`);
  if (pids >= 0.9) return verdict('near', `processes at ${percent(pids)} of their limit`);
  if (descriptors >= 0.9) {
    return verdict('near', `file descriptors at ${percent(descriptors)} of their limit`);
  }
  if (load.health === 'unhealthy') return verdict('near', 'unhealthy');
  return verdict('within', '');
}

/** Most urgent first; a container's place in every list that is sorted by "worst". */
export const stateRank: Readonly<Record<LoadState, number>> = {
  over: 3,
  leaking: 2,
  near: 1,
  within: 0,
};

/** `2 h`, `35 min`, `4 d`: one unit, rounded down so that nobody counts on time that is not there. */
function formatTimeLeft(seconds: number): string {
  if (seconds >= 2 * 86_400) return `${Math.floor(seconds / 86_400)} d`;
  if (seconds >= 2 * 3600) return `${Math.floor(seconds / 3600)} h`;
  if (seconds >= 60) return `${Math.floor(seconds / 60)} min`;
  return `${Math.max(0, Math.floor(seconds))} s`;
}

function leakWords(leak: LoadAlert): string {
  return leak.timeLeftSeconds === null
    ? leak.summary
    : `leaking, ${formatTimeLeft(leak.timeLeftSeconds)} left`;
}

function share(used: number | null, limit: number): number {
  return used === null || limit <= 0 ? 0 : used / limit;
}

function percent(ratio: number): string {
  return `${Math.floor(ratio * 100)} %`;
}
