import type { Component } from '@plimsoll/runtime';
import { KafkaPublisher } from '@plimsoll/transport';
import type { AgentContext } from './agent-context.ts';

/** Frames into Kafka. Starts without it: what is read waits, and reading stops at its bound. */
export function kafkaTransport({ config, ...context }: AgentContext): Component {
  const publisher = new KafkaPublisher({
    config: config.transport.kafka,
    logger: context.logger.child({ component: 'transport' }),
    metrics: context.metrics,
  });
  return {
    name: 'transport',
    start: () => {
      context.publisher.set(publisher);
      publisher.start();
      context.health.registerReady('transport', () => publisher.health());
    },
    stop: () => publisher.stop(),
  };
}
