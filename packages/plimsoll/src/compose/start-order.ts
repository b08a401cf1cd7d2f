import { collector, dataFolder, ops } from '@plimsoll/agent';
import { Lifecycle } from '@plimsoll/runtime';
import { alerting } from './alerting.ts';
import { demoFleet, demoFolder, demoHistory } from './demo.ts';
import { http } from './http.ts';
import { ingest, transport } from './pipeline.ts';
import type { Part, ProcessContext } from './process-context.ts';
import { migrations, storage } from './storage.ts';

export const roles = ['all', 'collector', 'ingest', 'query', 'alerting'] as const;

export type Role = (typeof roles)[number];

/** The roles, and the demo: everything but for its collector, which reads simulated hosts. */
export type ProcessRole = Role | 'demo';

/**
 * The parts of each role in start order; they stop in reverse. So the collector hands over what it
 * read before ingest stops, and nothing uses the engine when it closes.
 */
const startOrder: Readonly<Record<ProcessRole, readonly Part[]>> = {
  all: [dataFolder, storage, migrations, transport, ingest, http, alerting, collector],
  // With transport.mode: direct; the collector brings its own way to the server: journal and ingest.
  collector: [dataFolder, storage, migrations, transport, ingest, ops, collector],
  ingest: [dataFolder, storage, migrations, transport, ingest, ops],
  query: [storage, migrations, http],
  alerting: [storage, migrations, ops, alerting],
  demo: [
    dataFolder,
    demoFolder,
    storage,
    migrations,
    transport,
    ingest,
    http,
    demoHistory,
    alerting,
    demoFleet,
  ],
};

/** What a collector needs that runs once: its way to the server. */
const onceParts: readonly Part[] = [dataFolder, storage, migrations, transport, ingest];

export function composeOnce(context: ProcessContext): Lifecycle {
  const lifecycle = new Lifecycle({ logger: context.logger });
  for (const part of onceParts) lifecycle.add(part(context));
  return lifecycle;
}

export function composeRole(role: ProcessRole, context: ProcessContext): Lifecycle {
  const lifecycle = new Lifecycle({ logger: context.logger });
  for (const part of startOrder[role]) lifecycle.add(part(context));
  return lifecycle;
}
