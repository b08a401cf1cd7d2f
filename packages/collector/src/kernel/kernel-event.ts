/** Rows of `events` from the kernel log. */
import { type EventRow, type EventSeverity, hostLabels, type TargetLabels } from '@plimsoll/model';
import { formatTime } from '../stats/rows.ts';
import { containerIdsOf } from './container-of-path.ts';
import { meaningOfXid, parseXid, type XidCause } from './gpu-xid.ts';
import type { KernelFinding, KernelProcess } from './kernel-patterns.ts';
import type { KmsgRecord } from './kmsg-record.ts';
import type { OomKill } from './oom-kills.ts';

/** Longest text of the kernel that is kept with an event. */
const maxTextLength = 512;

export interface KernelEventContext {
  tenant: string;
  host: string;
  bootId: string;
  /** Milliseconds since 1970 at the kernel's time zero. */
  bootTimeMs: number;
  /** Labels of a container known now or lately; undefined for one never seen. */
  labelsOf: (containerId: string) => TargetLabels | undefined;
  /** Container of a process that the record at this time was about; undefined when not known. */
  containerOfProcess?: (process: KernelProcess, timeMs: number) => string | undefined;
}

export function oomKillEvent(kill: OomKill, context: KernelEventContext): EventRow {
  const labels = attribute(
    [...containerIdsOf(kill.taskCgroup), ...containerIdsOf(kill.oomCgroup)],
    context,
  );
  return {
    ...labels,
    time: timeOf(kill.microseconds, context),
    event_id: eventId(kill.sequence, context),
    kind: 'oom_kill',
    severity: 'error',
    message: `Process ${kill.process} (pid ${kill.pid}) was killed: ${reasonOf(kill, labels)}.`,
    attributes: {
      source: 'kmsg',
      process: kill.process,
      pid: String(kill.pid),
      constraint: kill.constraint,
      ...given('uid', kill.uid),
      ...given('oom_cgroup', kill.oomCgroup),
      ...given('task_cgroup', kill.taskCgroup),
      ...given('total_vm_bytes', kill.totalVmBytes),
      ...given('anon_rss_bytes', kill.anonRssBytes),
      ...given('file_rss_bytes', kill.fileRssBytes),
      ...given('shmem_rss_bytes', kill.shmemRssBytes),
    },
  };
}

export function kernelEvent(
  record: KmsgRecord,
  finding: KernelFinding,
  context: KernelEventContext,
): EventRow {
  if (finding.pattern.name === 'gpu_error') return gpuErrorEvent(record, finding, context);
  return {
    ...attribute(containersOf(record, finding.process, context), context),
    time: timeOf(record.microseconds, context),
    event_id: eventId(record.sequence, context),
    kind: 'kernel',
    severity: finding.pattern.severity,
    message: finding.sentence,
    attributes: {
      source: 'kmsg',
      pattern: finding.pattern.name,
      ...given('process', finding.process?.name),
      ...given('pid', finding.process?.pid),
      text: record.text.slice(0, maxTextLength),
    },
  };
}

const severityOfCause: Readonly<Record<XidCause, EventSeverity>> = {
  application: 'warning',
  hardware: 'error',
  driver: 'error',
  information: 'info',
};

function gpuErrorEvent(
  record: KmsgRecord,
  finding: KernelFinding,
  context: KernelEventContext,
): EventRow {
  const xid = parseXid(record.text);
  const known = xid && meaningOfXid(xid.number);
  const process = xid?.pid === undefined ? undefined : { name: xid.process, pid: xid.pid };
  return {
    ...attribute(containersOf(record, process, context), context),
    time: timeOf(record.microseconds, context),
    event_id: eventId(record.sequence, context),
    kind: 'gpu_error',
    severity: known ? severityOfCause[known.cause] : finding.pattern.severity,
    message:
      xid && known
        ? `The GPU at ${xid.device} reported Xid ${xid.number}: ${known.meaning}.`
        : finding.sentence,
    attributes: {
      source: 'kmsg',
      pattern: finding.pattern.name,
      ...given('xid', xid?.number),
      ...given('device', xid?.device),
      ...given('cause', known?.cause),
      ...given('process', xid?.process),
      ...given('pid', xid?.pid),
      text: record.text.slice(0, maxTextLength),
    },
  };
}

/** The ids that the text names, else that of the process that it is about. */
function containersOf(
  record: KmsgRecord,
  process: KernelProcess | undefined,
  context: KernelEventContext,
): string[] {
  const named = containerIdsOf(record.text);
  if (named.length > 0 || !process) return named;
  const timeMs = context.bootTimeMs + record.microseconds / 1000;
  const id = context.containerOfProcess?.(process, timeMs);
  return id === undefined ? [] : [id];
}

function reasonOf(kill: OomKill, labels: TargetLabels): string {
  switch (kill.constraint) {
    case 'memcg':
      return labels.container_name === ''
        ? 'its memory limit was reached'
        : `the memory limit of ${labels.container_name} was reached`;
    case 'host':
      return 'the host ran out of memory';
    case 'unknown':
      return 'memory ran out';
    default:
      return kill.constraint satisfies never;
  }
}

/** The first container that is known; else the innermost one by its id alone; else the host. */
function attribute(ids: readonly string[], context: KernelEventContext): TargetLabels {
  for (const id of ids) {
    const labels = context.labelsOf(id);
    if (labels) return labels;
  }
  return { ...hostLabels(context.tenant, context.host), container_id: ids[0] ?? '' };
}

function timeOf(microseconds: number, context: KernelEventContext): string {
  return formatTime(Math.round(context.bootTimeMs + microseconds / 1000));
}

function eventId(sequence: number, context: KernelEventContext): string {
  return `kmsg-${context.bootId}-${sequence}`;
}

function given(name: string, value: string | number | undefined): Record<string, string> {
  return value === undefined || value === '' ? {} : { [name]: String(value) };
}
