/**
 * Limits of a container: re-read in the slow tier, as they change only by an administrator's hand.
 * A limit is the *effective* one, the least of the control group's own and of those above it, since
 * a parent (a pod, a systemd slice) may be tighter than the container.
 *
 * Nothing is kept open here: a descriptor on a pod's control group would outlive its last
 * container.
 */
import { dirname, join } from 'node:path';
import type { CgroupDirectory, ContainerCgroup } from './cgroup/container-cgroup.ts';
import { limitOf } from './container-files.ts';
import { set } from './stat-file.ts';
import type { Values } from './container-values.ts';
import type { KeptFiles } from './kept-files.ts';
import { type Bytes, parseNumber, parseSingle, skipBlanks, skipWord } from './parse/bytes.ts';

/** More folders than this between a container and the root are not walked. */
const maxDepth = 32;

export class ContainerLimits {
  readonly #files: KeptFiles;
  /** Limits of folders above containers, read once per round however many containers share them. */
  readonly #parents = new Map<string, number>();

  constructor(files: KeptFiles) {
    this.#files = files;
  }

  beginRound(): void {
    this.#parents.clear();
  }

  /** Writes the limits into `values`; one that cannot be read stays as it is. */
  read(cgroup: ContainerCgroup, values: Values): void {
    this.#readMemory(cgroup.controllers.get('memory'), values);
    this.#readCpu(cgroup.controllers.get('cpu'), values);
    const pids = cgroup.controllers.get('pids');
    if (pids) set(values, 'pids_limit', this.#effective(pids, 'pids.max'));
  }

  #readMemory(memory: CgroupDirectory | undefined, values: Values): void {
    if (!memory) return;
    if (memory.version === 1) {
      const soft = this.#number(join(memory.directory, 'memory.soft_limit_in_bytes'));
      set(values, 'memory_soft_limit_bytes', limitOf(soft));
      return;
    }
    set(values, 'memory_limit_bytes', this.#effective(memory, 'memory.max'));
    // Zero forbids swap; see swapLimit of v1 for why that is "not known".
    const swap = this.#effective(memory, 'memory.swap.max');
    set(values, 'memory_swap_limit_bytes', swap === 0 ? NaN : swap);
    // Docker's memory reservation is memory.low, where 0 is "none" already.
    const high = this.#effective(memory, 'memory.high');
    const low = this.#number(join(memory.directory, 'memory.low'));
    set(values, 'memory_soft_limit_bytes', Number.isFinite(high) ? high : low);
  }

  #readCpu(cpu: CgroupDirectory | undefined, values: Values): void {
    if (!cpu) return;
    if (cpu.version === 1) {
      set(values, 'cpu_limit_cores', this.#effective(cpu, 'cpu.cfs_quota_us'));
      set(values, 'cpu_shares', this.#number(join(cpu.directory, 'cpu.shares')));
      return;
    }
    set(values, 'cpu_limit_cores', this.#effective(cpu, 'cpu.max'));
    // How OCI runtimes turn shares 2…262144 into weights 1…10000, the other way round.
    const weight = this.#number(join(cpu.directory, 'cpu.weight'));
    set(values, 'cpu_shares', Math.round(2 + ((weight - 1) * 262_142) / 9999));
  }

  /** The least along the path; `NaN` only when the container's own file cannot be read. */
  #effective(from: CgroupDirectory, file: string): number {
    let limit = this.#limitAt(from.directory, file);
    let directory = dirname(from.directory);
    for (let depth = 0; depth < maxDepth && isBelow(directory, from.mountDirectory); depth++) {
      const parent = this.#parentLimit(directory, file);
      if (parent < limit) limit = parent;
      directory = dirname(directory);
    }
    return limit;
  }

  #parentLimit(directory: string, file: string): number {
    const path = join(directory, file);
    const known = this.#parents.get(path);
    if (known !== undefined) return known;
    const limit = this.#limitAt(directory, file);
    this.#parents.set(path, limit);
    return limit;
  }

  #limitAt(directory: string, file: string): number {
    const bytes = this.#files.readOnce(join(directory, file));
    if (!bytes) return NaN;
    if (file === 'cpu.max') return coresOf(bytes);
    const value = parseSingle(bytes);
    if (file !== 'cpu.cfs_quota_us') return value;
    if (value < 0) return Infinity;
    return value / this.#number(join(directory, 'cpu.cfs_period_us'));
  }

  #number(path: string): number {
    const bytes = this.#files.readOnce(path);
    return bytes ? parseSingle(bytes) : NaN;
  }
}

/** `10000 100000`: quota and period in microseconds; `max 100000` without a quota. */
export function coresOf(bytes: Bytes): number {
  const quota = parseSingle(bytes);
  return quota / parseNumber(bytes, skipBlanks(bytes, skipWord(bytes, 0)));
}

function isBelow(directory: string, root: string): boolean {
  return directory.length > root.length && directory.startsWith(root);
}
