import { targetLabelNames, type TargetRow } from '@plimsoll/model';
import { formatTime } from '../stats/rows.ts';
import type { Target } from '../target.ts';

export const targetColumns = [
  ...targetLabelNames,
  'time',
  'image_id',
  'runtime',
  'state',
  'health',
  'health_failing_streak',
  'pid',
  'exit_code',
  'oom_killed',
  'restart_count',
  'created_at',
  'started_at',
  'finished_at',
  'labels',
  'memory_limit_bytes',
  'cpu_limit_cores',
  'pids_limit',
  'log_driver',
  'log_path',
  'restart_policy',
  'privileged',
] as const satisfies readonly (keyof TargetRow)[];

export function targetRow(target: Target, timeMs: number): TargetRow {
  return {
    ...target.labels,
    time: formatTime(timeMs),
    image_id: target.imageId,
    runtime: target.runtime,
    state: target.state,
    health: target.health,
    health_failing_streak: target.healthFailingStreak,
    pid: target.pid,
    exit_code: target.exitCode,
    oom_killed: Number(target.isOomKilled),
    restart_count: target.restartCount,
    created_at: formatTime(target.createdAtMs),
    started_at: formatTime(target.startedAtMs),
    finished_at: formatTime(target.finishedAtMs),
    labels: { ...target.dockerLabels },
    memory_limit_bytes: target.limits.memoryBytes,
    cpu_limit_cores: target.limits.cpuCores,
    pids_limit: target.limits.pids,
    log_driver: target.logDriver,
    log_path: target.logPath,
    restart_policy: target.restartPolicy,
    privileged: Number(target.isPrivileged),
  };
}
