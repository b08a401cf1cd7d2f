/**
 * Reads all values of one container's life. It holds descriptors, so it must be closed when the
 * container dies: a held descriptor keeps the removed control group in kernel memory.
 */
import { join } from 'node:path';
import type { Target } from '../target.ts';
import type { TcpStateReads } from './background/tcp-states.ts';
import type { WritableLayers } from './background/writable-layers.ts';
import {
  type CgroupDirectory,
  type CgroupPlaces,
  type ContainerCgroup,
  findContainerCgroup,
} from './cgroup/container-cgroup.ts';
import { controllers } from './cgroup/layout.ts';
import { unifiedFiles, v1Files, v2Files } from './container-files.ts';
import type { ContainerLimits } from './container-limits.ts';
import { ContainerValues, deriveValues } from './container-values.ts';
import type { DamagedFiles } from './damaged-files.ts';
import type { KeptFile, KeptFiles } from './kept-files.ts';
import { type DescriptorCounter, readDescriptorLimit } from './process/descriptors.ts';
import { readLogBytes } from './process/log-size.ts';
import { ContainerNetwork } from './process/network.ts';
import type { NetworkNamespaces } from './process/network-namespaces.ts';
import { addNestedTasks, listProcesses } from './process/tasks.ts';
import type { StatFile } from './stat-file.ts';

/** What all readers of a sampler share. */
export interface ReaderContext extends CgroupPlaces {
  readonly files: KeptFiles;
  readonly damaged: DamagedFiles;
  readonly limits: ContainerLimits;
  readonly descriptors: DescriptorCounter;
  readonly namespaces: NetworkNamespaces;
  readonly tcpStates: TcpStateReads;
  readonly layers: WritableLayers;
  /** Put before the log path that the runtime names. */
  readonly host: string;
  /** Bytes of GPU memory that a container's processes hold, where somebody knows. */
  readonly gpuMemory: (dockerId: string) => number | undefined;
}

/** Limits change by an administrator's hand only: of so many slow reads one reads them. */
const limitsEvery = 4;

interface Planned {
  readonly file: KeptFile;
  readonly stat: StatFile;
}

interface Plan {
  /** Read in each scrape. */
  readonly always: readonly Planned[];
  /** Read when the others say that something happened. */
  readonly quiet: readonly Planned[];
}

export class ContainerReader {
  readonly #context: ReaderContext;
  readonly #dockerId: string;
  readonly #cgroup: ContainerCgroup;
  readonly #plan: Plan;
  readonly #processDirectory: string | undefined;
  readonly #network: ContainerNetwork | undefined;
  /** What only the slow tier reads and each scrape repeats: the limits. */
  readonly #limits = new ContainerValues();
  #slowReads = 0;
  /** What the slow tier counted last. */
  readonly #counted = new ContainerValues();
  #hasRunSinceCounted = true;
  /** What the quiet files said last. */
  readonly #quiet = new ContainerValues();
  readonly #lastSeen = { cpu: NaN, memory: NaN, tasks: NaN };

  constructor(context: ReaderContext, target: Target) {
    this.#context = context;
    this.#dockerId = target.dockerId;
    this.#cgroup = findContainerCgroup(context, target);
    this.#plan = planOf(context.files, this.#cgroup);
    context.namespaces.add(target);
    context.layers.add(target);
    if (target.pid <= 0) return;
    this.#processDirectory = join(context.proc, String(target.pid));
    this.#network = new ContainerNetwork(context, this.#processDirectory);
  }

  /** False when no control group was found, so that it is worth looking again. */
  get hasCgroup(): boolean {
    return this.#cgroup.controllers.size > 0;
  }

