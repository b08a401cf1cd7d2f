import { Collector } from '@plimsoll/collector';
import type { CollectorStatus } from '@plimsoll/collector';
import type { CheckResult, Component } from '@plimsoll/runtime';
import type { ProcessContext } from './process-context.ts';

/** Reads this host; stopping it hands over what was read and writes the checkpoint. */
export function collector({ config, layout, ...context }: ProcessContext): Component {
  return {
    name: 'collector',
    // Waits up to 5 s for the acknowledgement of what it has read.
    stopTimeoutMs: 7000,
    start: async () => {
      const running = new Collector({
        config: config.collector,
        tenant: config.tenant,
        stateDirectory: layout.collector,
        version: context.version,
        publisher: context.transport.get(),
        logger: context.logger.child({ component: 'collector' }),
        metrics: context.metrics,
      });
      context.collector.set(running);
      await running.start();
      context.health.registerReady('collector', () => readiness(running.status()));
    },
    stop: async () => {
      if (context.collector.isFilled) await context.collector.get().stop();
    },
  };
}

/** No container runtime is a condition of the host, not a failure of the collector. */
function readiness({ state, checkpointProblem, discovery }: CollectorStatus): CheckResult {
  if (state !== 'running') return { ok: false, reason: 'The collector is stopped.' };
  if (checkpointProblem !== null) {
    return { ok: false, reason: `The checkpoint cannot be written: ${checkpointProblem}.` };
  }
  const isKnown = discovery.state === 'connected';
  return isKnown ? { ok: true } : { ok: true, reason: `Docker: ${discovery.reason}` };
}
