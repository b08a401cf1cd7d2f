import { Ingest } from '@plimsoll/ingest';
import type { Component } from '@plimsoll/runtime';
import { DirectTransport } from '@plimsoll/transport';
import type { ProcessContext } from './process-context.ts';

/** The journal between collector and ingest: what it acknowledges survives a crash. */
export function transport({ config, layout, ...context }: ProcessContext): Component {
  return {
    name: 'transport',
    start: async () => {
      const direct = new DirectTransport({
        directory: layout.journal,
        deadLetterDirectory: layout.deadLetters,
        maxBytes: config.ingest.journal_max_bytes,
        batchMaxBytes: config.ingest.batch_max_bytes,
        flushIntervalMs: config.ingest.flush_interval,
        logger: context.logger.child({ component: 'transport' }),
        metrics: context.metrics,
      });
      context.transport.set(direct);
      context.publisher.set(direct);
      await direct.start();
      context.health.registerReady('transport', () => direct.health());
    },
    stop: async () => {
      if (context.transport.isFilled) await context.transport.get().stop();
    },
  };
}

/** Journal to rows, exactly once. What it does not finish is replayed at the next start. */
export function ingest({ config, layout, ...context }: ProcessContext): Component {
  return {
    name: 'ingest',
    start: async () => {
      const running = new Ingest({
        engine: context.engine.get(),
        subscriber: context.transport.get(),
        logger: context.logger.child({ component: 'ingest' }),
        metrics: context.metrics,
        concurrency: config.ingest.concurrency,
        deadLetterDirectory: layout.deadLetters,
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
