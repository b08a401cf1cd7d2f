/**
 * How statistics keep within their budget. Three tiers share it, in this order:
 *
 * 1. each scrape, at the interval that was asked for; only where this alone takes more than
 *    {@link fastShare} of the budget is the interval doubled, as often as it takes;
 * 2. slow reads of each container (limits, descriptors, …), whose interval is stretched to fit
 *    into most of the rest;
 * 3. what runs behind (sockets by state, written layers, inotify), which gets what is left.
 *
 * The plan follows from measured costs and not from the use so far, so that it does not swing.
 */

/** Of the budget, for scrapes alone: what is slower gets at least a fifth. */
const fastShare = 0.8;
/** The interval is halved again only below this share, so that it does not go to and fro. */
const fastShareToReturn = 0.6;
/** Of what scrapes leave, for slow reads; the rest is for what runs behind. */
const slowShare = 0.75;
const maxIntervalFactor = 64;
const maxStretch = 60;

/** Cores that each tier would use if nothing was stretched. */
export interface Demand {
  readonly limitCores: number;
  readonly fastCores: number;
  readonly slowCores: number;
}

export interface StretchPlan {
  /** The interval of scrapes, as a multiple of the one asked for: 1, 2, 4, … */
  readonly intervalFactor: number;
  /** The interval of slow reads, as a multiple of the one asked for; 1 is as asked. */
  readonly stretchFactor: number;
  /** Cores left for what runs behind. */
  readonly backgroundCores: number;
}

export function planStretch(demand: Demand, intervalFactor: number): StretchPlan {
  const { limitCores, fastCores, slowCores } = demand;
  let factor = intervalFactor;
  while (factor < maxIntervalFactor && fastCores / factor > fastShare * limitCores) factor *= 2;
  while (factor > 1 && fastCores / (factor / 2) < fastShareToReturn * limitCores) factor /= 2;
  const left = Math.max(0, limitCores - fastCores / factor);
  const wanted = left > 0 ? slowCores / (slowShare * left) : maxStretch;
  const stretchFactor = Math.min(maxStretch, Math.max(1, wanted));
  return {
    intervalFactor: factor,
    stretchFactor,
    backgroundCores: Math.max(0, left - slowCores / stretchFactor),
  };
}
