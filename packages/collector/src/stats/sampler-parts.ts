/** What a sampler is made of, put together for the layout that this host has. */
import type { Clock } from '@plimsoll/runtime';
import { BackgroundReads } from './background/background-reads.ts';
import { InotifyUse } from './background/inotify-use.ts';
import { TcpStateReads } from './background/tcp-states.ts';
import { WritableLayers } from './background/writable-layers.ts';
import { CpuBudget } from './budget/cpu-budget.ts';
import { threadCpuMs } from './budget/thread-cpu.ts';
import { ContainerIndex } from './cgroup/container-index.ts';
import { type CgroupLayout, detectCgroupLayout } from './cgroup/layout.ts';
import { ContainerLimits } from './container-limits.ts';
import { ContainerScraper } from './container-scraper.ts';
import { DamagedFiles } from './damaged-files.ts';
import { FilesystemProbe } from './host/filesystems.ts';
import { HostReader } from './host/host-reader.ts';
import { KeptFiles, keptFilesLimit } from './kept-files.ts';
import { DescriptorCounter } from './process/descriptors.ts';
import { NetworkNamespaces } from './process/network-namespaces.ts';
import type { StatsRoots } from './stats-sampler.ts';

/** A layer is walked half as often as other slow values are read: it is many files. */
const layerIntervalFactor = 2;
const inotifyIntervalFactor = 4;

export interface SamplerPartsOptions {
  readonly roots: StatsRoots;
  readonly clock: Clock;
  readonly slowIntervalMs: number;
  readonly limitCores: number;
  readonly maxKeptFiles: number | undefined;
  readonly cpuMs: (() => number) | undefined;
  readonly gpuMemory: ((dockerId: string) => number | undefined) | undefined;
  readonly onDamagedFile: ((path: string) => void) | undefined;
  readonly onError: (error: unknown) => void;
}

export class SamplerParts {
  readonly slowIntervalMs: number;
  readonly layout: CgroupLayout;
  readonly files: KeptFiles;
  readonly damaged: DamagedFiles;
  readonly budget: CpuBudget;
  readonly inotify: InotifyUse;
  readonly background: BackgroundReads;
  readonly scraper: ContainerScraper;
  readonly hostReader: HostReader;
  readonly probe: FilesystemProbe;

  constructor(options: SamplerPartsOptions) {
    const { roots, clock, slowIntervalMs } = options;
    const { proc, sys, host } = roots;
    this.slowIntervalMs = slowIntervalMs;
    this.layout = detectCgroupLayout(roots);
    this.files = new KeptFiles({ maxKept: options.maxKeptFiles ?? keptFilesLimit() });
    this.damaged = new DamagedFiles(options.onDamagedFile ?? (() => undefined));
    this.budget = new CpuBudget({
      limitCores: options.limitCores,
      clock,
      cpuMs: options.cpuMs ?? threadCpuMs,
    });
    this.probe = new FilesystemProbe(host);
    const shared = { files: this.files, damaged: this.damaged, layout: this.layout, proc };
    this.hostReader = new HostReader({ ...shared, sys, clock, mountsIntervalMs: slowIntervalMs });
    const tcpStates = new TcpStateReads({ clock, intervalMs: slowIntervalMs });
    const layerIntervalMs = layerIntervalFactor * slowIntervalMs;
    const layers = new WritableLayers({ clock, intervalMs: layerIntervalMs, host });
    const inotifyIntervalMs = inotifyIntervalFactor * slowIntervalMs;
    this.inotify = new InotifyUse({ ...shared, clock, intervalMs: inotifyIntervalMs });
    this.background = new BackgroundReads({
      tasks: [tcpStates, layers, this.inotify],
      budget: this.budget,
      clock,
      onError: options.onError,
    });
    const context = {
      ...shared,
      host,
      tcpStates,
      layers,
      index: new ContainerIndex(clock),
      limits: new ContainerLimits(shared),
      descriptors: new DescriptorCounter(proc),
      namespaces: new NetworkNamespaces(proc),
      gpuMemory: options.gpuMemory ?? (() => undefined),
    };
    this.scraper = new ContainerScraper({ context, clock, budget: this.budget, slowIntervalMs });
  }

  closeAll(): void {
    this.scraper.closeAll();
    this.background.close();
  }
}
