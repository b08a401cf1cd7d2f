/** Faults by kind, as they are printed and counted. */
import type { FaultRecord } from '../nemesis/fault.ts';
import { labelOf } from '../nemesis/fault.ts';

export interface FaultCount {
  label: string;
  /** Those that showed an effect: only these count. */
  effective: number;
  tried: number;
}

export function countFaults(records: readonly FaultRecord[]): FaultCount[] {
  const counts = new Map<string, FaultCount>();
  for (const { fault, evidence } of records) {
    const label = labelOf(fault);
    const count = counts.get(label) ?? { label, effective: 0, tried: 0 };
    count.tried += 1;
    if (evidence !== null) count.effective += 1;
    counts.set(label, count);
  }
  return [...counts.values()].toSorted((a, b) => (a.label < b.label ? -1 : 1));
}

export function renderFaults(counts: readonly FaultCount[]): string[] {
  const width = Math.max(...counts.map(({ label }) => label.length), 0);
  return counts.map(({ label, effective, tried }) => {
    const idle = tried - effective;
    const note = idle === 0 ? '' : `   (${idle} more without effect, not counted)`;
    return `  ${label.padEnd(width)}  ${String(effective).padStart(3)}${note}`;
  });
}
