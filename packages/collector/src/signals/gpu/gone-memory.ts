/** Memory that the driver holds for processes that are gone. Pure. */
import type { GpuProcess } from './parse-smi.ts';

export interface GoneProcess {
  process: GpuProcess;
  sinceMs: number;
}

/** A process may end between the two looks at it; memory is released a moment later. */
const goneAfterReadings = 3;

export class GoneMemory {
  #known = new Map<string, GoneProcess & { readings: number }>();

  /** What was seen often enough now to be told, and what of that is released. */
  take(
    gone: readonly GpuProcess[],
    nowMs: number,
  ): { found: GoneProcess[]; released: GoneProcess[] } {
    const before = this.#known;
    this.#known = new Map(
      gone.map((process) => {
        const earlier = before.get(keyOf(process));
        const readings = (earlier?.readings ?? 0) + 1;
        return [keyOf(process), { process, readings, sinceMs: earlier?.sinceMs ?? nowMs }];
      }),
    );
    const found = [...this.#known.values()].filter(
      ({ readings }) => readings === goneAfterReadings,
    );
    const released = [...before.values()].filter(
      ({ process, readings }) => readings >= goneAfterReadings && !this.#known.has(keyOf(process)),
    );
    return { found, released };
  }
}

function keyOf({ uuid, pid }: GpuProcess): string {
  return `${uuid} ${pid}`;
}
