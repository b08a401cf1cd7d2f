/**
 * Ours: collectors on simulated hosts, three brokers, two replicas of ingest, the engine behind its
 * HTTP interface; all of them processes, and between them proxies that can be broken.
 */
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@plimsoll/runtime';
import { eventually } from '../../harness/eventually.ts';
import type { FaultSurface, Link, Pipeline, StoredRow } from '../pipeline.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import type { LinkGroup } from '../proxy/link-group.ts';
import { StoreGroup } from '../proxy/store-group.ts';
import type { StoreProxy } from '../proxy/store-proxy.ts';
import type { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { HostPlace } from '../writers/log-place.ts';
import { brokerProcess } from './brokers.ts';
import {
  collectorConfig,
  directBrokers,
  engineConfig,
  ingestConfig,
  readUser,
  writeConfig,
} from './configs.ts';
import { kafkaLag } from './kafka-lag.ts';
import { readMetric, readReady } from './ops-client.ts';
import { StoreClient } from './store-client.ts';
import { TmpfsDisk, type TmpfsDiskOptions } from './tmpfs-disk.ts';
import { brokerIds, enginePort, opsPort, type Topology } from './topology.ts';
import { linkGroups, storeProxies, tcpProxies } from './wiring.ts';

export interface PlimsollPipelineOptions {
  folder: string;
  topology: Topology;
  hosts: readonly HostPlace[];
  /** Whether file systems may be mounted. */
  hasDisks: boolean;
  onNote: (note: string) => void;
}

const repository = resolve(import.meta.dirname, '../../..');
const agentProgram = join(repository, 'packages/agent/src/main.ts');
const plimsollProgram = join(repository, 'packages/plimsoll/src/main.ts');

const onceBy = {
  host_stats: 'host, time',
  collector_stats: 'host, collector_id, time',
  filesystem_stats: 'host, mountpoint, device, time',
};

const startDeadlineMs = 120_000;
/** Sizes that a collector knows of its files are as old as its looks at idle ones. */
const lookAgeMs = 15_000;

export class PlimsollPipeline implements Pipeline {
  readonly name = 'plimsoll';
  readonly hosts: readonly HostPlace[];
  readonly #options: PlimsollPipelineOptions;
  readonly #processes = new Map<string, ManagedProcess>();
  readonly #links: TcpProxy[];
  readonly #groups: LinkGroup[];
  readonly #fronts: StoreProxy[];
  readonly #store: StoreClient;
  readonly #collectedMs = new Map<string, number>();
  #disks: TmpfsDisk[] = [];

  constructor(options: PlimsollPipelineOptions) {
    this.#options = options;
    this.hosts = options.hosts;
    this.#links = tcpProxies(options.topology);
    this.#groups = linkGroups(this.#links);
    this.#fronts = storeProxies(options.topology);
    this.#store = new StoreClient(`http://127.0.0.1:${enginePort(options.topology)}`, readUser);
  }

  get surface(): FaultSurface {
    return {
      roles: [...this.#processes.values()],
      links: this.#breakable,
      disks: this.#disks,
      stores: [new StoreGroup('ingests@engine', this.#fronts), ...this.#fronts],
    };
  }

  async start(): Promise<void> {
    this.#prepare();
    await Promise.all([...this.#links, ...this.#fronts].map((proxy) => proxy.start()));
    for (const name of ['engine', ...brokerIds.map((id) => `broker-${id}`)]) {
      await this.#processes.get(name)?.start();
    }
    await eventually('the engine to answer', startDeadlineMs, () => this.#store.isThere());
    for (const name of this.#options.topology.clients) await this.#processes.get(name)?.start();
    await eventually('all roles to be ready', startDeadlineMs, async () => {
      await this.#checkReady();
      return (await this.#store.count()) !== null;
    });
  }

  async stop(keepIn: string | null): Promise<void> {
    const { collectors, ingests } = this.#options.topology;
    const inOrder = [collectors, ingests, ['engine'], brokerIds.map((id) => `broker-${id}`)];
    for (const names of inOrder) {
      await Promise.all(
        names.map(async (name) =>
          this.#processes.get(name)?.end(name.startsWith('broker') ? 'SIGKILL' : 'SIGTERM'),
        ),
      );
    }
    await Promise.all([...this.#links, ...this.#fronts].map((proxy) => proxy.stop()));
    const engineData = join(this.#options.folder, 'data', 'engine');
    if (keepIn !== null) cpSync(engineData, keepIn, { recursive: true });
    for (const disk of this.#disks) disk.unmount();
    this.#disks = [];
  }

  storedCount(): Promise<number | null> {
    return this.#store.count();
  }

  readRows(): AsyncIterable<readonly StoredRow[]> {
    return this.#store.readRows();
  }

  async collectedUpToMs(): Promise<number> {
    const { topology } = this.#options;
    for (const name of topology.collectors) {
      const atMs = Date.now();
      const lag = await readMetric(opsPort(topology, name), 'plimsoll_collector_log_lag_bytes');
      if (lag === 0) this.#collectedMs.set(name, atMs - lookAgeMs);
    }
    return Math.min(...topology.collectors.map((name) => this.#collectedMs.get(name) ?? 0));
  }

  async drained(): Promise<{ isDrained: boolean; detail: string }> {
    const { topology } = this.#options;
    const waiting: string[] = [];
    for (const name of topology.collectors) {
      const lag = await readMetric(opsPort(topology, name), 'plimsoll_collector_log_lag_bytes');
      if (lag !== 0) waiting.push(`${name} is ${lag ?? '?'} bytes behind`);
    }
    try {
      const { frames, detail } = await kafkaLag(directBrokers(topology));
      if (frames > 0) waiting.push(`${frames} frames in Kafka (${detail})`);
    } catch (error) {
      waiting.push(`Kafka does not answer: ${messageOf(error)}`);
    }
    return { isDrained: waiting.length === 0, detail: waiting.join('; ') };
  }

  async diagnose(): Promise<string> {
    const { topology } = this.#options;
    const lines: string[] = [(await this.drained()).detail];
    for (const [name, process] of this.#processes) {
      const isOurs = name === 'engine' || topology.clients.includes(name);
      const ready = isOurs ? await readReady(opsPort(topology, name)) : '';
      const state = process.pid() === null ? 'not running' : `process ${process.pid()}`;
      lines.push(
        `${name}: ${state}, ended by itself ${process.unexpectedEnds} times ${ready.slice(0, 500)}`,
      );
      lines.push(...tail(this.#logFile(name)).map((line) => `    ${line.slice(0, 300)}`));
    }
    return lines.filter(Boolean).join('\n');
  }

  /** Rows of statistics are promised once too: one for each collector, or container, and time. */
  async otherFindings(): Promise<readonly string[]> {
    const findings: string[] = [];
    for (const [table, key] of Object.entries(onceBy)) {
      const [row] = await this.#store.rows(
        `SELECT count() - uniqExact(${key}), count() FROM ${table}`,
      );
      const [doubled, all] = (row ?? []).map(Number);
      if (doubled !== 0) findings.push(`${doubled} of ${all} rows of ${table} are doubled`);
    }
    return findings;
  }

  evidence(): readonly string[] {
    return [this.#options.folder];
  }

  /** A collector talks to one broker at a time: it is cut off from all of them or from none. */
  get #breakable(): readonly Link[] {
    const single = this.#links.filter(({ name }) => !name.startsWith('collector'));
    return [...single, ...this.#groups];
  }

  #prepare(): void {
    const { folder, topology, hosts } = this.#options;
    for (const name of ['logs', 'data', 'configs'])
      mkdirSync(join(folder, name), { recursive: true });
    // Merges leave the last of it alone, if they are given the time to see it (docs/adr/0006).
    const engineData = this.#disk('engine', {
      name: 'disk-engine',
      megabytes: 1024,
      approach: { freeBytes: 20 * 1024 * 1024, ms: 1500 },
    });
    this.#addOurs('engine', 'storage', engineConfig(topology, engineData));
    const brokerData = this.#disk('broker-1', { name: 'disk-broker', megabytes: 1500 });
    for (const id of brokerIds) {
      const dataFolder = (broker: number): string =>
        broker === 1 ? join(brokerData, 'log') : join(folder, 'data', `broker-${broker}`);
      const options = brokerProcess({ topology, folder: join(folder, 'brokers'), dataFolder }, id);
      this.#add(`broker-${id}`, 'broker', options);
    }
    for (const name of topology.ingests) {
      const dataFolder = join(folder, 'data', name);
      this.#addOurs(name, 'ingest', ingestConfig(topology, { name, dataFolder }));
    }
    for (const [at, name] of topology.collectors.entries()) {
      const place = hosts[at];
      if (!place) throw new Error(`expected a host for ${name}`);
      const dataFolder =
        at === 0
          ? this.#disk(name, { name: 'disk-collector', megabytes: 64 })
          : join(folder, 'data', name);
      this.#addOurs(name, 'collector', collectorConfig(topology, { name, dataFolder, place }));
    }
  }

  /** A small disk of its own, where one can be had. */
  #disk(role: string, options: Omit<TmpfsDiskOptions, 'folder'>): string {
    const folder = join(this.#options.folder, 'data', role);
    mkdirSync(folder, { recursive: true });
    if (!this.#options.hasDisks) return folder;
    const disk = new TmpfsDisk({ ...options, folder });
    this.#disks.push(disk);
    return disk.folder;
  }

  #addOurs(
    name: string,
    role: 'storage' | 'ingest' | 'collector',
    config: Record<string, unknown>,
  ): void {
    const file = writeConfig({ name, folder: join(this.#options.folder, 'configs'), config });
    const program = role === 'collector' ? [agentProgram] : [plimsollProgram, role];
    const args = [...program, '--config', file];
    const kind = role === 'storage' ? 'engine' : role;
    this.#add(name, kind, { command: process.execPath, args, cwd: repository });
  }

  #add(
    name: string,
    kind: ManagedProcess['kind'],
    options: { command: string; args: readonly string[]; cwd: string },
  ): void {
    const logFile = this.#logFile(name);
    const onUnexpectedEnd = (how: string): void => {
      const last = tail(logFile).at(-2) ?? '';
      this.#options.onNote(`${name} ended by itself: ${how}; it said: ${last.slice(0, 300)}`);
    };
    this.#processes.set(
      name,
      new ManagedProcess({ name, kind, ...options, logFile, onUnexpectedEnd }),
    );
  }

  #logFile(name: string): string {
    return join(this.#options.folder, 'logs', `${name}.log`);
  }

  /** @throws with what is not ready */
  async #checkReady(): Promise<void> {
    const { topology } = this.#options;
    for (const name of topology.clients) {
      const ready = await readReady(opsPort(topology, name));
      if (!ready.startsWith('200')) throw new Error(`${name}: ${ready}`);
    }
    await sleep(0);
  }
}

const tailLines = 5;

function tail(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-tailLines);
  } catch {
    return [];
  }
}
