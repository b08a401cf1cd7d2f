import process from 'node:process';
import { createLogger, runProcess, sleep } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import type { Terminal } from '../cli/terminal.ts';
import { readVersion } from '../version.ts';
import { banner } from './banner.ts';
import { createProcessContext } from './process-context.ts';
import type { ProcessContext } from './process-context.ts';
import { composeRole } from './start-order.ts';
import type { ProcessRole } from './start-order.ts';

export interface RunRoleOptions {
  role: ProcessRole;
  config: Config;
  terminal: Terminal;
}

/** Runs a role until a signal; resolves with the exit code. Throws what hinders the start. */
export async function runRole({ role, config, terminal }: RunRoleOptions): Promise<number> {
  const logger = createLogger({ ...config.log, base: { role } });
  const context = createProcessContext({ role, config, version: readVersion(), logger });
  const from = performance.now();
  const lifecycle = composeRole(role, context);
  logger.info({ version: context.version, pid: process.pid }, 'Starting.');
  return runProcess(lifecycle, {
    logger,
    process,
    onStarted: () => {
      const startMs = Math.round(performance.now() - from);
      const { isFilled } = context.address;
      logger.info({ startMs, ...(isFilled && { url: context.address.get() }) }, 'Started.');
      if (terminal.stderr.isTTY === true) void showBanner(context, terminal);
    },
    onStopping: (signal) => logger.info({ signal }, 'Stopping; a second signal leaves at once.'),
  });
}

/** Longest that the banner waits for the first list of containers. */
const bannerWaitMs = 1500;

async function showBanner(context: ProcessContext, terminal: Terminal): Promise<void> {
  const { collector } = context;
  const until = performance.now() + bannerWaitMs;
  const isListed = (): boolean =>
    !collector.isFilled || collector.get().status().discovery.state === 'connected';
  while (!isListed() && performance.now() < until) await sleep(50);
  terminal.stderr.write(banner(context, terminal));
}
