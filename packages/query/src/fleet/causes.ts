/** One card per cause, not per container: firing alerts of one rule and one service belong together. */
import type { AlertEntry, FleetCause, LoadState } from '@plimsoll/model/api';
import { serviceName } from '../logs/service-name.ts';
import { stateRank } from './load-state.ts';

export interface CauseScope {
  /** How many containers of a service run now. */
  replicasOf: (service: string) => number;
}

/** As Docker itself prints ids. */
const shortIdChars = 12;

export function isLeakRule(rule: string): boolean {
  return rule.endsWith('_leak');
}

/** Soonest to run out first; what is happening now comes before what will. */
export function groupCauses(alerts: readonly AlertEntry[], scope: CauseScope): FleetCause[] {
  const groups = new Map<string, AlertEntry[]>();
  for (const alert of alerts) {
    if (alert.state !== 'firing') continue;
    const key = JSON.stringify([alert.rule, subjectOf(alert), alert.labels['image'] ?? '']);
    const group = groups.get(key);
    if (group) group.push(alert);
    else groups.set(key, [alert]);
  }
  return [...groups].map(([key, group]) => toCause(key, group, scope)).sort(bySoonest);
}

function toCause(key: string, group: AlertEntry[], scope: CauseScope): FleetCause {
  const worst = group.reduce((a, b) => (timeLeft(b) < timeLeft(a) ? b : a));
  const subject = subjectOf(worst);
  const containerIds = [...new Set(group.map((alert) => alert.labels['container_id'] ?? ''))]
    .filter((id) => id !== '')
    .sort();
  const hosts = [...new Set(group.map((alert) => alert.labels['host'] ?? ''))];
  const replicas = Math.max(containerIds.length, scope.replicasOf(subject));
  const since = Math.min(...group.map((alert) => alert.evidence.since ?? alert.active_at));
  return {
    id: Buffer.from(key).toString('base64url'),
    rule: worst.rule,
    state: causeState(worst),
    title: causeTitle(worst, subject),
    detail: causeDetail({ affected: containerIds.length, replicas, hosts, alert: worst }),
    since,
    time_left_seconds: worst.evidence.time_left_seconds,
    affected: containerIds.length,
    replicas: containerIds.length === 0 ? 0 : replicas,
    container_ids: containerIds,
    host: hosts.length === 1 ? (hosts[0] ?? '') : '',
    evidence: worst.evidence,
  };
}

function causeState(alert: AlertEntry): LoadState {
  if (isLeakRule(alert.rule)) return 'leaking';
  return alert.severity === 'critical' ? 'over' : 'near';
}

/**
 * The service of a container's alert; the host of any other. The kernel also tells of containers
 * that no runtime has named: those go by their short id.
 */
function subjectOf(alert: AlertEntry): string {
  const { labels } = alert;
  const id = labels['container_id'] ?? '';
  if (id === '') return labels['host'] ?? '';
  const service = serviceName({
    compose_service: labels['compose_service'] ?? '',
    kubernetes_container: labels['kubernetes_container'] ?? '',
    container_name: labels['container_name'] ?? '',
  });
  return service === '' ? id.slice(0, shortIdChars) : service;
}

/** What a subject does, by rule, in a plain sentence. */
const sentences: Readonly<Record<string, (subject: string, alert: AlertEntry) => string>> = {
  memory_near_limit: (subject) => `${subject} is close to its memory limit`,
  oom_kill: (subject) => `${subject} was killed for want of memory`,
  cpu_throttled: (subject) => `${subject} is throttled`,
  pids_near_limit: (subject) => `${subject} is close to its limit of processes`,
  restart_loop: (subject) => `${subject} restarts over and over`,
  unhealthy: (subject) => `${subject} is unhealthy`,
  disk_nearly_full: (subject, alert) => `${diskOf(alert)} of ${subject} is nearly full`,
  inodes_nearly_full: (subject, alert) => `${diskOf(alert)} of ${subject} is nearly out of inodes`,
  collector_silent: (subject) => `the collector of ${subject} is silent`,
  container_log_loss: (subject) => `log lines of ${subject} were lost`,
};

function causeTitle(alert: AlertEntry, subject: string): string {
  const sentence = sentences[alert.rule];
  if (sentence) return sentence(subject, alert);
  if (!isLeakRule(alert.rule)) return alert.summary;
  const resource = alert.rule.replace(/_leak$/, '').replaceAll('_', ' ');
  const countable = /memory|space|disk/.test(resource) || resource.endsWith('s');
  return `${subject} leaks ${countable ? resource : `${resource}s`}`;
}

function diskOf(alert: AlertEntry): string {
  const mountpoint = alert.labels['mountpoint'] ?? '';
  return mountpoint === '' ? 'a disk' : `the disk ${mountpoint}`;
}

function causeDetail(cause: {
  affected: number;
  replicas: number;
  hosts: readonly string[];
  alert: AlertEntry;
}): string {
  if (cause.affected === 0) return cause.alert.summary;
  const image = cause.alert.labels['image'] ?? '';
  const parts = cause.replicas > 1 ? [`${cause.affected} of ${cause.replicas} replicas`] : [];
  if (image !== '') parts.push(`image ${image}`);
  parts.push(
    cause.hosts.length === 1 ? `on ${cause.hosts[0] ?? ''}` : `on ${cause.hosts.length} hosts`,
  );
  return parts.join(', ');
}

/** A leak with no known end waits behind all that has one; any other state is happening now. */
function timeLeft(cause: { evidence: AlertEntry['evidence'] }): number {
  return cause.evidence.time_left_seconds ?? Number.MAX_SAFE_INTEGER;
}

function bySoonest(a: FleetCause, b: FleetCause): number {
  const due = (cause: FleetCause) =>
    cause.time_left_seconds ??
    (cause.state === 'over' ? 0 : cause.state === 'near' ? 3600 : Number.MAX_SAFE_INTEGER);
  return (
    due(a) - due(b) ||
    stateRank[b.state] - stateRank[a.state] ||
    b.affected - a.affected ||
    (a.id < b.id ? -1 : 1)
  );
}
