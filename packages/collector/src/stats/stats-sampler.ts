/**
 * Samples containers and the host at a steady interval.
 *
 * - A scrape that is due while the one before still runs, or while its rows still wait to be
 *   taken, is skipped and counted: nothing queues.
 * - Work is sliced, so that the event loop is held for some milliseconds at most.
 * - What is held for a container that is not among the targets any more is closed before anything
 *   is read; {@link StatsSampler.forget} does so at once when it dies.
 */
import { hostLabels } from '@plimsoll/model';
import { type Clock, systemClock } from '@plimsoll/runtime';
import { isRunning, type Target } from '../target.ts';
import { AlignedSchedule } from './aligned-schedule.ts';
import { type CgroupMode, detectCgroupLayout } from './cgroup/layout.ts';
import { ContainerLimits } from './container-limits.ts';
import { ContainerScraper } from './container-scraper.ts';
import { FilesystemProbe } from './host/filesystems.ts';
import { HostReader } from './host/host-reader.ts';
import { filesystemStatsColumns, filesystemStatsLine } from './host/filesystem-rows.ts';
import { hostStatsColumns, hostStatsLine } from './host/host-rows.ts';
import { KeptFiles, keptFilesLimit } from './kept-files.ts';
import { DescriptorCounter } from './process/descriptors.ts';
import { containerStatsColumns, type StatsRows } from './rows.ts';

/** Until the first scrape, so that a start shows something at once; the next ones are aligned. */
const firstScrapeDelayMs = 1000;
/** The slow tier (limits, descriptors) is read about this often. */
const slowIntervalMs = 30_000;

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
  /** The containers known now; those not running are left out. */
  readonly targets: () => Iterable<Target>;
  /** Folder whose filesystem fills `docker_root_*`, as the host names it. */
  readonly runtimeRoot: () => string;
  /** Takes the rows of a scrape, one call per table; the next scrape waits until it resolves. */
  readonly onRows: (rows: StatsRows, signal: AbortSignal) => Promise<void> | void;
  /** Told of a scrape that failed; sampling goes on. */
  readonly onError: (error: unknown) => void;
  readonly clock?: Clock;
  /** Descriptors kept open. Default: half of RLIMIT_NOFILE. */
  readonly maxKeptFiles?: number;
}

interface Parts {
  readonly mode: CgroupMode;
  readonly files: KeptFiles;
  readonly scraper: ContainerScraper;
  readonly hostReader: HostReader;
  readonly probe: FilesystemProbe;
}

export class StatsSampler {
  readonly #options: StatsSamplerOptions;
  readonly #clock: Clock;
  #parts: Parts | undefined;
  #stopping = new AbortController();
  #loop: Promise<void> | undefined;
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
    return this.#parts?.mode ?? 'none';
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

  /** Looks at the host's layout and begins to sample; does nothing when already begun. */
  start(): void {
    if (this.#loop) return;
    this.#stopping = new AbortController();
    this.#parts ??= this.#build();
    this.#loop = this.#run(this.#stopping.signal);
  }

  /** Ends sampling and closes every descriptor. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#scrape;
    this.#loop = undefined;
    this.#parts?.scraper.closeAll();
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

  async #run(signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(firstScrapeDelayMs, signal);
      this.#begin(signal);
      const schedule = new AlignedSchedule(this.#clock, this.#options.intervalMs);
      for (;;) {
        const { missed } = await schedule.next(signal);
        this.#skipped += missed;
        this.#begin(signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
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

  async #scrapeAll(parts: Parts, signal: AbortSignal): Promise<void> {
    const startedAt = this.#clock.monotonic();
    const time = this.#clock.now();
    const targets = [...this.#options.targets()];
    const containers = await parts.scraper.scrape(targets, time, signal);
    const host = parts.hostReader.read();
    host.set('containers_running', targets.filter(isRunning).length);
    const [filesystems] = await Promise.all([
      this.#filesystems(parts, time),
      parts.hostReader.readRoot(this.#options.runtimeRoot(), host),
    ]);
    this.#scrapes++;
    this.#lastScrapeSeconds = (this.#clock.monotonic() - startedAt) / 1000;
    const labels = hostLabels(this.#options.tenant, this.#options.host);
    await this.#give('container_stats', containerStatsColumns, containers);
    await this.#give('host_stats', hostStatsColumns, [hostStatsLine(labels, time, host)]);
    await this.#give('filesystem_stats', filesystemStatsColumns, filesystems);
  }

  async #give(
    table: StatsRows['table'],
    columns: readonly string[],
    lines: readonly string[],
  ): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted || lines.length === 0) return;
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    await this.#options.onRows({ table, columns, bytes, rows: lines.length }, signal);
  }

  async #filesystems(parts: Parts, time: number): Promise<string[]> {
    const labels = hostLabels(this.#options.tenant, this.#options.host);
    const lines = await Promise.all(
      parts.hostReader.filesystems().map(async (filesystem) => {
        const space = await parts.probe.space(filesystem.mountpoint);
        return space && filesystemStatsLine(labels, time, { ...filesystem, ...space });
      }),
    );
    return lines.filter((line) => line !== undefined);
  }

  #build(): Parts {
    const { roots, intervalMs } = this.#options;
    const files = new KeptFiles({ maxKept: this.#options.maxKeptFiles ?? keptFilesLimit() });
    const layout = detectCgroupLayout(roots);
    const probe = new FilesystemProbe(roots.host);
    const context = {
      files,
      layout,
      limits: new ContainerLimits(files),
      descriptors: new DescriptorCounter(roots.proc),
      proc: roots.proc,
      host: roots.host,
    };
    const slowEvery = Math.max(1, Math.round(slowIntervalMs / intervalMs));
    return {
      mode: layout.mode,
      files,
      probe,
      scraper: new ContainerScraper({ context, clock: this.#clock, slowEvery }),
      hostReader: new HostReader({ files, layout, proc: roots.proc, sys: roots.sys, probe }),
    };
  }
}
