import { Health, Metrics } from '@plimsoll/runtime';
import type { Alerting } from '@plimsoll/alerting';
import type { Collector } from '@plimsoll/collector';
import type { Demo } from '@plimsoll/demo';
import type { Ingest } from '@plimsoll/ingest';
import type { Component, Config, Logger } from '@plimsoll/runtime';
import type { Engine, MigrateResult } from '@plimsoll/storage';
import type { DirectTransport } from '@plimsoll/transport';
import { dataLayout } from './data-layout.ts';
import type { DataLayout } from './data-layout.ts';
import { Slot } from './slot.ts';

/** What every part of a process is composed from. */
export interface ProcessContext {
  readonly role: string;
  readonly config: Config;
  readonly layout: DataLayout;
  readonly version: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly engine: Slot<Engine>;
  readonly schema: Slot<MigrateResult>;
  readonly transport: Slot<DirectTransport>;
  readonly ingest: Slot<Ingest>;
  readonly collector: Slot<Collector>;
  readonly alerting: Slot<Alerting>;
  readonly demo: Slot<Demo>;
  /** Where the page and the API, or the ops routes alone, are served. */
  readonly address: Slot<string>;
}

/** Makes one component of a process; nothing is opened before its start. */
export type Part = (context: ProcessContext) => Component;

export interface ProcessContextOptions {
  role: string;
  config: Config;
  version: string;
  logger: Logger;
}

export function createProcessContext(options: ProcessContextOptions): ProcessContext {
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
    layout: dataLayout(config.data_dir),
    version,
    logger,
    metrics,
    health: new Health(),
    engine: new Slot('engine'),
    schema: new Slot('schema'),
    transport: new Slot('transport'),
    ingest: new Slot('ingest'),
    collector: new Slot('collector'),
    alerting: new Slot('alerting'),
    demo: new Slot('demo'),
    address: new Slot('address'),
  };
}
