import { KafkaSubscriber } from '@plimsoll/transport';
import type { Component } from '@plimsoll/runtime';
import type { ProcessContext } from './process-context.ts';

/** Frames out of Kafka, as one member of the group. Starts without the cluster, and waits for it. */
export function subscriber({ config, ...context }: ProcessContext): Component {
  const { ingest } = config;
  const member = new KafkaSubscriber({
    config: config.transport.kafka,
    limits: {
      batchMaxBytes: ingest.batch_max_bytes,
      batchMaxRows: ingest.batch_max_rows,
      flushIntervalMs: ingest.flush_interval,
      maxInFlightBytes: ingest.max_in_flight,
    },
    logger: context.logger.child({ component: 'transport' }),
    metrics: context.metrics,
  });
  return {
    name: 'subscriber',
    start: () => {
      member.start();
      context.subscriber.set(member);
      context.health.registerReady('subscriber', () => member.health());
    },
    stop: () => member.stop(),
  };
}
