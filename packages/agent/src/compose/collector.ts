import { Collector } from '@plimsoll/collector';
import type { CollectorStatus } from '@plimsoll/collector';
import type { CheckResult, Component } from '@plimsoll/runtime';
import { AccessReport } from './access-report.ts';
import type { AgentContext } from './agent-context.ts';

/** Reads this host; stopping it hands over what was read and writes the checkpoint. */
export function collector(context: AgentContext): Component {
  return {
    name: 'collector',
    // Waits up to 5 s for the acknowledgement of what it has read.
    stopTimeoutMs: 7000,
    start: async () => {
      const running = makeCollector(context);
      context.collector.set(running);
      await running.start();
      const { config, logger, health } = context;
      const access = new AccessReport({
        config: config.collector,
        dataDir: config.data_dir,
        logger: logger.child({ component: 'collector' }),
      });
      context.access.set(access);
      void access.look();
      health.registerReady('collector', () => readiness(running.status()));
      health.registerReady('access', () => access.result());
    },
    stop: async () => {
      if (context.access.isFilled) context.access.get().stop();
      if (context.collector.isFilled) await context.collector.get().stop();
    },
  };
}

/** A collector that is not started yet. */
export function makeCollector({ config, layout, ...context }: AgentContext): Collector {
  return new Collector({
    config: config.collector,
    tenant: config.tenant,
    stateDirectory: layout.collector,
    version: context.version,
    publisher: context.publisher.get(),
    logger: context.logger.child({ component: 'collector' }),
    metrics: context.metrics,
  });
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
