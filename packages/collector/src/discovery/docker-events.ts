/** Events of the Docker daemon as rows of `events`. */
import type { EventKind, EventRow, EventSeverity, TargetLabels } from '@plimsoll/model';
import { makeEvent } from '../events.ts';
import { at, text, textMap } from './describe-container.ts';
import { workloadLabels } from './workload-labels.ts';

/** What the daemon is asked for; the last four only cause another look at the container. */
export const wantedEvents = [
  'create',
  'start',
  'die',
  'stop',
  'kill',
  'oom',
  'destroy',
  'restart',
  'health_status',
  'rename',
  'update',
  'pause',
  'unpause',
];

export interface DockerEvent {
  containerId: string;
  /** Without what stands after a colon: `health_status: healthy` is `health_status`. */
  action: string;
  /** What stands after the colon. */
  detail: string;
  attributes: Record<string, string>;
  timeMs: number;
  /** `seconds.nanoseconds`: the daemon's `since`. */
  time: string;
}

/** Null for what is not an event of a container. */
export function parseDockerEvent(value: unknown): DockerEvent | null {
  const containerId = text(value, 'Actor', 'ID') || text(value, 'id');
  const [action = '', detail = ''] = (text(value, 'Action') || text(value, 'status')).split(': ');
  const nanoseconds = nanosecondsOf(value);
  if (containerId === '' || action === '' || nanoseconds === null) return null;
  return {
    containerId,
    action,
    detail,
    attributes: textMap(at(value, 'Actor', 'Attributes')),
    timeMs: Number(nanoseconds / 1_000_000n),
    time: `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`,
  };
}

/** `timeNano` is beyond what a JSON number keeps: a caller that has the text gives it as text. */
function nanosecondsOf(value: unknown): bigint | null {
  const nano = at(value, 'timeNano');
  if (typeof nano === 'string' && /^\d{1,20}$/.test(nano)) return BigInt(nano);
  if (typeof nano === 'number' && Number.isFinite(nano)) return BigInt(Math.trunc(nano));
  const seconds = at(value, 'time');
  return typeof seconds === 'number' && Number.isFinite(seconds)
    ? BigInt(Math.trunc(seconds)) * 1_000_000_000n
    : null;
}

export interface DockerEventContext {
  tenant: string;
  host: string;
  /** Labels when the container is known; an event says enough to make them otherwise. */
  labels: TargetLabels | undefined;
}

interface Telling {
  kind: EventKind;
  severity: EventSeverity;
  /** What happened to the container, to go behind its name. */
  what: string;
  attributes?: Record<string, string>;
}

/** Null for an event that is only a reason to look at the container again. */
export function dockerEventRow(event: DockerEvent, context: DockerEventContext): EventRow | null {
  const telling = tell(event);
  if (!telling) return null;
  const { tenant, host } = context;
  const { name = '', image = '' } = event.attributes;
  const labels =
    context.labels ??
    workloadLabels({ tenant, host, id: event.containerId, name, image }, event.attributes);
  return makeEvent({
    labels,
    timeMs: event.timeMs,
    kind: telling.kind,
    severity: telling.severity,
    message: `Container ${labels.container_name} ${telling.what}.`,
    attributes: { source: 'docker', ...telling.attributes },
    occurrence: event.time,
  });
}

function tell(event: DockerEvent): Telling | null {
  const { exitCode = '', signal = '' } = event.attributes;
  switch (event.action) {
    case 'create':
      return { kind: 'container_create', severity: 'info', what: 'was created' };
    case 'start':
      return { kind: 'container_start', severity: 'info', what: 'started' };
    case 'stop':
      return { kind: 'container_stop', severity: 'info', what: 'was stopped' };
    case 'restart':
      return { kind: 'container_restart', severity: 'info', what: 'was restarted' };
    case 'destroy':
      return { kind: 'container_destroy', severity: 'info', what: 'was removed' };
    case 'oom':
      return { kind: 'container_oom', severity: 'error', what: 'ran out of memory' };
    case 'kill':
      return {
        kind: 'container_kill',
        severity: 'info',
        what: `was sent signal ${signal || 'KILL'}`,
        attributes: { signal },
      };
    case 'die':
      return {
        kind: 'container_die',
        severity: exitCode === '0' ? 'info' : 'warning',
        what: `exited with code ${exitCode || 'unknown'}${signalOfExitCode(exitCode)}`,
        attributes: { exit_code: exitCode },
      };
    case 'health_status':
      return {
        kind: 'health_status',
        severity: event.detail === 'unhealthy' ? 'warning' : 'info',
        what: `became ${event.detail}`,
        attributes: { health: event.detail },
      };
    default:
      return null;
  }
}

const signalNames: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

/** By convention an exit code above 128 is 128 and the signal's number. */
function signalOfExitCode(exitCode: string): string {
  const name = signalNames[Number(exitCode) - 128];
  return name ? ` (${name})` : '';
}
