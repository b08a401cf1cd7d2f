/**
 * One container's values of one scrape, as an array of numbers with a place per column. `NaN` is
 * "not known" and becomes `null`; a limit of `Infinity` is "none" and becomes 0.
 */
import { type ContainerStatsValue, containerStatsValues } from '@plimsoll/model';

const listed: string[] = Object.keys(containerStatsValues);
/** Column names in the order of the table in the model. */
export const containerStatsValueNames: readonly ContainerStatsValue[] = listed.filter(
  (name): name is ContainerStatsValue => name in containerStatsValues,
);

/** Read from files, used for other values, not columns themselves. */
const scratchNames = ['memory_inactive_file_bytes', 'memory_and_swap_limit_bytes'] as const;
type Scratch = (typeof scratchNames)[number];

export type ValueName = ContainerStatsValue | Scratch;

/** Place of each value in the array. */
export const slot: Readonly<Record<ValueName, number>> = (() => {
  const places: Partial<Record<ValueName, number>> = {};
  for (const [index, name] of [...containerStatsValueNames, ...scratchNames].entries()) {
    places[name] = index;
  }
  // Every name of the union was given a place by the loop.
  return places as Record<ValueName, number>;
})();

export type Values = Float64Array;

export function newValues(): Values {
  return new Float64Array(containerStatsValueNames.length + scratchNames.length).fill(NaN);
}

/** Computes what follows from several files; call once all files of a scrape were read. */
export function deriveValues(values: Values): void {
  const usage = values[slot.memory_usage_bytes] ?? NaN;
  const inactive = values[slot.memory_inactive_file_bytes] ?? NaN;
  values[slot.memory_working_set_bytes] = Math.max(0, usage - inactive);
  values[slot.memory_unreclaimable_bytes] = unreclaimable(values);
  values[slot.zombies] = Math.max(
    0,
    (values[slot.pids_current] ?? NaN) - (values[slot.threads] ?? NaN),
  );
}

/** Without anon nothing is said; what a kernel does not account for counts as zero. */
function unreclaimable(values: Values): number {
  const anon = values[slot.memory_anon_bytes] ?? NaN;
  const kernel = known(values[slot.memory_kernel_bytes]);
  const reclaimable = known(values[slot.memory_slab_reclaimable_bytes]);
  return (
    anon +
    known(values[slot.memory_shmem_bytes]) +
    Math.max(0, kernel - reclaimable) +
    known(values[slot.memory_sock_bytes])
  );
}

function known(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? 0 : value;
}
