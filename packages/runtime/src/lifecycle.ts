/**
 * Starts the parts of a process in the order in which they were added and stops them in reverse.
 *
 *   idle → starting → running → stopping → stopped
 *
 * A part that fails to start stops those before it, and the error is thrown. Stopping runs once,
 * whoever asks; a part that outlives its deadline is left behind and reported, and the next one is
 * stopped all the same. All deadlines together end at the total.
 */
import { abortReason } from './abort-reason.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { messageOf, PlimsollError } from './errors/plimsoll-error.ts';
import type { Logger } from './logger.ts';

export interface Component {
  name: string;
  /** The signal aborts when the process is to stop: a start that waits for others ends then. */
  start?: (signal: AbortSignal) => Promise<void> | void;
  /** Idempotent. */
  stop?: () => Promise<void> | void;
  /** Milliseconds; default 5 s. */
  stopTimeoutMs?: number;
}

export type LifecycleState = 'idle' | 'starting' | 'running' | 'stopping' | 'stopped';

export interface LifecycleOptions {
  logger: Logger;
  clock?: Clock;
  /** For all parts together; default 10 s. */
  stopTimeoutMs?: number;
}

export interface StopReport {
  /** Parts that failed to stop or were left behind. */
  failures: { component: string; error: unknown }[];
}

const defaultComponentStopMs = 5000;
const defaultTotalStopMs = 10_000;

export class Lifecycle {
  readonly #components: Component[] = [];
  readonly #started: Component[] = [];
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #totalStopMs: number;
  readonly #stopRequested = new AbortController();
  #state: LifecycleState = 'idle';
  #inStartName: string | null = null;
  #starting: Promise<void> | null = null;
  /** The part being started; never rejects. */
  #inStart: Promise<{ error: unknown } | null> | null = null;
  #stopping: Promise<StopReport> | null = null;

  constructor(options: LifecycleOptions) {
    this.#logger = options.logger;
    this.#clock = options.clock ?? systemClock;
    this.#totalStopMs = options.stopTimeoutMs ?? defaultTotalStopMs;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** Name of the part that is being started. */
  get waitsFor(): string | null {
    return this.#inStartName;
  }

  add(component: Component): this {
    this.#components.push(component);
    return this;
  }

  /** Names in start order. */
  order(): string[] {
    return this.#components.map(({ name }) => name);
  }

  start(): Promise<void> {
    this.#starting ??= this.#startAll();
    return this.#starting;
  }

  stop(): Promise<StopReport> {
    this.#stopRequested.abort();
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #startAll(): Promise<void> {
    this.#state = 'starting';
    for (const component of this.#components) {
      if (this.#stopRequested.signal.aborted) return;
      const from = this.#clock.monotonic();
      // Before start, so that a part that failed half-way is stopped too.
      this.#started.push(component);
      this.#inStartName = component.name;
      this.#inStart = startOne(component, this.#stopRequested.signal);
      const failure = await this.#inStart;
      this.#inStart = null;
      this.#inStartName = null;
      if (failure !== null) {
        await this.stop();
        throw failure.error;
      }
      const elapsedMs = Math.round(this.#clock.monotonic() - from);
      this.#logger.debug({ component: component.name, elapsedMs }, 'Started.');
    }
    if (!this.#stopRequested.signal.aborted) this.#state = 'running';
  }

  async #stopAll(): Promise<StopReport> {
    this.#state = 'stopping';
    const endAt = this.#clock.monotonic() + this.#totalStopMs;
    // A part is not stopped under its own start, unless that takes too long.
    if (this.#inStart !== null) await this.#within(this.#totalStopMs / 2, this.#inStart);
    const report: StopReport = { failures: [] };
    for (const component of this.#started.toReversed()) {
      const left = Math.max(0, endAt - this.#clock.monotonic());
      const timeoutMs = Math.min(component.stopTimeoutMs ?? defaultComponentStopMs, left);
      const error = await this.#stopOne(component, timeoutMs);
      if (error === null) {
        this.#logger.debug({ component: component.name }, 'Stopped.');
        continue;
      }
      report.failures.push({ component: component.name, error });
      this.#logger.error({ component: component.name, err: error }, 'Failed to stop.');
    }
    this.#state = 'stopped';
    return report;
  }

  async #stopOne(component: Component, timeoutMs: number): Promise<unknown> {
    try {
      if (await this.#within(timeoutMs, Promise.resolve(component.stop?.()))) return null;
      const message = `expected ${component.name} to stop within ${Math.round(timeoutMs)} ms, but it has not`;
      return new PlimsollError('component_stop_timeout', message);
    } catch (error) {
      return error;
    }
  }

  /** False when the time was up first. */
  async #within(ms: number, work: Promise<unknown>): Promise<boolean> {
    const done = new AbortController();
    const deadline = this.#clock.sleep(ms, done.signal).then(
      () => false,
      () => false,
    );
    try {
      return await Promise.race([work.then(() => true), deadline]);
    } finally {
      done.abort();
    }
  }
}

/** A start that ended because it was told to has not failed. */
async function startOne(
  component: Component,
  signal: AbortSignal,
): Promise<{ error: unknown } | null> {
  try {
    await component.start?.(signal);
    return null;
  } catch (error) {
    if (signal.aborted && error === abortReason(signal)) return null;
    return { error: startError(component.name, error) };
  }
}

/** Coded errors say enough by themselves; others get the name of the part. */
function startError(component: string, error: unknown): unknown {
  if (error instanceof Error && 'code' in error && 'hint' in error) return error;
  const message = `expected ${component} to start, got: ${messageOf(error)}`;
  return new PlimsollError('component_start_failed', message, { cause: error });
}
