import process from 'node:process';
import { isatty } from 'node:tty';
import type { Terminal } from '@plimsoll/cli';
import { runProcess } from '@plimsoll/runtime';
import type { Config, Lifecycle } from '@plimsoll/runtime';
import type { AgentContext } from './agent-context.ts';
import { reloader } from './reload.ts';

export interface RunContextOptions {
  terminal: Terminal;
  /** The configuration as it is now; for a process that can reload it. */
  load?: (() => Config) | undefined;
  onStarted?: () => void;
}

/** Runs a process until a signal; resolves with the exit code. Throws what hinders the start. */
export async function runContext(
  context: AgentContext,
  lifecycle: Lifecycle,
  { terminal, load, onStarted }: RunContextOptions,
): Promise<number> {
  const { logger, version, address } = context;
  const from = performance.now();
  logger.info({ version, pid: process.pid }, 'Starting.');
  return runProcess(lifecycle, {
    logger,
    process,
    onStarted: () => {
      const startMs = Math.round(performance.now() - from);
      logger.info({ startMs, ...(address.isFilled && { url: address.get() }) }, 'Started.');
      onStarted?.();
    },
    onStopping: (signal) => logger.info({ signal }, 'Stopping; a second signal leaves at once.'),
    ...(load !== undefined && { onReload: reloader(context, load) }),
    // A terminal that was closed sends the same signal; then it is one no longer.
    isHangup: () => terminal.stderr.isTTY === true && !isatty(2),
  });
}
