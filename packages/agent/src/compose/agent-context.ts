import { join } from 'node:path';
import { Health, Metrics } from '@plimsoll/runtime';
import type { Collector } from '@plimsoll/collector';
import type { Component, Config, Logger } from '@plimsoll/runtime';
import type { Publisher } from '@plimsoll/transport';
import type { AccessReport } from './access-report.ts';
import { Slot } from './slot.ts';

/** Names below the data folder. */
export interface AgentLayout {
  /** Positions of log files, by collector. */
  collector: string;
  /** Names the process that uses the folder. */
  lock: string;
}

/** What the parts of a process with a collector are composed from. */
export interface AgentContext {
  readonly role: string;
  readonly config: Config;
  readonly layout: AgentLayout;
  readonly version: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly publisher: Slot<Publisher>;
  readonly collector: Slot<Collector>;
  readonly access: Slot<AccessReport>;
  /** Where the page and the API, or the ops routes alone, are served. */
  readonly address: Slot<string>;
}

/** Makes one component of a process; nothing is opened before its start. */
export type AgentPart = (context: AgentContext) => Component;

export interface AgentContextOptions {
  role: string;
  config: Config;
  version: string;
  logger: Logger;
}

export function agentLayout(dataDir: string): AgentLayout {
  return { collector: join(dataDir, 'collector'), lock: join(dataDir, 'plimsoll.lock') };
}

export function createAgentContext(options: AgentContextOptions): AgentContext {
  const { role, config, version, logger } = options;
  const metrics = new Metrics();
  metrics.collectProcessMetrics();
  metrics
    .gauge({
      name: 'plimsoll_process_build_info',
      help: 'Always 1; the labels tell version and role of this process.',
      labels: ['version', 'role'],
    })
    .set({ version, role }, 1);
  return {
    role,
    config,
    layout: agentLayout(config.data_dir),
    version,
    logger,
    metrics,
    health: new Health(),
    publisher: new Slot('publisher'),
    collector: new Slot('collector'),
    access: new Slot('access'),
    address: new Slot('address'),
  };
}
