/** Window minima of one resource of one process life, ascending in time; windows without samples are absent. */
export interface Floors {
  /** Start of each window, seconds since 1970. */
  times: number[];
  values: number[];
  /** Work done in each window (CPU cores), to tell load from leak; null where not known. */
  loads: (number | null)[];
}

/** Joins windows into wider ones, aligned to multiples of `windowSeconds`. */
export function coarsen(floors: Floors, windowSeconds: number): Floors {
  const out: Floors = { times: [], values: [], loads: [] };
  let loadSum = 0;
  let loadCount = 0;
  for (const [i, time] of floors.times.entries()) {
    const start = Math.floor(time / windowSeconds) * windowSeconds;
    const value = floors.values[i] ?? 0;
    const load = floors.loads[i] ?? null;
    const last = out.times.length - 1;
    const isSame = out.times[last] === start;
    loadSum = (isSame ? loadSum : 0) + (load ?? 0);
    loadCount = (isSame ? loadCount : 0) + (load === null ? 0 : 1);
    const mean = loadCount === 0 ? null : loadSum / loadCount;
    if (isSame) {
      out.values[last] = Math.min(out.values[last] ?? value, value);
      out.loads[last] = mean;
    } else {
      out.times.push(start);
      out.values.push(value);
      out.loads.push(mean);
    }
  }
  return out;
}

/** The windows that start in `[from, to)`. */
export function between(floors: Floors, from: number, to: number): Floors {
  const keep = (_: unknown, i: number): boolean => {
    const time = floors.times[i] ?? 0;
    return time >= from && time < to;
  };
  return {
    times: floors.times.filter(keep),
    values: floors.values.filter(keep),
    loads: floors.loads.filter(keep),
  };
}
