/**
 * Samples containers and the host at a steady interval.
 *
 * - A scrape that is due while the one before still runs, or while its rows still wait to be
 *   taken, is skipped and counted: nothing queues.
 * - Work is sliced, so that the event loop is held for some milliseconds at most.
 * - What is held for a container that is not among the targets any more is closed before anything
 *   is read; {@link StatsSampler.forget} does so at once when it dies.
 * - It keeps to a budget of processor time; budget/stretch-plan.ts says how.
 */
import { type HostStatsValue, hostLabels } from '@plimsoll/model';
import { type Clock, systemClock } from '@plimsoll/runtime';
import type { Target } from '../target.ts';
import { AlignedSchedule } from './aligned-schedule.ts';
import { noSeconds, type StatsTier } from './budget/cpu-budget.ts';
import { type StretchNotice, StretchNotices } from './budget/stretch-notice.ts';
import type { CgroupMode } from './cgroup/layout.ts';
import { isSampled } from './container-scraper.ts';
import { filesystemStatsColumns, filesystemStatsLine } from './host/filesystem-rows.ts';
import { setRootSpace } from './host/host-reader.ts';
import { hostStatsColumns, hostStatsLine } from './host/host-rows.ts';
import { hostStatsValueNames, type HostValues } from './host/host-values.ts';
import { containerStatsColumns, type StatsRows } from './rows.ts';
import { SamplerParts } from './sampler-parts.ts';

/** Until the first scrape, so that a start shows something at once; the next ones are aligned. */
const firstScrapeDelayMs = 1000;
const defaultSlowIntervalMs = 30_000;
const defaultBudgetCores = 0.01;

export interface StatsRoots {
  proc: string;
  sys: string;
  /** Folder of the control group hierarchies, or `auto`. */
  cgroup: string;
  /** Put before every path of the host: log files, mount points. */
  host: string;
}

export interface StatsSamplerOptions {
  readonly roots: StatsRoots;
  readonly tenant: string;
  readonly host: string;
  readonly intervalMs: number;
  /** Of what walks processes and folders. Default: 30 s. */
  readonly slowIntervalMs?: number;
  /** Cores that sampling may use, as a mean of a minute. Default: 0.01. */
  readonly cpuBudgetCores?: number;
  /** The containers known now; those not running and sandboxes of pods are left out. */
  readonly targets: () => Iterable<Target>;
  /** Folder whose filesystem fills `docker_root_*`, as the host names it. */
  readonly runtimeRoot: () => string;
  /** Values of the host that others know. */
  readonly extraHostValues?: () => Readonly<Partial<Record<HostStatsValue, number>>>;
  /** Bytes of GPU memory that a container's processes hold; undefined when not known. */
  readonly gpuMemory?: (dockerId: string) => number | undefined;
  /** Takes the rows of a scrape, one call per table; the next scrape waits until it resolves. */
  readonly onRows: (rows: StatsRows, signal: AbortSignal) => Promise<void> | void;
  /** Told of a scrape, or a step between scrapes, that failed; sampling goes on. */
  readonly onError: (error: unknown) => void;
  /** Told when sampling is stretched to keep to the budget, and when it is as asked again. */
  readonly onStretched?: (notice: StretchNotice) => void;
  /** Told of the first file of each kind that had a value out of range. */
  readonly onDamagedFile?: (path: string) => void;
  readonly clock?: Clock;
  /** Descriptors kept open. Default: half of RLIMIT_NOFILE. */
  readonly maxKeptFiles?: number;
  /** Processor time of this thread in milliseconds; for tests. */
  readonly cpuMs?: () => number;
}

/** Where sampling stands against its budget. */
export interface StatsBudget {
  readonly limitCores: number;
  /** Mean of the last minute. */
  readonly usedCores: number;
  /** The interval of scrapes as a multiple of the one asked for. */
  readonly intervalFactor: number;
  /** The interval of slow reads as a multiple of the one asked for. */
  readonly stretchFactor: number;
  /** Processor seconds since the start, by tier. */
  readonly tierSeconds: Readonly<Record<StatsTier, number>>;
}

