import { Alerting } from '@plimsoll/alerting';
import type { Component } from '@plimsoll/runtime';
import type { ProcessContext } from './process-context.ts';

/** Evaluates the rules and tells the receivers. */
export function alerting({ config, ...context }: ProcessContext): Component {
  return {
    name: 'alerting',
    start: async () => {
      const running = new Alerting({
        engine: context.engine.get(),
        config: config.alerting,
        tenant: config.tenant,
        logger: context.logger.child({ component: 'alerting' }),
        metrics: context.metrics,
      });
      context.alerting.set(running);
      await running.start();
    },
    stop: async () => {
      if (context.alerting.isFilled) await context.alerting.get().stop();
    },
  };
}
