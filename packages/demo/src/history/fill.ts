/**
 * The past of the fleet: statistics and events as rows, logs as lines of the files that the
 * collectors will read when they start.
 */
import type { FleetHost } from '../fleet-host.ts';

/** How far the history is apart: fine where it is looked at closely. */
const coarseStepMs = 30_000;
const fineStepMs = 10_000;
const fineMs = 3_600_000;
/** Longest that other work of the process waits. */
const sliceMs = 15;

export interface FillOptions {
  fromMs: number;
  toMs: number;
  signal: AbortSignal;
  /** 0…1. */
  onProgress: (done: number) => void;
}

export async function fillHistory(
  hosts: readonly FleetHost[],
  { fromMs, toMs, signal, onProgress }: FillOptions,
): Promise<void> {
  let sliceEnd = performance.now() + sliceMs;
  let before = fromMs;
  for (const timeMs of moments(fromMs, toMs)) {
    for (const host of hosts) {
      host.past({ fromMs: before, toMs: timeMs });
      if (performance.now() < sliceEnd) continue;
      await host.history.flush(signal);
      onProgress((timeMs - fromMs) / Math.max(1, toMs - fromMs));
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      sliceEnd = performance.now() + sliceMs;
    }
    before = timeMs;
  }
  for (const host of hosts) await host.history.flush(signal, true);
  onProgress(1);
}

export function* moments(fromMs: number, toMs: number): Generator<number> {
  for (let timeMs = fromMs; timeMs < toMs;) {
    timeMs = Math.min(toMs, timeMs + (toMs - timeMs > fineMs ? coarseStepMs : fineStepMs));
    yield timeMs;
  }
}