export class StatsSampler {
  readonly #options: StatsSamplerOptions;
  readonly #clock: Clock;
  readonly #notices = new StretchNotices();
  #parts: SamplerParts | undefined;
  #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #behind: Promise<void> | undefined;
  #scrape: Promise<void> | undefined;
  #scrapes = 0;
  #skipped = 0;
  #failed = 0;
  #lastScrapeSeconds = 0;

  constructor(options: StatsSamplerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Arrangement of control groups on this host; `none` before the start. */
  get cgroupMode(): CgroupMode {
    return this.#parts?.layout.mode ?? 'none';
  }

  get scrapesTotal(): number {
    return this.#scrapes;
  }

  /** Scrapes left out because the one before was not done. */
  get skippedTotal(): number {
    return this.#skipped;
  }

  get failedTotal(): number {
    return this.#failed;
  }

  /** How long reading took in the last scrape, without the time until its rows were taken. */
  get lastScrapeSeconds(): number {
    return this.#lastScrapeSeconds;
  }

  get keptFiles(): number {
    return this.#parts?.files.keptCount ?? 0;
  }

  /** Files that could not be opened or read, by error code. Absence is not one. */
  get readErrors(): ReadonlyMap<string, number> {
    return this.#parts?.files.errors ?? new Map();
  }

  /** Values left out because they were out of range, by kind of file. */
  get damagedFiles(): ReadonlyMap<string, number> {
    return this.#parts?.damaged.counts ?? new Map();
  }

  get budget(): StatsBudget {
    const budget = this.#parts?.budget;
    return {
      limitCores: this.#budgetCores,
      usedCores: budget?.usedCores ?? 0,
      intervalFactor: budget?.plan.intervalFactor ?? 1,
      stretchFactor: budget?.plan.stretchFactor ?? 1,
      tierSeconds: budget?.seconds ?? noSeconds(),
    };
  }

  /** Looks at the host's layout and begins to sample; does nothing when already begun. */
  start(): void {
    if (this.#loop) return;
    this.#stopping = new AbortController();
    this.#parts ??= this.#build();
    this.#loop = this.#run(this.#stopping.signal);
    this.#behind = this.#parts.background.run(this.#stopping.signal);
  }

  /** Ends sampling and closes every descriptor. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#loop, this.#behind, this.#scrape]);
    this.#loop = undefined;
    this.#behind = undefined;
    this.#parts?.closeAll();
    this.#parts = undefined;
  }

  /** Closes what is held for a container; to be called when it dies. */
  forget(dockerId: string): void {
    this.#parts?.scraper.forget(dockerId);
  }

  /** One scrape now, outside the schedule; resolves when its rows were taken. */
  async scrapeOnce(signal: AbortSignal = this.#stopping.signal): Promise<void> {
    this.#parts ??= this.#build();
    await this.#scrapeAll(this.#parts, signal);
  }

  /** What runs between scrapes, once: for those who do not call {@link start}. */
  async readBehind(signal: AbortSignal = this.#stopping.signal): Promise<void> {
    this.#parts ??= this.#build();
    await this.#parts.background.tick(signal);
  }

  get #budgetCores(): number {
    return this.#options.cpuBudgetCores ?? defaultBudgetCores;
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(firstScrapeDelayMs, signal);
      this.#begin(signal);
      for (;;) await this.#runAtInterval(this.#intervalMs(), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Scrapes on schedule until the interval is another. */
  async #runAtInterval(intervalMs: number, signal: AbortSignal): Promise<void> {
    const schedule = new AlignedSchedule(this.#clock, intervalMs);
    while (intervalMs === this.#intervalMs()) {
      const { missed } = await schedule.next(signal);
      this.#skipped += missed;
      this.#begin(signal);
    }
  }

  #intervalMs(): number {
    return this.#options.intervalMs * (this.#parts?.budget.plan.intervalFactor ?? 1);
  }

  #begin(signal: AbortSignal): void {
    if (this.#scrape) this.#skipped++;
    else this.#scrape = this.#tryScrape(signal);
  }

  async #tryScrape(signal: AbortSignal): Promise<void> {
    try {
      await this.scrapeOnce(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#failed++;
      this.#options.onError(error);
    } finally {
      this.#scrape = undefined;
    }
  }

  async #scrapeAll(parts: SamplerParts, signal: AbortSignal): Promise<void> {
    const startedAt = this.#clock.monotonic();
    const time = this.#clock.now();
    const targets = [...this.#options.targets()];
    const { bytes, rows, cost } = await parts.scraper.scrape(targets, time, signal);
    const start = parts.budget.now();
    const host = this.#readHost(parts, targets);
    const hostMs = parts.budget.book('host', start);
    parts.budget.endRound(
      { ...cost, fastMs: cost.fastMs + hostMs },
      { intervalMs: this.#options.intervalMs, slowIntervalMs: parts.slowIntervalMs },
    );
    const [filesystems] = await Promise.all([
      this.#filesystems(parts, time),
      this.#readRoot(parts, host),
    ]);
    this.#scrapes++;
    this.#lastScrapeSeconds = (this.#clock.monotonic() - startedAt) / 1000;
    this.#tellOfStretch(parts);
    const labels = hostLabels(this.#options.tenant, this.#options.host);
    await this.#give({ table: 'container_stats', columns: containerStatsColumns, bytes, rows });
    const hostLine = hostStatsLine(labels, time, host);
    await this.#give(rowsOf('host_stats', hostStatsColumns, [hostLine]));
    await this.#give(rowsOf('filesystem_stats', filesystemStatsColumns, filesystems));
  }

  #readHost({ hostReader, inotify }: SamplerParts, targets: readonly Target[]): HostValues {
    const host = hostReader.read();
    inotify.writeTo(host);
    host.set('containers_running', targets.filter(isSampled).length);
    const extra = this.#options.extraHostValues?.() ?? {};
    for (const name of hostStatsValueNames) {
      const value = extra[name];
      if (value !== undefined) host.set(name, value);
    }
    return host;
  }

  async #readRoot({ probe }: SamplerParts, host: HostValues): Promise<void> {
    const space = await probe.space(this.#options.runtimeRoot());
    if (space) setRootSpace(space, host);
  }

  #tellOfStretch({ budget }: SamplerParts): void {
    const notice = this.#notices.next(budget.plan, budget.limitCores, this.#clock.monotonic());
    if (notice) this.#options.onStretched?.(notice);
  }

  async #give(rows: StatsRows): Promise<void> {
    const { signal } = this.#stopping;
    if (!signal.aborted && rows.rows > 0) await this.#options.onRows(rows, signal);
  }

  async #filesystems({ hostReader, probe }: SamplerParts, time: number): Promise<string[]> {
    const labels = hostLabels(this.#options.tenant, this.#options.host);
    const lines = await Promise.all(
      hostReader.filesystems().map(async (filesystem) => {
        const space = await probe.space(filesystem.mountpoint);
        return space && filesystemStatsLine(labels, time, { ...filesystem, ...space });
      }),
    );
    return lines.filter((line) => line !== undefined);
  }

  #build(): SamplerParts {
    const { roots, maxKeptFiles, cpuMs, gpuMemory, onDamagedFile, onError } = this.#options;
    return new SamplerParts({
      roots,
      clock: this.#clock,
      slowIntervalMs: this.#options.slowIntervalMs ?? defaultSlowIntervalMs,
      limitCores: this.#budgetCores,
      maxKeptFiles,
      cpuMs,
      gpuMemory,
      onDamagedFile,
      onError,
    });
  }
}

function rowsOf(
  table: StatsRows['table'],
  columns: readonly string[],
  lines: readonly string[],
): StatsRows {
  return { table, columns, bytes: Buffer.from(`${lines.join('\n')}\n`), rows: lines.length };
}
