import { planCollection } from '@plimsoll/collector';
import { interruptSignal } from '@plimsoll/cli';
import type { Terminal } from '@plimsoll/cli';
import { silentLogger } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { agentLayout } from '../compose/agent-context.ts';
import { renderPlan } from './render-plan.ts';
import { transportTarget } from './transport-target.ts';

/** Prints what would be collected, and touches nothing; resolves with the exit code. */
export async function dryRun(
  config: Config,
  terminal: Terminal,
  options: { isJson: boolean },
): Promise<number> {
  const interrupt = interruptSignal();
  try {
    const plan = await planCollection({
      config: config.collector,
      tenant: config.tenant,
      stateDirectory: agentLayout(config.data_dir).collector,
      logger: silentLogger(),
      signal: interrupt.signal,
    });
    if (interrupt.signal.aborted) return 130;
    const whole = { ...plan, transport: transportTarget(config) };
    terminal.stdout.write(
      options.isJson ? `${JSON.stringify(whole, null, 2)}\n` : renderPlan(whole),
    );
    return 0;
  } finally {
    interrupt.dispose();
  }
}
