/** Events of the Docker daemon as rows of `events`. */
import type { EventKind, EventRow, EventSeverity, TargetLabels } from '@plimsoll/model';
import { makeEvent } from '../events.ts';
import type { DockerEvent } from './docker-event.ts';

interface Telling {
  kind: EventKind;
  severity: EventSeverity;
  /** What happened to the container, to go behind its name. */
  what: string;
  attributes?: Record<string, string>;
}

/** Null for an event that is only a reason to look at the container again. */
export function dockerEventRow(
  event: DockerEvent,
  labels: TargetLabels,
  known: Readonly<Record<string, string>>,
): EventRow | null {
  const telling = event.type === 'network' ? tellOfNetwork(event) : tellOfContainer(event);
  if (!telling) return null;
  return makeEvent({
    labels,
    timeMs: event.timeMs,
    kind: telling.kind,
    severity: telling.severity,
    message: `Container ${labels.container_name || event.containerId.slice(0, 12)} ${telling.what}.`,
    attributes: { source: 'docker', ...telling.attributes, ...known },
    // A container may leave two networks in the same nanosecond as far as we know.
    occurrence: event.type === 'network' ? `${event.time} ${event.actorId}` : event.time,
  });
}

export interface PulledImage {
  digest: string;
  id: string;
  sizeBytes: number;
}

/** @param known what is known of the download, such as its duration */
export function imagePullRow(
  event: DockerEvent,
  labels: TargetLabels,
  known: { image: PulledImage | null; download: Readonly<Record<string, string>> },
): EventRow {
  const { image, download } = known;
  const duration = download['duration_ms'];
  return makeEvent({
    labels: { ...labels, image: event.actorId },
    timeMs: event.timeMs,
    kind: 'image_pull',
    severity: 'info',
    message:
      duration === undefined
        ? `Image ${event.actorId} was pulled.`
        : `Image ${event.actorId} was pulled in ${(Number(duration) / 1000).toFixed(1)} s.`,
    attributes: {
      source: 'docker',
      image: event.actorId,
      ...(image && { image_id: image.id, size_bytes: String(image.sizeBytes) }),
      ...(image && image.digest !== '' && { digest: image.digest }),
      ...download,
    },
    occurrence: `${event.time} ${event.actorId}`,
  });
}

function tellOfNetwork({ action, actorId, attributes }: DockerEvent): Telling {
  const { name = '', type = '' } = attributes;
  const isConnected = action === 'connect';
  return {
    kind: isConnected ? 'network_connect' : 'network_disconnect',
    severity: 'info',
    what: `${isConnected ? 'was connected to' : 'was disconnected from'} network ${name || actorId}`,
    attributes: { network: name, network_id: actorId, driver: type },
  };
}

function tellOfContainer(event: DockerEvent): Telling | null {
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
      return tellOfKill(event);
    case 'die':
      return tellOfDeath(event);
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

function tellOfKill({ attributes }: DockerEvent): Telling {
  const { signal = '' } = attributes;
  return {
    kind: 'container_kill',
    severity: 'info',
    what: `was sent signal ${signal || 'KILL'}`,
    attributes: { signal },
  };
}

function tellOfDeath({ attributes }: DockerEvent): Telling {
  const { exitCode = '' } = attributes;
  const signal = signalOfExitCode(exitCode);
  return {
    kind: 'container_die',
    severity: exitCode === '0' ? 'info' : 'warning',
    what: `exited with code ${exitCode || 'unknown'}${signal === '' ? '' : ` (${signal})`}`,
    attributes: { exit_code: exitCode, ...(signal !== '' && { signal }) },
  };
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
  return signalNames[Number(exitCode) - 128] ?? '';
}
