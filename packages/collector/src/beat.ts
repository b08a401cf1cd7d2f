/**
 * Whole seconds of the wall clock, on which work that need not be exact is done together: after an
 * idle while each wake-up of a process costs more than what it wakes up for.
 */
import type { Clock } from '@plimsoll/runtime';

const beatMs = 1000;

/** Milliseconds until the next beat; that after it where the next is less than half of one away. */
export function untilBeat(clock: Clock): number {
  const ms = beatMs - (clock.now() % beatMs);
  return ms < beatMs / 2 ? ms + beatMs : ms;
}

/** A wait that may as well end on a beat, if it is as long as one. */
export function roundToBeat(ms: number, clock: Clock): number {
  return ms < beatMs ? ms : untilBeat(clock);
}
