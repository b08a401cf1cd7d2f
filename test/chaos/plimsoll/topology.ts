/**
 * Who listens where, on loopback, in a block of a hundred ports:
 *
 *     collector-i ──proxy──▶ broker-b (a listener for each client, so that each link has a proxy)
 *     broker      ──proxy──▶ broker-b (replication; one proxy for all peers)
 *     ingest-i    ──proxy──▶ broker-b
 *     ingest-i    ──proxy──▶ store front ──▶ engine
 *
 * The harness itself goes past the proxies.
 */
import { createServer } from 'node:net';

export const brokerIds = [1, 2, 3] as const;

export interface Topology {
  readonly collectors: readonly string[];
  readonly ingests: readonly string[];
  /** The names of all that go to brokers through proxies of their own. */
  readonly clients: readonly string[];
  readonly base: number;
}

export function makeTopology(base: number, hosts: number): Topology {
  const collectors = Array.from({ length: hosts }, (_, at) => `collector-${at + 1}`);
  const ingests = ['ingest-1', 'ingest-2'];
  return { base, collectors, ingests, clients: [...collectors, ...ingests] };
}

/** Where a broker listens for one client. */
export function listenerPort({ base, clients }: Topology, broker: number, client: string): number {
  return base + broker * 10 + indexIn(clients, client);
}

export function peerPort({ base }: Topology, broker: number): number {
  return base + broker * 10 + 6;
}

export function controllerPort({ base }: Topology, broker: number): number {
  return base + broker * 10 + 7;
}

/** For the harness: through no proxy. */
export function directPort({ base }: Topology, broker: number): number {
  return base + broker * 10 + 8;
}

export function brokerProxyPort(topology: Topology, client: string, broker: number): number {
  return topology.base + 40 + indexIn(topology.clients, client) * 3 + broker - 1;
}

export function peerProxyPort({ base }: Topology, broker: number): number {
  return base + 60 + broker;
}

export function enginePort({ base }: Topology): number {
  return base + 70;
}

export function storeFrontPort({ base, ingests }: Topology, ingest: string): number {
  return base + 71 + indexIn(ingests, ingest);
}

export function storeLinkPort({ base, ingests }: Topology, ingest: string): number {
  return base + 75 + indexIn(ingests, ingest);
}

/** Health and metrics of a role. */
export function opsPort({ base, clients }: Topology, role: string): number {
  return base + 80 + (role === 'engine' ? 15 : indexIn(clients, role));
}

function indexIn(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  if (index < 0) throw new Error(`expected one of ${names.join(', ')}, got ${name}`);
  return index;
}

const firstBase = 26_000;
/** Below the ports that the kernel gives to whoever connects. */
const lastBase = 32_600;

/** A block of which nothing is in use now. */
export async function findFreeBlock(): Promise<number> {
  for (let base = firstBase; base <= lastBase; base += 100) {
    const probes = Array.from({ length: 96 }, (_, at) => isFree(base + at));
    if ((await Promise.all(probes)).every(Boolean)) return base;
  }
  throw new Error(`expected a hundred free ports between ${firstBase} and ${lastBase}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
