import { join } from 'node:path';
import { agentLayout } from '@plimsoll/agent';
import type { AgentLayout } from '@plimsoll/agent';

/** Every name below the data folder. */
export interface DataLayout extends AgentLayout {
  /** The embedded engine's. */
  engine: string;
  /** Frames that were acknowledged and are not stored yet. */
  journal: string;
  /** Frames that cannot be stored, each with its reason. */
  deadLetters: string;
}

export function dataLayout(dataDir: string): DataLayout {
  return {
    ...agentLayout(dataDir),
    engine: join(dataDir, 'clickhouse'),
    journal: join(dataDir, 'journal'),
    deadLetters: join(dataDir, 'dead-letters'),
  };
}
