import { systemClock, type Clock } from './clock.ts';
import type { Lifecycle, StopReport } from './lifecycle.ts';
import type { Logger } from './logger.ts';

/** The parts of `process` that are needed; tests hand in their own. */
export interface ProcessLike {
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  off(event: string, listener: (...values: unknown[]) => void): unknown;
  exit(code: number): void;
}

export interface RunProcessOptions {
  logger: Logger;
  process: ProcessLike;
  /** Once everything runs. */
  onStarted?: () => void;
  /** Once, when stopping begins. */
  onStopping?: (signal: string) => void;
  /** On SIGHUP, one after another; without it SIGHUP ends the process. Must not reject. */
  onReload?: () => Promise<void>;
  /** Whether a SIGHUP tells that the terminal is gone, which stops in order. Default: never. */
  isHangup?: () => boolean;
  clock?: Clock;
}

/**
 * A Ctrl-C reaches every process of a terminal's group, and those that started us pass it on: what
 * comes within this time is the same key press.
 */
const sameSignalMs = 500;

const exitCodes: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Runs until a signal: the first SIGINT or SIGTERM stops in order, a later one leaves at once. An
 * uncaught error is logged and ends the process with 1: positions and the journal make that safe.
 * Resolves with the exit code; throws what hindered the start.
 */
export async function runProcess(
  lifecycle: Lifecycle,
  options: RunProcessOptions,
): Promise<number> {
  const { logger, process: host, clock = systemClock } = options;
  const stopped = Promise.withResolvers<StopReport>();
  let stoppingSinceMs: number | null = null;

  const onSignal = (signal: unknown): void => {
    const name = String(signal);
    if (stoppingSinceMs !== null) {
      if (clock.monotonic() - stoppingSinceMs < sameSignalMs) return;
      logger.warn({ signal: name }, 'Left at once on a second signal.');
      host.exit(exitCodes[name] ?? 1);
      return;
    }
    stoppingSinceMs = clock.monotonic();
    options.onStopping?.(name);
    // Here and not below, so that a start under way begins no further part.
    stopped.resolve(lifecycle.stop());
  };
  let reloading = Promise.resolve();
  const onHangup = (): void => {
    if (options.isHangup?.() === true) onSignal('SIGHUP');
    else if (stoppingSinceMs === null) reloading = reloading.then(options.onReload);
  };
  const onCrash = (error: unknown): void => {
    logger.fatal({ err: error }, 'Ended on an unexpected error.');
    host.exit(1);
  };

  host.on('SIGINT', onSignal);
  host.on('SIGTERM', onSignal);
  if (options.onReload !== undefined) host.on('SIGHUP', onHangup);
  host.on('uncaughtException', onCrash);
  host.on('unhandledRejection', onCrash);
  try {
    // Whichever is first: a start that never ends does not outlive the stop.
    await Promise.race([lifecycle.start(), stopped.promise]);
    if (lifecycle.state === 'running') options.onStarted?.();
    const { failures } = await stopped.promise;
    return failures.length === 0 ? 0 : 1;
  } finally {
    host.off('SIGINT', onSignal);
    host.off('SIGTERM', onSignal);
    host.off('SIGHUP', onHangup);
    host.off('uncaughtException', onCrash);
    host.off('unhandledRejection', onCrash);
  }
}
