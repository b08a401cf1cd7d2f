/** Whose the memory of GPUs is: processes joined to containers, by their control groups. Pure. */
import type { GpuProcess } from './parse-smi.ts';

/** `gone`: no such process; undefined: a process of no container known here. */
export type Owner = { containerId: string } | 'gone' | undefined;

export interface OwnedProcess extends GpuProcess {
  owner: Owner;
}

export class GpuUse {
  readonly #processes: readonly OwnedProcess[];

  constructor(processes: readonly GpuProcess[], ownerOf: (pid: number) => Owner) {
    this.#processes = processes.map((process) => ({ ...process, owner: ownerOf(process.pid) }));
  }

  /** Of all GPUs; undefined for a container that holds none, or where the driver does not say. */
  memoryOf(containerId: string): number | undefined {
    const own = this.#processes.filter(
      ({ owner }) => typeof owner === 'object' && owner.containerId === containerId,
    );
    const known = own.flatMap(({ memoryBytes }) => memoryBytes ?? []);
    return known.length === 0 ? undefined : sum(known);
  }

  /** Null where there are such processes and the driver does not say how much one of them holds. */
  unattributedBytes(uuid: string): number | null {
    const others = this.#processes.filter(
      (process) => process.uuid === uuid && typeof process.owner !== 'object',
    );
    const known = others.flatMap(({ memoryBytes }) => memoryBytes ?? []);
    return known.length === others.length ? sum(known) : null;
  }

  processes(uuid: string): number {
    return this.#processes.filter((process) => process.uuid === uuid).length;
  }

  /** Container that a process belongs to, as of this reading. */
  containerOf(pid: number): string | undefined {
    for (const process of this.#processes) {
      if (process.pid === pid && typeof process.owner === 'object') {
        return process.owner.containerId;
      }
    }
    return undefined;
  }

  /** Entries of processes that are gone: the driver holds their memory still. */
  gone(): GpuProcess[] {
    return this.#processes.filter(({ owner }) => owner === 'gone');
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
