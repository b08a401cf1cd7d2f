import {
  fineFloorSeconds,
  floorSeconds,
  warmUpSeconds,
  type Floors,
  type LifeFloors,
} from '../../src/index.ts';

const sampleSeconds = 30;

export interface LifeShape {
  /** Age of the process now, in seconds. */
  age: number;
  /** Value at an age in seconds. */
  value: (age: number) => number;
  /** CPU cores at an age. */
  load?: (age: number) => number;
  /** Wall clock at the start of the process, seconds since 1970. */
  startedAt?: number;
}

/** The floors that the statement would return for a process whose value is a function of its age. */
export function lifeOf(shape: LifeShape): LifeFloors {
  const fineFrom = Math.max(warmUpSeconds, shape.age - 60 * fineFloorSeconds);
  const longFrom = Math.max(warmUpSeconds, shape.age - 7 * 86_400);
  return {
    long: floors(shape, longFrom, floorSeconds),
    fine: floors(shape, fineFrom, fineFloorSeconds),
  };
}

function floors(shape: LifeShape, from: number, windowSeconds: number): Floors {
  const startedAt = shape.startedAt ?? 1_767_571_200;
  const out: Floors = { times: [], values: [], loads: [] };
  for (let age = from; age <= shape.age; age += sampleSeconds) {
    const start = Math.floor((startedAt + age) / windowSeconds) * windowSeconds;
    const value = shape.value(age);
    const last = out.times.length - 1;
    if (out.times[last] === start) {
      out.values[last] = Math.min(out.values[last] ?? value, value);
    } else {
      out.times.push(start);
      out.values.push(value);
      out.loads.push(shape.load ? shape.load(age) : null);
    }
  }
  return out;
}

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
