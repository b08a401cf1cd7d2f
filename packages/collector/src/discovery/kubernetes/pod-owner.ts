import type { TargetOwner } from '../../target.ts';

export interface OwnedPod {
  /** The reference that says `controller: true`; empty without one. */
  readonly controller: TargetOwner;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

const minuteMs = 60_000;
/** A job may run long after it was due, and a pod of it may come late. */
const maxLateMs = 30 * 24 * 60 * minuteMs;

/**
 * What people would name as the owner. Deployments and cron jobs own what owns the pod; asking for
 * that would need more rights, and the names tell it: a Deployment's ReplicaSet is
 * `<deployment>-<pod-template-hash>`, a CronJob's Job is `<cron job>-<minutes since 1970>`.
 */
export function ownerOf({ controller, labels, createdAtMs }: OwnedPod): TargetOwner {
  const { kind, name } = controller;
  const hash = labels['pod-template-hash'] ?? '';
  if (kind === 'ReplicaSet' && hash !== '' && name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: name.slice(0, -hash.length - 1) };
  }
  const [, cronJob, minutes] = /^(.+)-(\d{8,10})$/.exec(name) ?? [];
  if (kind === 'Job' && cronJob !== undefined) {
    const lateMs = createdAtMs - Number(minutes) * minuteMs;
    if (lateMs >= -minuteMs && lateMs <= maxLateMs) return { kind: 'CronJob', name: cronJob };
  }
  return controller;
}
