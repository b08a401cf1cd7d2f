/**
 * kafkajs 2.2.4 sets itself a timer to look at requests that wait, also when none do: with a delay
 * that lies in the past, so every connection wakes up each millisecond for as long as it lives.
 * Idle, that is 5 % of a core, five times what the whole collector may use. Here the timer is set
 * only for requests that wait.
 */
import { createRequire } from 'node:module';

interface RequestQueue {
  pending: readonly unknown[];
}

type Schedule = (this: RequestQueue) => void;

let isFixed = false;

/** Idempotent. Another version of the library, without that function, is left as it is. */
export function fixIdleTimers(): void {
  if (isFixed) return;
  isFixed = true;
  const load = createRequire(import.meta.url);
  const queue: unknown = load('kafkajs/src/network/requestQueue');
  const prototype: unknown = typeof queue === 'function' ? queue.prototype : null;
  if (!hasSchedule(prototype)) return;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleWhenNeeded(): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}

function hasSchedule(value: unknown): value is { scheduleCheckPendingRequests: Schedule } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'scheduleCheckPendingRequests' in value &&
    typeof value.scheduleCheckPendingRequests === 'function'
  );
}
