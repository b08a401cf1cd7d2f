import { createLogger } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import type { CommandInput } from '@plimsoll/cli';
import { createAgentContext } from '../compose/agent-context.ts';
import { composeAgent } from '../compose/start-order.ts';
import { runContext } from '../compose/run-context.ts';
import type { Load } from '../load-configuration.ts';
import { collectOnce } from './collect-once.ts';

export interface RunAgentOptions {
  config: Config;
  input: CommandInput;
  version: string;
  isOnce: boolean;
  load: Load;
}

/** The collector that publishes to Kafka; resolves with the exit code. */
export async function runAgent(options: RunAgentOptions): Promise<number> {
  const { config, input, version, isOnce, load } = options;
  const logger = createLogger({ ...config.log, base: { role: 'collector' } });
  const context = createAgentContext({ role: 'collector', config, version, logger });
  const { terminal, values } = input;
  if (isOnce) return collectOnce(context, composeAgent(context, { isOnce }), terminal);
  return runContext(context, composeAgent(context, { isOnce }), {
    terminal,
    load: () => load(values, terminal).config,
  });
}
