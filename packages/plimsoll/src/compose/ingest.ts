import { Ingest } from '@plimsoll/ingest';
import type { Component } from '@plimsoll/runtime';
import type { ProcessContext } from './process-context.ts';

/** Frames to rows, exactly once. What it does not finish is delivered again. */
export function ingest({ config, ...context }: ProcessContext): Component {
  return {
    name: 'ingest',
    // Lets inserts under way end, for 5 s.
    stopTimeoutMs: 7000,
    start: async () => {
      const running = new Ingest({
        engine: context.engine.get(),
        subscriber: context.subscriber.get(),
        logger: context.logger.child({ component: 'ingest' }),
        metrics: context.metrics,
        concurrency: config.ingest.concurrency,
        maxInFlightBytes: config.ingest.max_in_flight,
        deadLetters: context.deadLetters.get(),
      });
      context.ingest.set(running);
      await running.start();
      context.health.registerReady('ingest', () => running.health());
    },
    stop: async () => {
      if (context.ingest.isFilled) await context.ingest.get().stop();
    },
  };
}
