/**
 * Reads all values of one container's life. It holds descriptors, so it must be closed when the
 * container dies: a held descriptor keeps the removed control group in kernel memory.
 */
import { join } from 'node:path';
import type { Target } from '../target.ts';
import {
  type CgroupDirectory,
  type ContainerCgroup,
  findContainerCgroup,
} from './cgroup/container-cgroup.ts';
import { type CgroupLayout, controllers } from './cgroup/layout.ts';
import { unifiedFiles, v1Files, v2Files } from './container-files.ts';
import { set, type StatFile } from './stat-file.ts';
import type { ContainerLimits } from './container-limits.ts';
import { deriveValues, newValues, type Values } from './container-values.ts';
import type { KeptFile, KeptFiles } from './kept-files.ts';
import { type DescriptorCounter, readDescriptorLimit } from './process/descriptors.ts';
import { readLogBytes } from './process/log-size.ts';
import { isOnHostNetwork, readContainerNetwork } from './process/network.ts';
import { addNestedTasks, listProcesses } from './process/tasks.ts';

/** What all readers of a sampler share. */
export interface ReaderContext {
  readonly files: KeptFiles;
  readonly limits: ContainerLimits;
  readonly descriptors: DescriptorCounter;
  readonly layout: CgroupLayout;
  /** Root of the kernel's process files. */
  readonly proc: string;
  /** Put before the log path that the runtime names. */
  readonly host: string;
}

interface Planned {
  readonly file: KeptFile;
  readonly stat: StatFile;
}

export class ContainerReader {
  readonly #context: ReaderContext;
  readonly #cgroup: ContainerCgroup;
  readonly #plan: readonly Planned[];
  readonly #processDirectory: string | undefined;
  readonly #hasNetwork: boolean;
  /** What only the slow tier reads and each scrape repeats: the limits. */
  readonly #limits: Values = newValues();

  constructor(context: ReaderContext, target: Target) {
    this.#context = context;
    this.#cgroup = findContainerCgroup(context.layout, target, context.proc);
    this.#plan = planOf(context.files, this.#cgroup);
    this.#processDirectory = target.pid > 0 ? join(context.proc, String(target.pid)) : undefined;
    this.#hasNetwork = target.pid > 0 && !isOnHostNetwork(context.proc, target.pid);
  }

  /** False when no control group was found, so that it is worth looking again. */
  get hasCgroup(): boolean {
    return this.#cgroup.controllers.size > 0;
  }

  /**
   * Fills `values`; with `isSlow` also limits and descriptors.
   *
   * @returns false when the control group is gone: the values are of no use then.
   */
  read(target: Target, values: Values, isSlow: boolean): boolean {
    const { files } = this.#context;
    if (isSlow) this.#readLimits();
    values.set(this.#limits);
    for (const { file, stat } of this.#plan) {
      const bytes = files.read(file);
      if (bytes) stat.apply(bytes, values);
      else if (file.isGone) return false;
    }
    const pids = this.#cgroup.controllers.get('pids');
    if (pids) addNestedTasks(files, pids, values);
    if (isSlow && pids) this.#readDescriptors(pids, values);
    if (this.#hasNetwork && this.#processDirectory !== undefined) {
      readContainerNetwork(files, this.#processDirectory, values);
    }
    if (target.logPath !== '') {
      set(values, 'log_bytes', readLogBytes(join(this.#context.host, target.logPath)));
    }
    set(values, 'restarts_total', target.restartCount);
    deriveValues(values);
    return true;
  }

  /** Closes every descriptor; the reader is not used again. */
  close(): void {
    for (const { file } of this.#plan) this.#context.files.close(file);
  }

  #readLimits(): void {
    const { files, limits } = this.#context;
    limits.read(this.#cgroup, this.#limits);
    if (this.#processDirectory !== undefined) {
      const limit = readDescriptorLimit(files, this.#processDirectory);
      set(this.#limits, 'file_descriptors_limit', limit);
    }
  }

  #readDescriptors(pids: CgroupDirectory, values: Values): void {
    const processes = listProcesses(this.#context.files, pids);
    if (!processes || processes.length === 0) return;
    set(values, 'file_descriptors', this.#context.descriptors.count(processes));
  }
}

function planOf(files: KeptFiles, cgroup: ContainerCgroup): Planned[] {
  const plan: Planned[] = [];
  const add = (at: CgroupDirectory, stats: readonly StatFile[]): void => {
    for (const stat of stats) {
      const file = files.file(join(at.directory, stat.name), { isList: stat.isList });
      plan.push({ file, stat });
    }
  };
  for (const controller of controllers) {
    const at = cgroup.controllers.get(controller);
    if (at) add(at, at.version === 1 ? v1Files[controller] : v2Files[controller]);
  }
  if (cgroup.unified) add(cgroup.unified, unifiedFiles);
  return plan;
}
