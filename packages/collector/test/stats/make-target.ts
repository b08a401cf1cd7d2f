import { hostLabels } from '@plimsoll/model';
import type { Target } from '../../src/target.ts';

/** A running container with nothing set but what is given. */
export function makeTarget(given: Partial<Target> & { dockerId: string }): Target {
  return {
    labels: { ...hostLabels('default', 'host-1'), container_id: given.dockerId },
    state: 'running',
    health: '',
    healthFailingStreak: 0,
    pid: 999_999_999,
    exitCode: 0,
    isOomKilled: false,
    restartCount: 0,
    createdAtMs: 0,
    startedAtMs: Date.UTC(2026, 0, 31, 23, 59, 59, 123),
    finishedAtMs: 0,
    limits: { memoryBytes: 0, cpuCores: 0, pids: 0 },
    imageId: '',
    runtime: 'runc',
    restartPolicy: '',
    isPrivileged: false,
    dockerLabels: {},
    logDriver: 'json-file',
    logPath: '',
    cgroup: { parent: '', driver: '' },
    ...given,
  };
}
