/** What happened to a container, told from its state before and after. */
import type { EventKind, EventRow } from '@plimsoll/model';
import { makeEvent } from '../events.ts';
import type { Target } from '../target.ts';

/** Oldest first. The times are those the runtime states, so the same change has the same ids. */
export function changeEvents(
  previous: Target | undefined,
  target: Target,
  nowMs: number,
): EventRow[] {
  const events: EventRow[] = [];
  const { labels } = target;
  const tell = (kind: EventKind, what: string, told: Told): void => {
    const { timeMs } = told;
    events.push(
      makeEvent({
        labels,
        timeMs,
        kind,
        severity: told.severity ?? 'info',
        message: `Container ${labels.container_name} ${what}.`,
        attributes: { source: 'directory', ...told.attributes },
        occurrence: told.occurrence ?? String(timeMs),
      }),
    );
  };
  if (target.state === 'removed') {
    tell('container_destroy', 'was removed', { timeMs: nowMs, occurrence: 'removed' });
    return events;
  }
  if (!previous) tell('container_create', 'was created', { timeMs: target.createdAtMs });
  if (target.finishedAtMs > (previous?.finishedAtMs ?? 0)) {
    if (target.isOomKilled) {
      tell('container_oom', 'ran out of memory', {
        timeMs: target.finishedAtMs,
        severity: 'error',
      });
    }
    tell('container_die', `exited with code ${target.exitCode}`, {
      timeMs: target.finishedAtMs,
      severity: target.exitCode === 0 ? 'info' : 'warning',
      attributes: { exit_code: String(target.exitCode) },
    });
  }
  if (target.startedAtMs > (previous?.startedAtMs ?? 0)) {
    tell('container_start', 'started', {
      timeMs: target.startedAtMs,
      attributes: { restart_count: String(target.restartCount) },
    });
  }
  if (previous && target.health !== previous.health && target.health !== '') {
    tell('health_status', `became ${target.health}`, {
      timeMs: nowMs,
      severity: target.health === 'unhealthy' ? 'warning' : 'info',
      attributes: { health: target.health },
      occurrence: `${target.startedAtMs} ${nowMs}`,
    });
  }
  return events.toSorted((a, b) => a.time.localeCompare(b.time));
}

interface Told {
  timeMs: number;
  severity?: EventRow['severity'];
  attributes?: Record<string, string>;
  /** Default: the time. */
  occurrence?: string;
}
