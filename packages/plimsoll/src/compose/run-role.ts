import { collectOnce, runContext } from '@plimsoll/agent';
import type { Terminal } from '@plimsoll/cli';
import { createLogger, sleep } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { version } from '../version.ts';
import { banner } from './banner.ts';
import { createProcessContext } from './process-context.ts';
import type { ProcessContext } from './process-context.ts';
import { composeOnce, composeRole } from './start-order.ts';
import type { ProcessRole } from './start-order.ts';

export interface RunRoleOptions {
  role: ProcessRole;
  config: Config;
  terminal: Terminal;
  /** Reads the configuration again, for roles that can take a new one. */
  load?: () => Config;
}

/** Runs a role until a signal; resolves with the exit code. Throws what hinders the start. */
export async function runRole({ role, config, terminal, load }: RunRoleOptions): Promise<number> {
  const context = makeContext(role, config);
  const hasCollector = role === 'all' || role === 'collector';
  return runContext(context, composeRole(role, context), {
    terminal,
    load: hasCollector ? load : undefined,
    onStarted: () => {
      if (terminal.stderr.isTTY === true) void showBanner(context, terminal);
    },
  });
}

/** Collects what is there now into the server; resolves with the exit code. */
export async function runOnce(config: Config, terminal: Terminal): Promise<number> {
  const context = makeContext('collector', config);
  return collectOnce(context, composeOnce(context), terminal);
}

function makeContext(role: ProcessRole, config: Config): ProcessContext {
  const logger = createLogger({ ...config.log, base: { role } });
  return createProcessContext({ role, config, version, logger });
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
