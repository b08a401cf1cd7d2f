/** One life of the collector, from start to stop: the parts, and how they are put together. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf, type Clock } from '@plimsoll/runtime';
import { checkpointVersion, type Checkpoint } from '../checkpoint/format.ts';
import { CheckpointStore } from '../checkpoint/store.ts';
import type { CollectorMetrics } from '../collector-metrics.ts';
import type { CollectorOptions, CollectorStatus } from '../collector.ts';
import type { Discovery, DiscoveryChange } from '../discovery/discovery.ts';
import { DropLedger, type DropReason } from '../drops.ts';
import { KmsgReader, type KmsgBatch } from '../kernel/kmsg-reader.ts';
import type { KmsgPosition } from '../kernel/kmsg-position.ts';
import { Outbox } from '../publish/outbox.ts';
import { StatsSampler } from '../stats/stats-sampler.ts';
import type { Target } from '../target.ts';
import { buildDiscovery } from './build-discovery.ts';
import { CatchUp } from './catch-up.ts';
import { heartbeatRows } from './heartbeat.ts';
import { Logs, type FollowedLog } from './logs.ts';
import { OwnEvents } from './own-events.ts';
import { RowDesk } from './row-desk.ts';
import { Signals } from './signals.ts';
import { StallWatch } from './stall-watch.ts';

type RunOptions = Omit<CollectorOptions, 'metrics'> & { clock: Clock; metrics: CollectorMetrics };

/** What is still in flight after this is given up when the collector stops, and sent again later. */
const stopDeadlineMs = 5000;
const catchUpLookMs = 100;

export class CollectorRun {
  readonly #options: RunOptions;
  readonly #collectorId: string;
  readonly #epoch: number;
  readonly #store: CheckpointStore;
  readonly #drops: DropLedger;
  readonly #outbox: Outbox;
  readonly #rows: RowDesk;
  readonly #own: OwnEvents;
  readonly #logs: Logs;
  readonly #stalls: StallWatch;
  readonly #signals: Signals;
  readonly #sampler: StatsSampler;
  readonly #discovery: Discovery;
  readonly #kernelLog: KmsgReader;
  #kernelPosition: KmsgPosition | null;
  #hasSynced = false;
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  /** Loads the checkpoint, begins a new epoch and starts every part. */
  static async begin(options: RunOptions): Promise<CollectorRun> {
    const { stateDirectory, clock, logger } = options;
    let run: CollectorRun | null = null;
    const store = new CheckpointStore({
      path: join(stateDirectory, 'checkpoint.json'),
      clock,
      logger,
      snapshot: () => {
        if (!run) throw new Error('checkpoint: nothing to write before the run was made');
        return run.#snapshot();
      },
    });
    const restored = await store.load();
    run = new CollectorRun(options, store, restored);
    await run.#start();
    return run;
  }