  /**
   * Fills in what each scrape reads. While a container does nothing, most of its files say what
   * they said before, and are not read: half of the cost of one that is idle.
   *
   * @param isWhole True to read all files; to be asked for now and then.
   * @returns false when the control group is gone: the values are of no use then.
   */
  read(target: Target, values: ContainerValues, isWhole: boolean): boolean {
    const { layers, gpuMemory } = this.#context;
    values.fillFrom(this.#limits);
    if (!this.#readFiles(this.#plan.always, values)) return false;
    const hasRun = this.#hasRun(values) || isWhole;
    if (hasRun) this.#hasRunSinceCounted = true;
    if (hasRun && !this.#readQuiet(values)) return false;
    values.fillFrom(this.#quiet);
    this.#readNetwork(values, hasRun);
    values.set('writable_layer_bytes', layers.bytesOf(this.#dockerId));
    values.set('gpu_memory_bytes', gpuMemory(this.#dockerId) ?? NaN);
    values.set('restarts_total', target.restartCount);
    deriveValues(values);
    return true;
  }

  /** Fills in what only the slow tier reads; the limits stand in each scrape from then on. */
  readSlow(target: Target, values: ContainerValues): void {
    this.#context.layers.add(target);
    if (this.#slowReads % limitsEvery === 0) this.#readLimits();
    this.#slowReads++;
    if (this.#hasRunSinceCounted) this.#count(target);
    values.fillFrom(this.#counted);
  }

  /** Fills in counters of the network; slow as well, to be called after {@link read}. */
  readCounters(values: ContainerValues): void {
    if (this.#context.namespaces.isReporter(this.#dockerId)) this.#network?.readCounters(values);
  }

  /** Closes every descriptor and lets go of what others hold for it; it is not used again. */
  close(): void {
    const { files, namespaces, tcpStates, layers } = this.#context;
    for (const { file } of this.#plan.always) files.close(file);
    for (const { file } of this.#plan.quiet) files.close(file);
    namespaces.remove(this.#dockerId);
    tcpStates.remove(this.#dockerId);
    layers.remove(this.#dockerId);
  }

  /** False when one of them says that the control group is gone. */
  #readFiles(planned: readonly Planned[], values: ContainerValues): boolean {
    const { files, damaged } = this.#context;
    for (const { file, stat } of planned) {
      const bytes = files.read(file);
      if (!bytes) {
        if (file.isGone) return false;
        continue;
      }
      const before = values.outOfRange;
      stat.apply(bytes, values);
      if (values.outOfRange > before) {
        damaged.add(stat.name, file.path, values.outOfRange - before);
      }
    }
    return true;
  }

  #readQuiet(values: ContainerValues): boolean {
    this.#quiet.clear();
    if (!this.#readFiles(this.#plan.quiet, this.#quiet)) return false;
    const pids = this.#cgroup.controllers.get('pids');
    this.#quiet.set('pids_current', values.get('pids_current'));
    if (pids) addNestedTasks(this.#context.files, pids, this.#quiet);
    return true;
  }

  /**
   * Whatever a process does takes processor time; what others do to it changes its memory or the
   * number of its tasks. Where any of these is not known, it is taken to have run.
   */
  #hasRun(values: ContainerValues): boolean {
    const cpu = values.get('cpu_usage_seconds_total');
    const memory = values.get('memory_usage_bytes');
    const tasks = values.get('pids_current');
    const last = this.#lastSeen;
    const isSame = cpu === last.cpu && memory === last.memory && tasks === last.tasks;
    last.cpu = cpu;
    last.memory = memory;
    last.tasks = tasks;
    return !isSame;
  }

  /** Descriptors and log, neither of which changes while nothing runs. */
  #count(target: Target): void {
    const { files, descriptors, host } = this.#context;
    this.#hasRunSinceCounted = false;
    this.#counted.clear();
    const pids = this.#cgroup.controllers.get('pids');
    const processes = pids && listProcesses(files, pids);
    if (processes && processes.length > 0) {
      this.#counted.set('file_descriptors', descriptors.count(processes));
    }
    if (target.logPath !== '') {
      this.#counted.set('log_bytes', readLogBytes(join(host, target.logPath)));
    }
  }

  #readLimits(): void {
    const { files, limits } = this.#context;
    limits.read(this.#cgroup, this.#limits);
    if (this.#processDirectory !== undefined) {
      const limit = readDescriptorLimit(files, this.#processDirectory);
      this.#limits.set('file_descriptors_limit', limit);
    }
  }

  #readNetwork(values: ContainerValues, hasRun: boolean): void {
    const { namespaces, tcpStates } = this.#context;
    if (!this.#network || this.#processDirectory === undefined) return;
    if (!namespaces.isReporter(this.#dockerId)) {
      // Another one reports from now on, or did all the time.
      tcpStates.remove(this.#dockerId);
      return;
    }
    this.#network.read(values, hasRun || !namespaces.isAlone(this.#dockerId));
    tcpStates.exchange({ dockerId: this.#dockerId, directory: this.#processDirectory }, values);
  }
}

function planOf(files: KeptFiles, cgroup: ContainerCgroup): Plan {
  const always: Planned[] = [];
  const quiet: Planned[] = [];
  const add = (at: CgroupDirectory, stats: readonly StatFile[]): void => {
    for (const stat of stats) {
      const { isList, freshAfterMs = 0 } = stat;
      const file = files.file(join(at.directory, stat.name), { isList, freshAfterMs });
      (stat.isAlwaysRead === true ? always : quiet).push({ file, stat });
    }
  };
  for (const controller of controllers) {
    const at = cgroup.controllers.get(controller);
    if (at) add(at, at.version === 1 ? v1Files[controller] : v2Files[controller]);
  }
  if (cgroup.unified) add(cgroup.unified, unifiedFiles);
  return { always, quiet };
}
