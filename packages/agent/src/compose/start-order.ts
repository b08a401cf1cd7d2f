import { Lifecycle } from '@plimsoll/runtime';
import type { AgentContext, AgentPart } from './agent-context.ts';
import { collector } from './collector.ts';
import { dataFolder } from './data-folder.ts';
import { kafkaTransport } from './kafka-transport.ts';
import { ops } from './ops.ts';
import { settledMemory } from './settled-memory.ts';

/** The collector that publishes to Kafka, in start order; it stops in reverse. */
const agentParts: readonly AgentPart[] = [
  dataFolder,
  kafkaTransport,
  ops,
  collector,
  settledMemory,
];

/** What a collector needs that runs once, without a port for others to look at. */
const onceParts: readonly AgentPart[] = [dataFolder, kafkaTransport];

export function composeAgent(context: AgentContext, { isOnce }: { isOnce: boolean }): Lifecycle {
  const lifecycle = new Lifecycle({ logger: context.logger });
  for (const part of isOnce ? onceParts : agentParts) lifecycle.add(part(context));
  return lifecycle;
}
