/**
 * Limits of a container: re-read in the slow tier, as they change only by an administrator's hand.
 * A limit is the *effective* one, the least of the control group's own and of those above it, since
 * a parent (a pod, a systemd slice) may be tighter than the container.
 *
 * Nothing is kept open here: a descriptor on a pod's control group would outlive its last
 * container.
 */
import { basename, dirname, join } from 'node:path';
import type { CgroupDirectory, ContainerCgroup } from './cgroup/container-cgroup.ts';
import { limitOf } from './container-files.ts';
import { type ContainerValues, isOutOfRange } from './container-values.ts';
import type { DamagedFiles } from './damaged-files.ts';
import type { KeptFiles } from './kept-files.ts';
import { type Bytes, parseNumber, parseSingle, skipBlanks, skipWord } from './parse/bytes.ts';

/** More folders than this between a container and the root are not walked. */
const maxDepth = 32;

export class ContainerLimits {
  readonly #files: KeptFiles;
  readonly #damaged: DamagedFiles;
  /** Limits of folders above containers, read once per round however many containers share them. */
  readonly #parents = new Map<string, number>();

  constructor({ files, damaged }: { files: KeptFiles; damaged: DamagedFiles }) {
    this.#files = files;
    this.#damaged = damaged;
  }

  beginRound(): void {
    this.#parents.clear();
  }

  /** Writes the limits into `values`; one that cannot be read stays as it is. */
  read(cgroup: ContainerCgroup, values: ContainerValues): void {
    this.#readMemory(cgroup.controllers.get('memory'), values);
    this.#readCpu(cgroup.controllers.get('cpu'), values);
    const pids = cgroup.controllers.get('pids');
    if (pids) values.set('pids_limit', this.#effective(pids, 'pids.max'));
  }

  #readMemory(memory: CgroupDirectory | undefined, values: ContainerValues): void {
    if (!memory) return;
    if (memory.version === 1) {
      const soft = this.#number(join(memory.directory, 'memory.soft_limit_in_bytes'));
      values.set('memory_soft_limit_bytes', limitOf(soft));
      return;
    }
    values.set('memory_limit_bytes', this.#effective(memory, 'memory.max'));
    // Zero forbids swap; see swapLimit of v1 for why that is "not known".
    const swap = this.#effective(memory, 'memory.swap.max');
    values.set('memory_swap_limit_bytes', swap === 0 ? NaN : swap);
    // Docker's memory reservation is memory.low, where 0 is "none" already.
    const high = this.#effective(memory, 'memory.high');
    const low = this.#number(join(memory.directory, 'memory.low'));
    values.set('memory_soft_limit_bytes', Number.isFinite(high) ? high : low);
  }

  #readCpu(cpu: CgroupDirectory | undefined, values: ContainerValues): void {
    if (!cpu) return;
    if (cpu.version === 1) {
      values.set('cpu_limit_cores', this.#effective(cpu, 'cpu.cfs_quota_us'));
      values.set('cpu_shares', this.#number(join(cpu.directory, 'cpu.shares')));
      return;
    }
    values.set('cpu_limit_cores', this.#effective(cpu, 'cpu.max'));
    // How OCI runtimes turn shares 2…262144 into weights 1…10000, the other way round.
    const weight = this.#number(join(cpu.directory, 'cpu.weight'));
    values.set('cpu_shares', Math.round(2 + ((weight - 1) * 262_142) / 9999));
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
    const path = join(directory, file);
    const bytes = this.#files.readOnce(path);
    if (!bytes) return NaN;
    if (file === 'cpu.max') return this.#checked(path, coresOf(bytes));
    const value = parseSingle(bytes);
    if (file !== 'cpu.cfs_quota_us') return this.#checked(path, value);
    // The kernel writes -1 for none.
    if (value === -1) return Infinity;
    return this.#checked(path, value) / this.#number(join(directory, 'cpu.cfs_period_us'));
  }

  #number(path: string): number {
    const bytes = this.#files.readOnce(path);
    return bytes ? this.#checked(path, parseSingle(bytes)) : NaN;
  }

  /** No limit is `Infinity`, which is in range here. */
  #checked(path: string, value: number): number {
    if (value === Infinity || !isOutOfRange(value)) return value;
    this.#damaged.add(basename(path), path, 1);
    return NaN;
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
