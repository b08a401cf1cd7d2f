/**
 * Is this a leak? Looks at the floors of one resource within one process life, over one horizon.
 *
 * Every test that a healthy series is known to fail has a name, so that a verdict can be explained:
 * a trend (Mann–Kendall), that is clear (Theil–Sen interval above zero), large enough to matter,
 * still going on (a warm-up and a cache level off), spread over time (a step is a deployment or a
 * configuration), higher than ever before in this life (a daily cycle comes back), not explained by
 * load, and soon enough to run out.
 */
import { correlation } from '../statistics/correlation.ts';
import { mannKendall } from '../statistics/mann-kendall.ts';
import { theilSen, type TheilSenLine } from '../statistics/theil-sen.ts';
import type { Floors } from './floors.ts';
import type { Horizon } from './horizon.ts';

export interface LeakContext {
  horizon: Horizon;
  /** Null without one. */
  limit: number | null;
  /** Highest floor of this life before the horizon began; null when nothing is known of it. */
  earlierMax: number | null;
  /** How much of this life before the horizon is known, in seconds. */
  earlierSeconds: number;
  /** Growth over the horizon that matters at all, in the resource's unit. */
  minGrowth: number;
  maxTimeLeftSeconds: number;
}

export type NoLeakReason =
  | 'too_short'
  | 'too_small'
  | 'no_trend'
  | 'unclear'
  | 'a_step'
  | 'levelling_off'
  | 'seen_before'
  | 'load'
  | 'maybe_daily'
  | 'far_away';

export interface Leak {
  isLeak: true;
  line: TheilSenLine;
  tau: number;
  /** Level of the line at the newest window. */
  level: number;
  /** Until the limit, or without one until the starting level has doubled. */
  timeLeftSeconds: number;
  timeLeftLow: number;
  timeLeftHigh: number;
  /** Slope of the last third as a share of the whole. */
  shape: number;
  confidence: number;
}

export type LeakVerdict = Leak | { isLeak: false; reason: NoLeakReason };

/** Share of the windows of a span that must hold samples. */
const minCoverage = 0.6;
const minGrowthOfFloor = 0.1;
const minGrowthOfLimit = 0.05;
/** Largest part of the growth that a single window may bring. */
const maxJumpShare = 0.4;
const minShape = 0.4;
/** From this age on, warm-up is over and a daily cycle has shown its height. */
const knownSeconds = 26 * 3600;
/** A younger process is judged only as far ahead as this many times what has been seen of it. */
const maxExtrapolation = 2;

export function judgeLeak(floors: Floors, context: LeakContext): LeakVerdict {
  const now = judgeTrend(floors, context);
  if ('isLeak' in now) return now;
  // The trend must have been there an eighth of the horizon ago: persistence that needs no memory.
  const past = withoutNewest(floors, Math.max(2, Math.floor(floors.times.length / 8)));
  const before = judgeTrend(past, { ...context, horizon: relaxed(context.horizon) });
  if ('isLeak' in before) return before;
  return judgeOutcome(floors, now, context);
}

interface Trend {
  line: TheilSenLine;
  tau: number;
  shape: number;
  growth: number;
  level: number;
  first: number;
  /** Largest rise from one window to the next. */
  jump: number;
}

function no(reason: NoLeakReason): { isLeak: false; reason: NoLeakReason } {
  return { isLeak: false, reason };
}

/** Cheap tests first: most series of a fleet end at one of them. */
function judgeTrend(floors: Floors, context: LeakContext): Trend | LeakVerdict {
  const { horizon, limit } = context;
  const { times, values } = floors;
  const n = values.length;
  const first = times[0] ?? 0;
  const span = (times[n - 1] ?? 0) - first;
  if (n < horizon.minWindows || n < minCoverage * (span / horizon.windowSeconds + 1)) {
    return no('too_short');
  }
  const { tau } = mannKendall(values);
  if (tau < horizon.minTau) return no('no_trend');
  const xs = times.map((time) => time - first);
  const line = theilSen(xs, values);
  const growth = line.slope * span;
  const start = Math.max(line.intercept, 0);
  const isLarge =
    growth >= minGrowthOfFloor * start || (limit !== null && growth >= minGrowthOfLimit * limit);
  if (growth < context.minGrowth || !isLarge) return no('too_small');
  if (!(line.low > 0)) return no('unclear');
  const jump = largestJump(values);
  if (jump > maxJumpShare * growth) return no('a_step');
  const shape = lastThirdSlope(xs, values) / line.slope;
  if (!(shape >= minShape)) return no('levelling_off');
  return { line, tau, shape, growth, level: line.intercept + growth, first: start, jump };
}