  private constructor(options: RunOptions, store: CheckpointStore, restored: Checkpoint | null) {
    const { config, tenant, clock, logger, metrics } = options;
    this.#options = options;
    this.#store = store;
    this.#collectorId = restored?.collector_id ?? randomUUID();
    // Grows with every start, also when the checkpoint of the last one was lost.
    this.#epoch = Math.max((restored?.epoch ?? 0) + 1, Math.floor(clock.now() / 1000));
    this.#outbox = new Outbox({
      publisher: options.publisher,
      identity: {
        tenant,
        host: config.host,
        boot_id: readBootId(config.roots.proc),
        collector_id: this.#collectorId,
        epoch: this.#epoch,
      },
      wallMs: () => clock.now(),
    });
    this.#drops = new DropLedger((reason, count) => {
      metrics.drops.inc({ reason }, count);
    });
    this.#rows = new RowDesk({
      outbox: this.#outbox,
      drops: this.#drops,
      clock,
    });
    this.#own = new OwnEvents({
      tenant,
      host: config.host,
      version: options.version,
      collectorId: this.#collectorId,
      epoch: this.#epoch,
      clock,
      onEvent: (event) => {
        this.#rows.addEvent(event);
      },
    });
    this.#logs = new Logs({
      config,
      tenant,
      clock,
      logger,
      outbox: this.#outbox,
      smallFrameWaitMs: options.publisher.smallFrameWaitMs ?? 0,
      drops: this.#drops,
      metrics,
      restored: config.logs.enabled ? restored : null,
      persist: () => store.writeNow(),
      onAcknowledged: () => {
        store.markDirty();
      },
      onEvent: (event) => {
        this.#rows.addEvent(event);
      },
    });
    this.#stalls = this.#makeStallWatch();
    const since = restored?.docker_events_since ?? '';
    this.#discovery = options.discovery ?? buildDiscovery({ ...options, since });
    this.#signals = this.#makeSignals();
    this.#sampler = this.#makeSampler();
    this.#kernelPosition = restored?.kernel_log ?? null;
    this.#kernelLog = this.#makeKernelLog();
  }

  status(): CollectorStatus {
    return {
      state: 'running',
      collectorId: this.#collectorId,
      epoch: this.#epoch,
      discovery: this.#discovery.status(),
      containers: this.#discovery.targets().length,
      followedPaths: this.#logs.files.followedPaths,
      apiLogs: this.#logs.api.containers,
      isStalled: this.#stalls.isStalled,
      checkpointProblem: this.#store.problem,
      unreadableFiles: this.#logs.problems(),
      problems: [...(this.#discovery.status().problems ?? []), ...this.#signals.problems()],
      scrapes: {
        lastSeconds: this.#sampler.lastScrapeSeconds,
        total: this.#sampler.scrapesTotal,
        skipped: this.#sampler.skippedTotal,
        failed: this.#sampler.failedTotal,
        keptFiles: this.#sampler.keptFiles,
        readErrors: this.#sampler.readErrors,
        damagedValues: this.#sampler.damagedFiles,
      },
      budget: this.#sampler.budget,
      lag: this.#logs.lag(),
      acknowledged: {
        bytes: this.#logs.totals.acknowledgedBytes,
        lines: this.#logs.totals.acknowledgedLines,
      },
      inFlightBytes: this.#outbox.inFlightBytes('logs'),
      dropped: this.#dropped(),
    };
  }

  followedLogs(most: number): readonly FollowedLog[] {
    return this.#logs.followed(most);
  }

  tellReloaded(): void {
    this.#own.tell('collector_reloaded', { message: 'The collector took a new configuration.' });
  }

  /** Resolves when all containers are known, sampled, and their logs were read to an end. */
  async caughtUp(signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#options;
    const catchUp = new CatchUp(config.stats.enabled);
    while (!signal.aborted) {
      await clock.sleep(catchUpLookMs, signal).catch(() => undefined);
      const isDone = catchUp.look({
        isFound: this.#hasSynced || this.#discovery.status().state === 'absent',
        scrapes: this.#sampler.scrapesTotal,
        lagBytes: this.#logs.lag().bytes,
        readBytes: this.#logs.totals.readBytes,
        acknowledgedBytes: this.#logs.totals.acknowledgedBytes,
        nowMs: clock.monotonic(),
      });
      if (isDone) break;
    }
    if (config.stats.enabled && !signal.aborted) await this.#sampleWhole(signal);
  }

  /** With what is read between scrapes otherwise, and told in the next. */
  async #sampleWhole(signal: AbortSignal): Promise<void> {
    await this.#sampler.readBehind(signal);
    await this.#sampler.scrapeOnce(signal);
  }

  async end(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#discovery.stop(), this.#signals.stop()]);
    await this.#sampler.stop();
    await this.#kernelLog.stop();
    await this.#loops;
    await this.#logs.finish();
    this.#own.tell('collector_stopped', { message: 'The collector stopped.' });
    await this.#drain();
    this.#outbox.abort();
    await this.#store.writeNow();
    this.#logs.close();
  }

  async #start(): Promise<void> {
    const { config } = this.#options;
    const { signal } = this.#stopping;
    await this.#store.writeNow();
    this.#own.tell('collector_started', { message: 'The collector started.' });
    if (config.logs.enabled) this.#logs.start(signal);
    await this.#discovery.start((change) => {
      this.#take(change);
    });
    if (config.stats.enabled) this.#sampler.start();
    this.#kernelLog.start();
    this.#signals.start();
    this.#loops = Promise.all([
      this.#rows.keepFlushing(config.logs.flush_interval, signal),
      this.#store.keepWriting(signal),
      this.#beat(signal),
    ]);
  }

  #take(change: DiscoveryChange): void {
    switch (change.kind) {
      case 'target':
        if (change.target.pid === 0) this.#sampler.forget(change.target.dockerId);
        if (this.#options.config.logs.enabled) this.#logs.takeTarget(change.target);
        this.#addTarget(change.target);
        return;
      case 'expected':
        if (this.#options.config.logs.enabled) this.#logs.takeTarget(change.target);
        return;
      case 'event':
        this.#rows.addEvent(change.event, change.onDurable);
        return;
      case 'synced':
        this.#hasSynced = true;
        this.#logs.markSynced();
        return;
      case 'status':
        return;
      default:
        change satisfies never;
    }
  }

  #makeSampler(): StatsSampler {
    const { config, tenant, clock, logger, stateDirectory } = this.#options;
    return new StatsSampler({
      roots: config.roots,
      tenant,
      host: config.host,
      intervalMs: config.stats.interval,
      slowIntervalMs: config.stats.slow_interval,
      cpuBudgetCores: config.stats.cpu_budget,
      clock,
      targets: () => this.#discovery.targets(),
      runtimeRoot: () => this.#discovery.status().root || resolve(stateDirectory),
      extraHostValues: () => this.#signals.hostValues(),
      gpuMemory: (containerId) => this.#signals.gpuMemoryOf(containerId),
      onRows: (rows) => {
        this.#rows.add(rows);
      },
      onError: (error) => {
        logger.warn({ reason: messageOf(error) }, 'A scrape failed.');
      },
      onStretched: (notice) => {
        this.#own.tell('collector_stretched', notice);
      },
      onDamagedFile: (path) => {
        logger.warn({ path }, 'A statistics file had a value out of range; it was left out.');
      },
    });
  }

  #makeStallWatch(): StallWatch {
    const { config, tenant, clock } = this.#options;
    return new StallWatch({
      tenant,
      host: config.host,
      clock,
      blockedSinceMs: () => this.#logs.files.blockedSinceMs,
      lag: () => this.#logs.lag(),
      onEvent: (event) => {
        this.#rows.addEvent(event);
      },
    });
  }

  #makeSignals(): Signals {
    const { config, tenant, clock, logger } = this.#options;
    return new Signals({
      config,
      tenant,
      clock,
      logger,
      discovery: this.#discovery,
      onEvent: (event) => {
        this.#rows.addEvent(event);
      },
      onRows: (rows) => {
        this.#rows.add(rows);
      },
      onTarget: (target) => {
        this.#addTarget(target);
      },
    });
  }

  #makeKernelLog(): KmsgReader {
    const { config, tenant, clock } = this.#options;
    return new KmsgReader({
      path: config.roots.kmsg,
      proc: config.roots.proc,
      tenant,
      host: config.host,
      clock,
      position: this.#kernelPosition ?? undefined,
      labelsOf: (containerId) => this.#discovery.find(containerId)?.labels,
      containerOf: (pid) => this.#signals.gpuContainerOf(pid),
      onEvents: async (batch, signal) => {
        await this.#publishKernelEvents(batch, signal);
      },
      onCondition: (condition) => {
        const { logger } = this.#options;
        if (condition.kind === 'reading') logger.debug('The kernel log was opened.');
        else if (condition.kind !== 'stopped')
          logger.info(condition, 'The kernel log is not read.');
      },
    });
  }

  /** Resolves when the events are durable: only then may the position move past them. */
  async #publishKernelEvents({ events, position }: KmsgBatch, signal: AbortSignal): Promise<void> {
    await this.#rows.publishEvents(events, signal);
    this.#kernelPosition = position;
    this.#store.markDirty();
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#options;
    while (!signal.aborted) {
      this.#addHeartbeat();
      this.#stalls.look();
      await clock.sleep(config.stats.interval, signal).catch(() => undefined);
    }
  }

  #addHeartbeat(): void {
    const { config, tenant, version, clock } = this.#options;
    const { totals } = this.#logs;
    const lag = this.#logs.lag();
    const docker = this.#discovery.status();
    const heartbeat = heartbeatRows(
      {
        tenant,
        host: config.host,
        collector_id: this.#collectorId,
        version,
        cgroup_mode: this.#sampler.cgroupMode,
        docker_version: docker.version,
        docker_status: docker.state,
        containers_watched: this.#discovery.targets().length,
        log_files_watched: this.#logs.files.followedPaths + this.#logs.api.containers,
        log_bytes_read_total: totals.readBytes,
        log_lines_read_total: totals.readLines,
        log_bytes_acknowledged_total: totals.acknowledgedBytes,
        log_lines_acknowledged_total: totals.acknowledgedLines,
        log_lag_bytes: lag.bytes,
        log_lag_seconds: lag.seconds,
        scrape_seconds: this.#sampler.lastScrapeSeconds,
        dropped_total: this.#dropped(),
      },
      clock.now(),
    );
    this.#rows.add(heartbeat);
  }

  /** Until nothing is queued or in flight, or the deadline has passed. */
  async #drain(): Promise<void> {
    const { clock } = this.#options;
    const late = new AbortController();
    const deadline = clock.sleep(stopDeadlineMs, late.signal).catch(() => undefined);
    const drained = (async () => {
      do {
        this.#rows.flush();
        await this.#outbox.drain();
      } while (this.#rows.queuedRows > 0);
    })();
    await Promise.race([drained, deadline]);
    late.abort();
  }

  /** The ledger, with what the kernel log reader counts itself. */
  #dropped(): Partial<Record<DropReason, number>> {
    const { lostTotal, droppedTotal } = this.#kernelLog;
    const limited = droppedTotal['kernel_event_rate_limited'] ?? 0;
    return {
      ...this.#drops.snapshot(),
      ...(lostTotal > 0 ? { kernel_log_overrun_records: lostTotal } : {}),
      ...(limited > 0 ? { kernel_rate_limited_events: limited } : {}),
    };
  }

  #addTarget(target: Target): void {
    this.#rows.addTarget(target, this.#signals.actualSecurityOf(target));
  }

  #snapshot(): Checkpoint {
    return {
      version: checkpointVersion,
      collector_id: this.#collectorId,
      epoch: this.#epoch,
      docker_events_since: this.#discovery.bookmark(),
      kernel_log: this.#kernelPosition,
      ...this.#logs.checkpoint(),
    };
  }
}

/** Changes with every boot of the kernel; empty where the kernel does not say. */
function readBootId(proc: string): string {
  try {
    return readFileSync(join(proc, 'sys/kernel/random/boot_id'), 'utf8').trim();
  } catch {
    return '';
  }
}
