/**
 * The agent on one host: finds containers, follows their logs, samples them and the host, and
 * publishes it all. Composes the parts and decides the order in which they start and stop; the
 * parts do the work.
 *
 *     discovery ──targets──▶ log pipeline ──frames──▶ outbox ──▶ publisher
 *         │       └────────▶ stats sampler ──rows───▶   ▲
 *         └──events──▶ rows ────────────────────────────┘
 *                                  acknowledgements ──▶ checkpoint
 */
import { Metrics, systemClock, type Clock, type Config, type Logger } from '@plimsoll/runtime';
import { isDeepStrictEqual } from 'node:util';
import type { Publisher } from '@plimsoll/transport';
import { CollectorMetrics } from './collector-metrics.ts';
import { CollectorRun } from './run/collector-run.ts';
import type { Discovery, DiscoveryStatus } from './discovery/discovery.ts';
import type { DropReason } from './drops.ts';
import type { StatsBudget } from './stats/stats-sampler.ts';

export interface CollectorOptions {
  config: Config['collector'];
  tenant: string;
  /** Folder for the checkpoint; made when it is not there. */
  stateDirectory: string;
  /** Plimsoll's own version. */
  version: string;
  publisher: Publisher;
  logger: Logger;
  metrics?: Metrics;
  clock?: Clock;
  /** Where containers are found; default: Docker as configured. */
  discovery?: Discovery;
}

export interface CollectorStatus {
  state: 'stopped' | 'running';
  collectorId: string;
  epoch: number;
  discovery: DiscoveryStatus;
  containers: number;
  followedPaths: number;
  /** Containers whose log is read through the Docker API. */
  apiLogs: number;
  /** The transport takes no more log; reading has stopped. */
  isStalled: boolean;
  /** Why the checkpoint cannot be written, such as EROFS; null when it can. */
  checkpointProblem: string | null;
  /** Log files that cannot be read, with the reason. */
  unreadableFiles: Readonly<Record<string, string>>;
  /** What is not collected on this host, and why: a sentence each. */
  problems: readonly string[];
  /** Reading of statistics. */
  scrapes: ScrapeStatus;
  /** Null while stopped. */
  budget: StatsBudget | null;
  lag: { bytes: number; seconds: number };
  /** What is durable at the other side since the start. */
  acknowledged: { bytes: number; lines: number };
  inFlightBytes: number;
  dropped: Partial<Record<DropReason, number>>;
}

/** Totals are those since the start, or since the last reload. */
export interface ScrapeStatus {
  /** How long reading took in the last one. */
  lastSeconds: number;
  total: number;
  /** Left out because the one before was not done. */
  skipped: number;
  failed: number;
  /** Descriptors of control group files that are kept open. */
  keptFiles: number;
  /** Files that could not be opened or read, by error code. */
  readErrors: ReadonlyMap<string, number>;
  /** Values out of range, which were left out, by kind of file. */
  damagedValues: ReadonlyMap<string, number>;
}

const noScrapes: ScrapeStatus = {
  lastSeconds: 0,
  total: 0,
  skipped: 0,
  failed: 0,
  keptFiles: 0,
  readErrors: new Map(),
  damagedValues: new Map(),
};

export class Collector {
  #options: CollectorOptions;
  readonly #metrics: CollectorMetrics;
  #run: CollectorRun | null = null;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#metrics = new CollectorMetrics(options.metrics ?? new Metrics(), {
      status: () => this.status(),
      followedLogs: (most) => this.#run?.followedLogs(most) ?? [],
    });
  }

  /** Resolves when following and sampling have begun; what there is may still be being found. */
  async start(): Promise<void> {
    await this.#oneAtATime(async () => {
      if (this.#run) return;
      const { clock = systemClock } = this.#options;
      this.#run = await CollectorRun.begin({ ...this.#options, clock, metrics: this.#metrics });
    });
  }

  /** Publishes what was read, waits for its acknowledgement for 5 s at most, writes the checkpoint. */
  async stop(): Promise<void> {
    await this.#oneAtATime(async () => {
      const run = this.#run;
      this.#run = null;
      await run?.end();
    });
  }

  /**
   * Goes on with another configuration: what was read under the old one is handed over first, and
   * no position is lost. Does nothing when it is the same.
   */
  async reload(config: Config['collector']): Promise<void> {
    await this.#oneAtATime(async () => {
      if (isDeepStrictEqual(config, this.#options.config)) return;
      this.#options = { ...this.#options, config };
      if (!this.#run) return;
      await this.#run.end();
      this.#run = null;
      const { clock = systemClock } = this.#options;
      this.#run = await CollectorRun.begin({ ...this.#options, clock, metrics: this.#metrics });
      this.#run.tellReloaded();
    });
  }

  /**
   * Collects what there is now: every log to the end that it has, each container and the host
   * sampled; then stops. Resolves early when the signal aborts.
   */
  async once(signal: AbortSignal): Promise<void> {
    await this.start();
    await this.#run?.caughtUp(signal);
    await this.stop();
  }

  status(): CollectorStatus {
    if (this.#run) return this.#run.status();
    return {
      state: 'stopped',
      collectorId: '',
      epoch: 0,
      discovery: { state: 'absent', version: '', root: '', reason: 'the collector is stopped' },
      containers: 0,
      followedPaths: 0,
      apiLogs: 0,
      isStalled: false,
      checkpointProblem: null,
      unreadableFiles: {},
      problems: [],
      scrapes: noScrapes,
      budget: null,
      lag: { bytes: 0, seconds: 0 },
      acknowledged: { bytes: 0, lines: 0 },
      inFlightBytes: 0,
      dropped: {},
    };
  }

  #oneAtATime(change: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(change);
    this.#changing = done.catch(() => undefined);
    return done;
  }
}
