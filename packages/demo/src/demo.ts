/**
 * A fleet to look at: simulated hosts write the files that Docker and the kernel would, real
 * collectors read them. {@link Demo.fill} makes the past, {@link Demo.start} goes on from there.
 */
import { mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Collector, DirectoryDiscovery, type CollectorStatus } from '@plimsoll/collector';
import { systemClock, type Clock, type Config, type Logger } from '@plimsoll/runtime';
import type { Publisher } from '@plimsoll/transport';
import { FleetHost } from './fleet-host.ts';
import { planFleet } from './fleet/plan.ts';
import { fillHistory } from './history/fill.ts';
import { HistoryPublisher } from './history/history-publisher.ts';
import type { DiskSpace } from './simulation/host.ts';

export interface DemoOptions {
  /** Where the simulated hosts' files are made. */
  directory: string;
  /** Where the collectors keep their positions. */
  stateDirectory: string;
  tenant: string;
  version: string;
  /** What the collectors have in common; names, roots and interval are the demo's own. */
  config: Config['collector'];
  publisher: Publisher;
  logger: Logger;
  clock?: Clock;
  /** Default 3. */
  hosts?: number;
  /** Default 40. */
  containersPerHost?: number;
  /** Default 24 h. */
  historyMs?: number;
  seed?: number;
  /** Share of the past that is made, 0…1. */
  onProgress?: (done: number) => void;
}

const statsIntervalMs = 5000;
const logIntervalMs = 500;
const dayMs = 86_400_000;

export class Demo {
  readonly #options: DemoOptions;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  #hosts: FleetHost[] = [];
  #collectors: Collector[] = [];
  #loops: Promise<void>[] = [];
  /** Up to when the fleet has been simulated. */
  #simulatedMs = 0;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get hosts(): readonly string[] {
    return this.#hosts.map((host) => host.name);
  }

  status(): CollectorStatus[] {
    return this.#collectors.map((collector) => collector.status());
  }

  /** Makes the fleet and its past; resolves when all of it was published. */
  async fill(): Promise<void> {
    const { directory, historyMs = dayMs, onProgress = () => undefined } = this.#options;
    const nowMs = this.#clock.now();
    mkdirSync(directory, { recursive: true });
    const disk = await diskSpace(directory);
    const plans = planFleet({
      seed: this.#options.seed ?? 20_260,
      nowMs,
      hosts: this.#options.hosts ?? 3,
      containersPerHost: this.#options.containersPerHost ?? 40,
    });
    const { tenant, publisher } = this.#options;
    this.#hosts = plans.map((plan) => {
      const now = (): number => this.#clock.now();
      const history = new HistoryPublisher({
        publisher,
        tenant,
        host: plan.name,
        bootId: plan.bootId,
        now,
      });
      return new FleetHost({ plan, directory, tenant, disk, history, nowMs });
    });
    for (const host of this.#hosts) host.make();
    const { signal } = this.#stopped;
    await fillHistory(this.#hosts, { fromMs: nowMs - historyMs, toMs: nowMs, signal, onProgress });
    this.#simulatedMs = nowMs;
  }

  /** Starts the collectors and lets time go on. */
  async start(): Promise<void> {
    if (this.#collectors.length > 0 || this.#stopped.signal.aborted) return;
    const filledMs = this.#simulatedMs;
    for (const host of this.#hosts) host.beginLive();
    // What has passed while the past was made.
    this.#advance();
    this.#collectors = this.#hosts.map((host) => this.#collector(host));
    for (const collector of this.#collectors) await collector.start();
    this.#loops = [
      this.#every(statsIntervalMs, () => this.#advance()),
      this.#every(logIntervalMs, this.#logs(filledMs)),
    ];
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the demo stopped'));
    await Promise.all(this.#loops);
    await Promise.all(this.#collectors.map((collector) => collector.stop()));
    for (const host of this.#hosts) host.close();
  }

  #advance(): void {
    const nowMs = this.#clock.now();
    const span = { fromMs: this.#simulatedMs, toMs: nowMs };
    if (nowMs <= this.#simulatedMs) return;
    this.#simulatedMs = nowMs;
    for (const host of this.#hosts) host.live(span);
  }

  #logs(filledMs: number): () => void {
    let writtenMs = filledMs;
    return () => {
      const span = { fromMs: writtenMs, toMs: this.#clock.now() };
      if (span.toMs <= span.fromMs) return;
      writtenMs = span.toMs;
      for (const host of this.#hosts) host.liveLogs(span);
    };
  }

  async #every(intervalMs: number, work: () => void): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#clock.sleep(intervalMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        work();
      } catch (error) {
        this.#options.logger.error({ err: error }, 'The simulated fleet could not be written.');
      }
    }
  }

  #collector(host: FleetHost): Collector {
    const { config, tenant, version, publisher, logger, stateDirectory } = this.#options;
    const { proc, sys, cgroup, kmsg, docker } = host.folder;
    const child = logger.child({ component: 'collector', host: host.name });
    return new Collector({
      config: {
        ...config,
        host: host.name,
        roots: { proc, sys, cgroup, kmsg, host: '/' },
        logs: { ...config.logs, files: [], start_at: 'beginning' },
        stats: { ...config.stats, interval: statsIntervalMs },
      },
      tenant,
      version,
      publisher,
      logger: child,
      clock: this.#clock,
      stateDirectory: join(stateDirectory, host.name),
      discovery: new DirectoryDiscovery({
        root: docker,
        tenant,
        host: host.name,
        clock: this.#clock,
        logger: child,
      }),
    });
  }
}

/** Of the filesystem that the files are on. */
async function diskSpace(path: string): Promise<DiskSpace> {
  const { blocks, bavail, bsize, files, ffree } = await statfs(path);
  return {
    sizeBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    inodes: files,
    inodesFree: ffree,
  };
}
