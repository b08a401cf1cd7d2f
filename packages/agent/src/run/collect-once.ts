import { interruptSignal } from '@plimsoll/cli';
import type { Terminal } from '@plimsoll/cli';
import type { Lifecycle } from '@plimsoll/runtime';
import type { AgentContext } from '../compose/agent-context.ts';
import { makeCollector } from '../compose/collector.ts';

/**
 * Collects what is there now through parts that start and stop around it. Waits for as long as the
 * transport takes; resolves with 0 when all is durable, 130 when it was interrupted before.
 */
export async function collectOnce(
  context: AgentContext,
  lifecycle: Lifecycle,
  terminal: Terminal,
): Promise<number> {
  const interrupt = interruptSignal();
  // A start that waits for a server ends; later the collector itself heeds the signal.
  const stopStart = (): void => {
    if (lifecycle.state === 'starting') void lifecycle.stop();
  };
  interrupt.signal.addEventListener('abort', stopStart);
  try {
    await lifecycle.start();
    if (!interrupt.signal.aborted) await makeCollector(context).once(interrupt.signal);
    const isDone = !interrupt.signal.aborted;
    terminal.stderr.write(isDone ? 'All that was there is durable.\n' : 'Interrupted.\n');
    return isDone ? 0 : 130;
  } finally {
    interrupt.signal.removeEventListener('abort', stopStart);
    interrupt.dispose();
    await lifecycle.stop();
  }
}
