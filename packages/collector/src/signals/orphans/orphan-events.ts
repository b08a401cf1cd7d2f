/** Rows of `events` about left-overs. */
import { type EventRow, type EventSeverity, hostLabels, type TargetLabels } from '@plimsoll/model';
import { makeEvent } from '../../events.ts';
import type { SignalContext } from '../signal.ts';
import type { Leftover, LeftoverType } from './leftover.ts';
import type { Orphan, TrackerChange } from './orphan-tracker.ts';

const plurals: Readonly<Record<LeftoverType, string>> = {
  veth: 'network interfaces',
  network_namespace: 'network namespaces',
  mount: 'mounts',
  volume: 'volumes',
  container: 'containers',
};

export function orphanEvents(change: TrackerChange, context: SignalContext): EventRow[] {
  return [
    ...change.removed.map((orphan) => removedEvent(orphan, context)),
    ...change.found.map((orphan) => foundEvent(orphan, context)),
    ...(change.summary ? [summaryEvent(change.summary, context)] : []),
  ];
}

function foundEvent(orphan: Orphan, context: SignalContext): EventRow {
  return makeEvent({
    labels: labelsOf(orphan, context),
    timeMs: context.clock.now(),
    kind: 'orphan_found',
    severity: severityOf(orphan),
    message: `${subjectOf(orphan)} ${reasonOf(orphan)}.`,
    attributes: attributesOf(orphan),
    occurrence: `${orphan.type} ${orphan.key} ${orphan.sinceMs}`,
  });
}

function removedEvent(orphan: Orphan, context: SignalContext): EventRow {
  const nowMs = context.clock.now();
  return makeEvent({
    labels: labelsOf(orphan, context),
    timeMs: nowMs,
    kind: 'orphan_removed',
    severity: 'info',
    message: `${subjectOf(orphan)} is no longer left over.`,
    attributes: {
      ...attributesOf(orphan),
      duration_seconds: String(Math.round((nowMs - orphan.sinceMs) / 1000)),
    },
    occurrence: `${orphan.type} ${orphan.key} ${orphan.sinceMs}`,
  });
}

function summaryEvent(
  summary: NonNullable<TrackerChange['summary']>,
  context: SignalContext,
): EventRow {
  const entries = Object.entries(summary) as [LeftoverType, number][];
  const counts = entries.map(([type, count]) => `${count} ${plurals[type]}`);
  const timeMs = context.clock.now();
  return makeEvent({
    labels: hostLabels(context.tenant, context.host),
    timeMs,
    kind: 'orphan_found',
    severity: 'warning',
    message: `More is left over by containers than is told one by one: ${counts.join(', ')}.`,
    attributes: {
      source: 'orphans',
      type: 'summary',
      ...Object.fromEntries(entries.map(([type, count]) => [type, String(count)])),
    },
    occurrence: `summary ${timeMs}`,
  });
}

function subjectOf({ type, name }: Leftover): string {
  switch (type) {
    case 'veth':
      return `Network interface ${name}`;
    case 'network_namespace':
      return `Network namespace ${name}`;
    case 'mount':
      return `Mount ${name}`;
    case 'volume':
      return `Volume ${name}`;
    case 'container':
      return `Container ${name}`;
    default:
      return type satisfies never;
  }
}

function reasonOf({ type, attributes }: Leftover): string {
  switch (type) {
    case 'veth':
      return 'is left over: its other end is in no network namespace that a process uses';
    case 'network_namespace':
      return 'is left over: no process is in it';
    case 'mount':
      return 'is left over: it belongs to no container that runs';
    case 'volume':
      return 'is used by no container';
    case 'container':
      return attributes['state'] === 'created'
        ? 'was created and never started'
        : `could not be removed (state ${attributes['state'] ?? 'unknown'})`;
    default:
      return type satisfies never;
  }
}

/** A volume or a container that waits may be meant to be there. */
function severityOf({ type, attributes }: Leftover): EventSeverity {
  return type === 'volume' || attributes['state'] === 'created' ? 'info' : 'warning';
}

function attributesOf(orphan: Orphan): Record<string, string> {
  return {
    source: 'orphans',
    type: orphan.type,
    name: orphan.name,
    since: new Date(orphan.sinceMs).toISOString(),
    ...orphan.attributes,
  };
}

function labelsOf({ containerId }: Leftover, context: SignalContext): TargetLabels {
  const host = hostLabels(context.tenant, context.host);
  if (containerId === '') return host;
  const target = context.targets().find(({ dockerId }) => dockerId === containerId);
  return target?.labels ?? { ...host, container_id: containerId };
}
