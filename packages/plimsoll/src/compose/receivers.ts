import { createReceivers } from '@plimsoll/receivers';
import type { Receivers } from '@plimsoll/receivers';
import type { Component } from '@plimsoll/runtime';
import { withNamedPort } from './named-port.ts';
import type { ProcessContext } from './process-context.ts';

/** What others push becomes frames; stopping lets requests under way become durable. */
export function receivers({ config, ...context }: ProcessContext): Component {
  let running: Receivers | null = null;
  return {
    name: 'receivers',
    start: async () => {
      const made = createReceivers({
        config: config.receivers,
        tenant: config.tenant,
        publisher: context.publisher.get(),
        logger: context.logger.child({ component: 'receivers' }),
        metrics: context.metrics,
        instance: config.collector.host,
      });
      running = made;
      const address = await withNamedPort('receivers.port', () => made.start());
      context.receiversAddress.set(address);
      context.health.registerReady('receivers', () => made.health());
    },
    stop: () => running?.stop(),
  };
}
