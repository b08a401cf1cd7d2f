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
const scratchNames = ['memory_inactive_file_bytes'] as const;
type Scratch = (typeof scratchNames)[number];

export type ValueName = ContainerStatsValue | Scratch;

const places = new Map<ValueName, number>(
  [...containerStatsValueNames, ...scratchNames].map((name, index) => [name, index]),
);

/** Place of a value in the array; to be looked up once, where a file is described. */
export function placeOf(name: ValueName): number {
  return places.get(name) ?? -1;
}

/** Above this nothing is believed: counters and sizes of the kernel are signed 64-bit in use. */
const outOfRange = 2 ** 63;

/** True for what no counter or size can be. `NaN`, which is "not given", can. */
export function isOutOfRange(value: number): boolean {
  return value < 0 || value >= outOfRange;
}

export class ContainerValues {
  readonly numbers = new Float64Array(places.size).fill(NaN);
  /** Values left out because they were out of range, since the start. */
  outOfRange = 0;

  clear(): void {
    this.numbers.fill(NaN);
  }

  get(name: ValueName): number {
    return this.numbers[placeOf(name)] ?? NaN;
  }

  set(name: ValueName, value: number): void {
    this.numbers[placeOf(name)] = value;
  }

  /** What a file says, or `NaN` and one more {@link outOfRange}. */
  checked(raw: number): number {
    if (!isOutOfRange(raw)) return raw;
    this.outOfRange++;
    return NaN;
  }

  /** Takes over what another knows, and leaves the rest as it is. */
  fillFrom(other: ContainerValues): void {
    for (let place = 0; place < this.numbers.length; place++) {
      const value = other.numbers[place] ?? NaN;
      if (!Number.isNaN(value)) this.numbers[place] = value;
    }
  }
}

const usagePlace = placeOf('memory_usage_bytes');
const inactivePlace = placeOf('memory_inactive_file_bytes');
const workingSetPlace = placeOf('memory_working_set_bytes');
const unreclaimablePlace = placeOf('memory_unreclaimable_bytes');
const pidsPlace = placeOf('pids_current');
const threadsPlace = placeOf('threads');
const zombiesPlace = placeOf('zombies');
const anonPlace = placeOf('memory_anon_bytes');
const shmemPlace = placeOf('memory_shmem_bytes');
const kernelPlace = placeOf('memory_kernel_bytes');
const slabReclaimablePlace = placeOf('memory_slab_reclaimable_bytes');
const sockPlace = placeOf('memory_sock_bytes');

/** Computes what follows from several files; call once all files of a scrape were read. */
export function deriveValues({ numbers }: ContainerValues): void {
  const at = (place: number): number => numbers[place] ?? NaN;
  numbers[workingSetPlace] = Math.max(0, at(usagePlace) - at(inactivePlace));
  numbers[zombiesPlace] = Math.max(0, at(pidsPlace) - at(threadsPlace));
  // Without anon nothing is said; what a kernel does not account for counts as zero.
  numbers[unreclaimablePlace] =
    at(anonPlace) +
    known(at(shmemPlace)) +
    Math.max(0, known(at(kernelPlace)) - known(at(slabReclaimablePlace))) +
    known(at(sockPlace));
}

function known(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
