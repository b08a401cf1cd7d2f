import { createAgentContext, Slot } from '@plimsoll/agent';
import type { AgentContext, AgentContextOptions } from '@plimsoll/agent';
import type { Alerting } from '@plimsoll/alerting';
import type { Demo } from '@plimsoll/demo';
import type { Ingest } from '@plimsoll/ingest';
import type { Component } from '@plimsoll/runtime';
import type { Engine, MigrateResult } from '@plimsoll/storage';
import type { DeadLetterStore, Subscriber } from '@plimsoll/transport';
import { dataLayout } from './data-layout.ts';
import type { DataLayout } from './data-layout.ts';

/** What every part of a process is composed from. */
export interface ProcessContext extends AgentContext {
  readonly layout: DataLayout;
  readonly engine: Slot<Engine>;
  readonly schema: Slot<MigrateResult>;
  /** Where frames come from: the journal, or Kafka. */
  readonly subscriber: Slot<Subscriber>;
  readonly deadLetters: Slot<DeadLetterStore>;
  readonly ingest: Slot<Ingest>;
  readonly alerting: Slot<Alerting>;
  readonly demo: Slot<Demo>;
  /** Where ClickHouse's own protocol is served, and where receivers listen. */
  readonly clickhouseAddress: Slot<string>;
  readonly receiversAddress: Slot<string>;
}

/** Makes one component of a process; nothing is opened before its start. */
export type Part = (context: ProcessContext) => Component;

export function createProcessContext(options: AgentContextOptions): ProcessContext {
  return {
    ...createAgentContext(options),
    layout: dataLayout(options.config.data_dir),
    engine: new Slot('engine'),
    schema: new Slot('schema'),
    subscriber: new Slot('subscriber'),
    deadLetters: new Slot('dead letters'),
    ingest: new Slot('ingest'),
    alerting: new Slot('alerting'),
    demo: new Slot('demo'),
    clickhouseAddress: new Slot('clickhouse address'),
    receiversAddress: new Slot('receivers address'),
  };
}
