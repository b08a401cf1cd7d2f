/**
 * What happened to a container of a pod, told from its state before and after. A container of the
 * CRI lives once: each restart makes another, so what happens to one happens once and the same
 * change has the same event ids, however often it is seen.
 */
import type { EventKind, EventRow } from '@plimsoll/model';
import { makeEvent } from '../../events.ts';
import type { Target } from '../../target.ts';

interface ToldEvent {
  readonly kind: EventKind;
  readonly timeMs: number;
  readonly what: string;
  readonly severity?: EventRow['severity'];
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A container that was not known before. */
export function startEvents(target: Target, nowMs: number): EventRow[] {
  const restartCount = String(target.restartCount);
  const attributes = { restart_count: restartCount };
  const what = target.restartCount === 0 ? 'started' : `was started again, restart ${restartCount}`;
  return [
    event(target, {
      kind: 'container_create',
      timeMs: target.createdAtMs || nowMs,
      what: 'was created',
    }),
    event(target, {
      kind: 'container_start',
      timeMs: target.startedAtMs || nowMs,
      what,
      attributes,
    }),
  ];
}

/** @param isExitKnown whether the API server told how it ended */
export function exitEvents(target: Target, isExitKnown: boolean, nowMs: number): EventRow[] {
  const timeMs = target.finishedAtMs || nowMs;
  if (!isExitKnown) {
    return [event(target, { kind: 'container_die', timeMs, what: 'exited' })];
  }
  const exitCode = String(target.exitCode);
  const died = event(target, {
    kind: 'container_die',
    timeMs,
    what: `exited with code ${exitCode}`,
    severity: target.exitCode === 0 ? 'info' : 'warning',
    attributes: { exit_code: exitCode },
  });
  if (!target.isOomKilled) return [died];
  const what = 'ran out of memory';
  return [event(target, { kind: 'container_oom', timeMs, what, severity: 'error' }), died];
}

export function healthEvents(
  previous: Target | undefined,
  target: Target,
  nowMs: number,
): EventRow[] {
  const { health } = target;
  const isNews = previous !== undefined && health !== previous.health && health !== '';
  if (!isNews || (previous.health === '' && health === 'healthy')) return [];
  const row = event(
    target,
    {
      kind: 'health_status',
      timeMs: nowMs,
      what:
        health === 'healthy' ? 'became ready' : health === 'starting' ? 'starts' : 'is not ready',
      severity: health === 'unhealthy' ? 'warning' : 'info',
      attributes: { health },
    },
    String(nowMs),
  );
  return [row];
}

export function removalEvent(target: Target, nowMs: number): EventRow {
  return event(target, { kind: 'container_destroy', timeMs: nowMs, what: 'was removed' });
}

function event(target: Target, told: ToldEvent, occurrence = 'once'): EventRow {
  return makeEvent({
    labels: target.labels,
    timeMs: told.timeMs,
    kind: told.kind,
    severity: told.severity ?? 'info',
    message: `Container ${target.labels.container_name} ${told.what}.`,
    attributes: { source: 'kubernetes', ...told.attributes },
    occurrence,
  });
}
