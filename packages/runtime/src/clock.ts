import { sleep as systemSleep } from './sleep.ts';

/** Time as a thing to be handed in, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since 1970; may step. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: systemSleep,
};
