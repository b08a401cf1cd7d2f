/**
 * Exponential backoff with full jitter: the wait before try n is uniform between 0 and
 * min(maxMs, initialMs * factor^n), so that many clients of one server do not come back together.
 */
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';

export interface BackoffOptions {
  initialMs: number;
  maxMs: number;
  /** Default 2. */
  factor?: number;
  /** Uniform in [0, 1); default Math.random. */
  random?: () => number;
}

export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = { factor: 2, random: Math.random, ...options };
  }

  /** How many waits were handed out since the last reset. */
  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds to wait before the next try. */
  next(): number {
    const { initialMs, maxMs, factor, random } = this.#options;
    const ceiling = Math.min(maxMs, initialMs * factor ** this.#failures);
    this.#failures += 1;
    return random() * ceiling;
  }

  /** After a success. */
  reset(): void {
    this.#failures = 0;
  }
}

export interface RetryOptions {
  backoff: BackoffOptions;
  signal?: AbortSignal | undefined;
  clock?: Clock;
  /** Tries in all; default without end. */
  maxAttempts?: number;
  /** False for an error that no further try can mend; default all are tried again. */
  isRetryable?: (error: unknown) => boolean;
  /** Called before each wait. */
  onRetry?: (error: unknown, attempt: number, waitMs: number) => void;
}

/** Runs until it succeeds; throws the last error when tries are used up, or the signal's reason. */
export async function retry<T>(
  run: (signal: AbortSignal | undefined) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { signal, clock = systemClock, maxAttempts = Number.POSITIVE_INFINITY } = options;
  const backoff = new Backoff(options.backoff);
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await run(signal);
    } catch (error) {
      signal?.throwIfAborted();
      const mayRetry = options.isRetryable?.(error) ?? true;
      if (!mayRetry || attempt >= maxAttempts) throw error;
      const waitMs = backoff.next();
      options.onRetry?.(error, attempt, waitMs);
      await clock.sleep(waitMs, signal);
    }
  }
}
