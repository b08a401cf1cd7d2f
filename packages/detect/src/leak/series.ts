/** From the floors of one process life to a verdict over all horizons. */
import { between, coarsen, type Floors } from './floors.ts';
import { floorSeconds, horizons, type Horizon } from './horizon.ts';
import { judgeLeak, type Leak, type NoLeakReason } from './judge.ts';

export interface LifeFloors {
  /** Windows of {@link floorSeconds} over the whole life, as far back as is kept. */
  long: Floors;
  /** Windows of 90 s over the last hour and a half. */
  fine: Floors;
}

export interface LifeContext {
  limit: number | null;
  minGrowth: number;
  maxTimeLeftSeconds: number;
}

export type LifeVerdict =
  | (Leak & { horizon: Horizon; floors: Floors; since: number })
  | { isLeak: false; reasons: Record<Horizon['name'], NoLeakReason> };

/** The widest horizon that sees a leak speaks: it has the steadiest slope. */
export function judgeLife(life: LifeFloors, context: LifeContext): LifeVerdict {
  const reasons: Partial<Record<Horizon['name'], NoLeakReason>> = {};
  for (const horizon of horizons.toReversed()) {
    const all = floorsFor(life, horizon);
    const newest = all.times.at(-1) ?? 0;
    const from = newest - (horizon.maxWindows - 1) * horizon.windowSeconds;
    const floors = between(all, from, Number.POSITIVE_INFINITY);
    const earlier = between(life.long, 0, from - floorSeconds + 1);
    const verdict = judgeLeak(floors, {
      ...context,
      horizon,
      earlierMax: earlier.values.length === 0 ? null : maxOf(earlier.values),
      earlierSeconds: from - (earlier.times[0] ?? from),
    });
    if (verdict.isLeak)
      return { ...verdict, horizon, floors, since: onset(life.long, floors, verdict) };
    reasons[horizon.name] = verdict.reason;
  }
  return { isLeak: false, reasons: reasons as Record<Horizon['name'], NoLeakReason> };
}

/** The newest window of a wide horizon is still being filled: its minimum may yet fall. */
function floorsFor(life: LifeFloors, horizon: Horizon): Floors {
  return horizon.windowSeconds < floorSeconds
    ? life.fine
    : coarsen(life.long, horizon.windowSeconds);
}

function maxOf(values: readonly number[]): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > max) max = value;
  return max;
}

/**
 * When the trend began: going back from the horizon, as long as floors stay below the level that
 * the line starts from by no more than a tenth of its growth, they belong to the flat part before.
 */
function onset(long: Floors, floors: Floors, leak: Leak): number {
  const start = floors.times[0] ?? 0;
  const earlier = between(long, 0, start);
  let since = start;
  for (let i = earlier.times.length - 1; i >= 0; i--) {
    const expected = leak.line.intercept - leak.line.slope * (start - (earlier.times[i] ?? 0));
    const tolerance = 0.1 * leak.line.slope * Math.max(start - (earlier.times[i] ?? 0), 3600);
    if (Math.abs((earlier.values[i] ?? 0) - expected) > tolerance + 0.02 * Math.abs(expected))
      break;
    since = earlier.times[i] ?? since;
  }
  return since;
}
