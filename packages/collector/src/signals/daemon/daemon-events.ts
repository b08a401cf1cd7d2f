/** Rows of `events` about the health of the Docker daemon. */
import { type EventRow, hostLabels, type TargetLabels } from '@plimsoll/model';
import { makeEvent } from '../../events.ts';
import type { SignalContext } from '../signal.ts';
import type { Episode, StuckLevel, VerdictChange } from './daemon-verdict.ts';

const sentences: Readonly<Record<StuckLevel, string>> = {
  frozen: 'The Docker daemon is frozen: it accepts connections and answers nothing',
  daemon_lock:
    'The Docker daemon is stuck: it answers pings, but not its API (it waits for a lock of its own)',
  containerd:
    'containerd does not answer: the Docker daemon answers from its memory, but nothing can be ' +
    'started, stopped or executed',
  container_lock: 'The Docker daemon is stuck with one container, which it cannot inspect',
  events_silent: 'The Docker daemon does not tell that containers begin or end',
};

export function daemonEvent(
  change: VerdictChange,
  context: SignalContext,
  deadlineMs: number,
): EventRow {
  return change.kind === 'stuck'
    ? stuckEvent(change, context, deadlineMs)
    : recoveredEvent(change, context);
}

function stuckEvent(
  { episode, previous }: Extract<VerdictChange, { kind: 'stuck' }>,
  context: SignalContext,
  deadlineMs: number,
): EventRow {
  const isSilence = episode.level === 'events_silent';
  const why = isSilence ? episode.call : `${episode.call} took longer than ${deadlineMs / 1000} s`;
  return makeEvent({
    labels: labelsOf(episode, context),
    timeMs: context.clock.now(),
    kind: 'daemon_stuck',
    severity: 'error',
    message: `${sentences[episode.level]} (${why}).`,
    attributes: {
      ...attributesOf(episode),
      ...(isSilence ? {} : { deadline_seconds: String(deadlineMs / 1000) }),
      ...(episode.lastGoodMs > 0 ? { last_good: isoTime(episode.lastGoodMs) } : {}),
      ...(previous ? { previous_level: previous.level } : {}),
    },
    occurrence: `${episode.level} ${episode.sinceMs}`,
  });
}

function recoveredEvent(
  { episode, durationMs }: Extract<VerdictChange, { kind: 'recovered' }>,
  context: SignalContext,
): EventRow {
  const seconds = Math.round(durationMs / 1000);
  return makeEvent({
    labels: labelsOf(episode, context),
    timeMs: context.clock.now(),
    kind: 'daemon_recovered',
    severity: 'info',
    message: `The Docker daemon works again, after ${seconds} s.`,
    attributes: { ...attributesOf(episode), duration_seconds: String(seconds) },
    occurrence: `${episode.level} ${episode.sinceMs}`,
  });
}

function attributesOf({ level, call, sinceMs }: Episode): Record<string, string> {
  return { source: 'docker', level, call, since: isoTime(sinceMs) };
}

/** The container that it is about, if it is about one. */
function labelsOf({ containerId }: Episode, context: SignalContext): TargetLabels {
  const host = hostLabels(context.tenant, context.host);
  if (containerId === '') return host;
  const target = context.targets().find(({ dockerId }) => dockerId === containerId);
  return target?.labels ?? { ...host, container_id: containerId };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
