import { collector, dataFolder, kafkaTransport, ops } from '@plimsoll/agent';
import { Lifecycle } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { alerting } from './alerting.ts';
import { clickhouseHttp } from './clickhouse-http.ts';
import { folderDeadLetters, kafkaDeadLetters } from './dead-letters.ts';
import { demoFleet, demoFolder, demoHistory } from './demo.ts';
import { http } from './http.ts';
import { ingest } from './ingest.ts';
import { journal } from './journal.ts';
import type { Part, ProcessContext } from './process-context.ts';
import { receivers } from './receivers.ts';
import { migrations, storage } from './storage.ts';
import { subscriber } from './subscriber.ts';

export const roles = ['all', 'collector', 'ingest', 'query', 'alerting', 'storage'] as const;

export type Role = (typeof roles)[number];

/** The roles, and the demo: everything but for its collector, which reads simulated hosts. */
export type ProcessRole = Role | 'demo';

/**
 * The parts of a role in start order; they stop in reverse. So whatever brings frames stops first
 * and hands over what it has, then ingest ends the batch under way, and nothing uses the engine when
 * it closes. A role without a page serves its health before it waits for anything.
 */
function partsOf(role: ProcessRole, config: Config): readonly Part[] {
  const tables = [storage, migrations];
  const store = [...transportParts(config), ingest];
  const pushed = config.receivers.enabled ? [receivers] : [];
  const isServed = config.clickhouse_http.enabled && config.storage.mode === 'embedded';
  const protocol = isServed ? [clickhouseHttp] : [];
  switch (role) {
    case 'all':
      return [dataFolder, ...tables, ...store, ...protocol, http, alerting, collector, ...pushed];
    // With transport.mode: direct; it brings its own way to the server: journal and ingest.
    case 'collector':
      return [ops, dataFolder, ...tables, ...direct, ingest, collector];
    case 'ingest':
      return [ops, ...ingestParts(config), ...pushed];
    case 'storage':
      return [ops, dataFolder, ...tables, clickhouseHttp];
    case 'query':
      return [...tables, http];
    case 'alerting':
      return [ops, ...tables, alerting];
    case 'demo':
      return [dataFolder, demoFolder, ...tables, ...direct, ingest, ...demoParts];
    default:
      return role satisfies never;
  }
}

const demoParts: readonly Part[] = [http, demoHistory, alerting, demoFleet];

function transportParts({ transport }: Config): readonly Part[] {
  return transport.mode === 'kafka' ? [kafkaTransport, subscriber, kafkaDeadLetters] : direct;
}

/** Between Kafka and a server nothing is kept on this host, and nothing published but pushes. */
function ingestParts({ transport, receivers: pushes }: Config): readonly Part[] {
  if (transport.mode === 'direct') return [dataFolder, storage, migrations, ...direct, ingest];
  const publisher = pushes.enabled ? [kafkaTransport] : [];
  return [storage, migrations, ...publisher, subscriber, kafkaDeadLetters, ingest];
}

/** Through the journal of this process. */
const direct: readonly Part[] = [journal, folderDeadLetters];

/** What a collector needs that runs once: its way to the server. */
const onceParts: readonly Part[] = [dataFolder, storage, migrations, ...direct, ingest];

export function composeOnce(context: ProcessContext): Lifecycle {
  const lifecycle = new Lifecycle({ logger: context.logger });
  for (const part of onceParts) lifecycle.add(part(context));
  return lifecycle;
}

export function composeRole(role: ProcessRole, context: ProcessContext): Lifecycle {
  const lifecycle = new Lifecycle({ logger: context.logger });
  for (const part of partsOf(role, context.config)) lifecycle.add(part(context));
  // Health is served before everything runs: what has not started yet answers nothing.
  context.health.registerReady('start', () => {
    if (lifecycle.state === 'running') return { ok: true };
    const { waitsFor } = lifecycle;
    return { ok: false, reason: waitsFor === null ? lifecycle.state : `starting ${waitsFor}` };
  });
  return lifecycle;
}
