import { DirectTransport } from '@plimsoll/transport';
import type { Component } from '@plimsoll/runtime';
import type { ProcessContext } from './process-context.ts';

/** The journal between publishers and ingest of one process: what it acknowledges survives a crash. */
export function journal({ config, layout, ...context }: ProcessContext): Component {
  const direct = new DirectTransport({
    directory: layout.journal,
    deadLetterDirectory: layout.deadLetters,
    maxBytes: config.ingest.journal_max_bytes,
    batchMaxBytes: config.ingest.batch_max_bytes,
    flushIntervalMs: config.ingest.flush_interval,
    logger: context.logger.child({ component: 'transport' }),
    metrics: context.metrics,
  });
  return {
    name: 'journal',
    start: async () => {
      await direct.start();
      context.subscriber.set(direct);
      context.publisher.set(direct);
      context.health.registerReady('transport', () => direct.health());
    },
    stop: () => direct.stop(),
  };
}
