export {
  agentLayout,
  createAgentContext,
  type AgentContext,
  type AgentContextOptions,
  type AgentLayout,
} from './compose/agent-context.ts';
export { collector } from './compose/collector.ts';
export { DataDirLock } from './compose/data-dir-lock.ts';
export { dataFolder, prepareDataDir } from './compose/data-folder.ts';
export { kafkaTransport } from './compose/kafka-transport.ts';
export { ops } from './compose/ops.ts';
export { runContext } from './compose/run-context.ts';
export { Slot } from './compose/slot.ts';
export { collectOnce } from './run/collect-once.ts';
export { runAgent } from './run/run-agent.ts';
export { checkClickHouse } from './doctor/check-clickhouse.ts';
