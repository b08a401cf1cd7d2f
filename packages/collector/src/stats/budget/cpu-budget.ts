/**
 * The account of processor time that statistics use, and the plan that follows from it.
 *
 * Costs are those of this thread within slices that do not wait, so neither log traffic nor other
 * work of the process counts. What is measured: the cost of a scrape, of one slow read, and what
 * runs behind. The mean of the last minute is kept to the limit; it is what `usedCores` tells.
 */
import type { Clock } from '@plimsoll/runtime';
import { planStretch, type StretchPlan } from './stretch-plan.ts';

/** What time is booked to: names of metrics. */
export const statsTiers = [
  'scrape',
  'host',
  'new_container',
  'slow',
  'tcp_states',
  'writable_layers',
  'inotify',
] as const;
export type StatsTier = (typeof statsTiers)[number];

const bucketMs = 5000;
const buckets = 12;
/** Share of the newest measurement in a smoothed one. */
const weight = 0.2;
/** Scrapes before a plan is made: the first ones run code that is not compiled yet. */
const firstPlanAfter = 5;
/** What runs behind may save up this long, so that it can do a step at all. */
const savedUpMs = 10_000;

export interface CpuBudgetOptions {
  readonly limitCores: number;
  readonly clock: Clock;
  /** Processor time of this thread, in milliseconds. */
  readonly cpuMs: () => number;
}

/** What one scrape did. */
export interface RoundCost {
  /** Of all containers and the host, slow reads left out. */
  readonly fastMs: number;
  readonly slowMs: number;
  readonly slowReads: number;
  readonly containers: number;
}

export class CpuBudget {
  readonly limitCores: number;
  readonly #clock: Clock;
  readonly #cpuMs: () => number;
  readonly #bookedMs = new Map<StatsTier, number>(statsTiers.map((tier) => [tier, 0]));
  readonly #window = new Float64Array(buckets);
  #bucket: number;
  readonly #startedAt: number;
  #rounds = 0;
  #fastMs = NaN;
  #slowReadMs = NaN;
  #plan: StretchPlan;
  #savedMs: number;
  #savedAt: number;

  constructor({ limitCores, clock, cpuMs }: CpuBudgetOptions) {
    this.limitCores = limitCores;
    this.#clock = clock;
    this.#cpuMs = cpuMs;
    this.#startedAt = clock.monotonic();
    this.#bucket = this.#bucketNow();
    this.#plan = { intervalFactor: 1, stretchFactor: 1, backgroundCores: limitCores / 4 };
    this.#savedMs = limitCores * savedUpMs;
    this.#savedAt = this.#startedAt;
  }

  get plan(): StretchPlan {
    return this.#plan;
  }

  /** Mean of the last minute, or of the time since the start where that is shorter. */
  get usedCores(): number {
    this.#turnWindow();
    const age = this.#clock.monotonic() - this.#startedAt;
    const covered = Math.min(age, (buckets - 1) * bucketMs + (age % bucketMs));
    const sum = this.#window.reduce((total, ms) => total + ms, 0);
    return covered < bucketMs ? sum / bucketMs : sum / covered;
  }

  /** Seconds since the start, by tier. */
  get seconds(): Readonly<Record<StatsTier, number>> {
    const seconds = noSeconds();
    for (const [tier, ms] of this.#bookedMs) seconds[tier] = ms / 1000;
    return seconds;
  }

  /** A moment in processor time, to be handed to {@link book}. */
  now(): number {
    return this.#cpuMs();
  }

  /** Books what was used since `start`, in a slice that did not wait; returns it. */
  book(tier: StatsTier, start: number, lessMs = 0): number {
    const ms = Math.max(0, this.#cpuMs() - start - lessMs);
    this.#bookedMs.set(tier, (this.#bookedMs.get(tier) ?? 0) + ms);
    this.#turnWindow();
    const place = this.#bucket % buckets;
    this.#window[place] = (this.#window[place] ?? 0) + ms;
    return ms;
  }

  /** Takes in what a scrape cost and plans anew. */
  endRound(cost: RoundCost, intervals: { intervalMs: number; slowIntervalMs: number }): void {
    this.#rounds++;
    if (cost.slowReads > 0) {
      this.#slowReadMs = smoothed(this.#slowReadMs, cost.slowMs / cost.slowReads);
    }
    if (this.#rounds < firstPlanAfter) return;
    this.#fastMs = smoothed(this.#fastMs, cost.fastMs);
    const slowReadMs = Number.isNaN(this.#slowReadMs) ? 0 : this.#slowReadMs;
    const demand = {
      limitCores: this.limitCores,
      fastCores: this.#fastMs / intervals.intervalMs,
      slowCores: (slowReadMs * cost.containers) / intervals.slowIntervalMs,
    };
    this.#save();
    this.#plan = planStretch(demand, this.#plan.intervalFactor);
  }

  /** True when what runs behind may do a step. */
  hasBackground(): boolean {
    this.#save();
    return this.#savedMs > 0;
  }

  /** Books a step of what runs behind; it may overdraw, and then waits. */
  bookBackground(tier: StatsTier, start: number): void {
    this.#savedMs -= this.book(tier, start);
  }

  #save(): void {
    const now = this.#clock.monotonic();
    const most = this.limitCores * savedUpMs;
    this.#savedMs = Math.min(
      most,
      this.#savedMs + (now - this.#savedAt) * this.#plan.backgroundCores,
    );
    this.#savedAt = now;
  }

  #bucketNow(): number {
    return Math.floor((this.#clock.monotonic() - this.#startedAt) / bucketMs);
  }

  #turnWindow(): void {
    const now = this.#bucketNow();
    const passed = Math.min(now - this.#bucket, buckets);
    for (let step = 1; step <= passed; step++) this.#window[(this.#bucket + step) % buckets] = 0;
    this.#bucket = now;
  }
}

export function noSeconds(): Record<StatsTier, number> {
  const seconds = statsTiers.map((tier) => [tier, 0] as const);
  // Every tier is in the list.
  return Object.fromEntries(seconds) as Record<StatsTier, number>;
}

function smoothed(before: number, now: number): number {
  return Number.isNaN(before) ? now : before + weight * (now - before);
}