function judgeOutcome(floors: Floors, trend: Trend, context: LeakContext): LeakVerdict {
  const { line, tau, shape, growth, level, jump } = trend;
  const { limit, earlierMax } = context;
  // A step lifts the daily cycle that comes after it above all earlier ones: take the step out.
  if (earlierMax !== null && level - jump < earlierMax + growth / 4) return no('seen_before');
  if (isLoad(floors, tau)) return no('load');
  const newest = Math.max(level, floors.values.at(-1) ?? level);
  const room = Math.max(0, limit === null ? 2 * trend.first - newest : limit - newest);
  const timeLeftSeconds = room / line.slope;
  if (timeLeftSeconds > context.maxTimeLeftSeconds) return no('far_away');
  const span = (floors.times.at(-1) ?? 0) - (floors.times[0] ?? 0);
  const knowsDay = context.earlierSeconds + span >= knownSeconds;
  if (!knowsDay && timeLeftSeconds > span * maxExtrapolation) return no('maybe_daily');
  return {
    isLeak: true,
    line,
    tau,
    level: newest,
    timeLeftSeconds,
    timeLeftLow: room / line.high,
    timeLeftHigh: room / line.low,
    shape,
    confidence: confidenceOf(trend),
  };
}

function withoutNewest(floors: Floors, count: number): Floors {
  return {
    times: floors.times.slice(0, -count),
    values: floors.values.slice(0, -count),
    loads: floors.loads.slice(0, -count),
  };
}

/** What the shorter series of the past is held to. */
function relaxed(horizon: Horizon): Horizon {
  return {
    ...horizon,
    minWindows: Math.ceil(horizon.minWindows * 0.75),
    minTau: horizon.minTau - 0.15,
  };
}

function largestJump(values: readonly number[]): number {
  let largest = 0;
  for (let i = 1; i < values.length; i++) {
    largest = Math.max(largest, (values[i] ?? 0) - (values[i - 1] ?? 0));
  }
  return largest;
}

function lastThirdSlope(xs: readonly number[], values: readonly number[]): number {
  const from = values.length - Math.max(5, Math.ceil(values.length / 3));
  return theilSen(xs.slice(from), values.slice(from)).slope;
}

/** The work done rises with the floor, and tells it at least as well as the clock does. */
function isLoad(floors: Floors, tau: number): boolean {
  const loads: number[] = [];
  const values: number[] = [];
  const clock: number[] = [];
  for (const [i, load] of floors.loads.entries()) {
    if (load === null) continue;
    loads.push(load);
    values.push(floors.values[i] ?? 0);
    clock.push(floors.times[i] ?? 0);
  }
  if (loads.length < floors.loads.length / 2 || loads.length < 8) return false;
  const byLoad = correlation(loads, values);
  return (
    byLoad > 0.85 &&
    mannKendall(loads).tau > Math.min(0.5, tau) &&
    byLoad >= correlation(clock, values) - 0.03
  );
}

/** 0…1: how steadily it rises, how narrow the interval, how straight. */
function confidenceOf({ line, tau, shape }: Trend): number {
  const width = Math.min(1, (line.high - line.low) / (2 * line.slope));
  const straightness = Math.min(1, Math.min(shape, 1 / Math.max(shape, 1e-9)));
  return Math.min(1, Math.max(0, 0.5 * tau + 0.3 * (1 - width) + 0.2 * straightness));
}
