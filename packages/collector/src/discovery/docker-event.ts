/** An event of the Docker daemon, and which of them are asked for. */
import { at, text, textMap } from './json-fields.ts';

/**
 * The daemon filters: a health check alone makes three `exec_*` events at every probe. The last four
 * of containers only cause another look at the container.
 */
export const eventFilter = {
  type: ['container', 'image', 'network'],
  event: [
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
    // Of images.
    'pull',
    // Of networks.
    'connect',
    'disconnect',
  ],
};

export type DockerEventType = 'container' | 'image' | 'network';

export interface DockerEvent {
  type: DockerEventType;
  /** Id of a container or network, name of an image. */
  actorId: string;
  /** The container that it happened to; '' for an image. */
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

/** Null for what is not an event of a container, an image or a container's network. */
export function parseDockerEvent(value: unknown): DockerEvent | null {
  const type = text(value, 'Type') || 'container';
  const actorId = text(value, 'Actor', 'ID') || text(value, 'id');
  const attributes = textMap(value, 'Actor', 'Attributes');
  const [action = '', detail = ''] = (text(value, 'Action') || text(value, 'status')).split(': ');
  const nanoseconds = nanosecondsOf(value);
  if (actorId === '' || action === '' || nanoseconds === null || !isWanted(type, action)) {
    return null;
  }
  const containerId = containerOf(type, actorId, attributes);
  if (type !== 'image' && containerId === '') return null;
  return {
    type,
    actorId,
    containerId,
    action,
    detail,
    attributes,
    timeMs: Number(nanoseconds / 1_000_000n),
    time: timeText(nanoseconds),
  };
}

/** `seconds.nanoseconds` of the time one nanosecond after another. */
export function timeAfter(time: string): string {
  const [seconds = '0', fraction = ''] = time.split('.');
  return timeText(BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0')) + 1n);
}

/** Networks are made and removed too, with the same words as containers. */
function isWanted(type: string, action: string): type is DockerEventType {
  if (type === 'network') return action === 'connect' || action === 'disconnect';
  if (type === 'image') return action === 'pull';
  return type === 'container';
}

function containerOf(
  type: DockerEventType,
  actorId: string,
  attributes: Readonly<Record<string, string>>,
): string {
  if (type === 'container') return actorId;
  return type === 'network' ? (attributes['container'] ?? '') : '';
}

/** `timeNano` is beyond what a JSON number keeps: a caller that has the text gives it as text. */
function nanosecondsOf(value: unknown): bigint | null {
  const nano = at(value, 'timeNano');
  if (typeof nano === 'string' && /^\d{1,20}$/.test(nano)) return BigInt(nano);
  if (typeof nano === 'number' && Number.isFinite(nano) && nano >= 0) {
    return BigInt(Math.trunc(nano));
  }
  const seconds = at(value, 'time');
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0
    ? BigInt(Math.trunc(seconds)) * 1_000_000_000n
    : null;
}

function timeText(nanoseconds: bigint): string {
  return `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`;
}
