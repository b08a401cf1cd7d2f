/**
 * Which left-overs are orphans: those seen in every look for longer than the grace time, since
 * right after containers are removed many are still there and go within a minute or two.
 *
 * What is told is bounded per hour and type, so that many of one type hide none of another; the
 * rest comes as one summary. Pure.
 */
import { type Leftover, type LeftoverType, leftoverTypes } from './leftover.ts';

export interface TrackerOptions {
  graceMs: number;
  /** Left-overs of one type, found or gone, that are told one by one in an hour. */
  maxPerHour: number;
}

/** Found in one look, by type; a type that could not be looked at is not there. */
export type Sighting = ReadonlyMap<LeftoverType, readonly Leftover[]>;

export interface Orphan extends Leftover {
  sinceMs: number;
}

export interface TrackerChange {
  found: readonly Orphan[];
  /** Told earlier and gone now. */
  removed: readonly Orphan[];
  /** Orphans found and not told one by one; undefined when there are none to tell of. */
  summary: Readonly<Partial<Record<LeftoverType, number>>> | undefined;
}

interface Tracked extends Orphan {
  /** `untold`: an orphan that only the summary counts. */
  state: 'young' | 'told' | 'untold';
  seenAt: number;
}

const hourMs = 3_600_000;
/** Of one type; more are counted as they come, and not told. */
const maxTracked = 10_000;

export class OrphanTracker {
  readonly #options: TrackerOptions;
  readonly #tracked = new Map<LeftoverType, Map<string, Tracked>>();
  #hour = { beganAt: -Infinity, told: new Map<LeftoverType, number>(), hasSummary: false };
  #withheld: Partial<Record<LeftoverType, number>> = {};

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** Orphans of a type that are there now. */
  count(type: LeftoverType): number {
    const all = [...(this.#tracked.get(type)?.values() ?? [])];
    return all.filter(({ state }) => state !== 'young').length;
  }

  take(sighting: Sighting, time: { nowMs: number; monotonicMs: number }): TrackerChange {
    if (time.monotonicMs - this.#hour.beganAt >= hourMs) {
      this.#hour = { beganAt: time.monotonicMs, told: new Map(), hasSummary: false };
    }
    const removed: Orphan[] = [];
    const found: Orphan[] = [];
    for (const type of leftoverTypes) {
      const seen = sighting.get(type);
      if (!seen) continue;
      const known = this.#tracked.get(type) ?? new Map<string, Tracked>();
      this.#tracked.set(type, known);
      removed.push(...this.#forget(known, new Set(seen.map(({ key }) => key))));
      found.push(...this.#see(known, seen, time));
    }
    return { found, removed, summary: this.#summarise() };
  }

  /** What is gone, as far as it is told: an orphan that nobody heard of goes unheard. */
  #forget(known: Map<string, Tracked>, seen: ReadonlySet<string>): Orphan[] {
    const gone = [...known.values()].filter(({ key }) => !seen.has(key));
    for (const { key } of gone) known.delete(key);
    return gone.filter(({ state, type }) => state === 'told' && this.#admit(type));
  }

  #see(
    known: Map<string, Tracked>,
    seen: readonly Leftover[],
    { nowMs, monotonicMs }: { nowMs: number; monotonicMs: number },
  ): Orphan[] {
    const found: Orphan[] = [];
    for (const leftover of seen) {
      const tracked = known.get(leftover.key);
      if (!tracked) {
        if (known.size >= maxTracked) continue;
        known.set(leftover.key, {
          ...leftover,
          state: 'young',
          sinceMs: nowMs,
          seenAt: monotonicMs,
        });
        continue;
      }
      if (tracked.state !== 'young') continue;
      if (monotonicMs - tracked.seenAt < this.#options.graceMs) continue;
      if (this.#admit(tracked.type)) {
        tracked.state = 'told';
        found.push(tracked);
      } else {
        tracked.state = 'untold';
        this.#withheld[tracked.type] = (this.#withheld[tracked.type] ?? 0) + 1;
      }
    }
    return found;
  }

  #admit(type: LeftoverType): boolean {
    const told = this.#hour.told.get(type) ?? 0;
    if (told >= this.#options.maxPerHour) return false;
    this.#hour.told.set(type, told + 1);
    return true;
  }

  #summarise(): TrackerChange['summary'] {
    if (this.#hour.hasSummary || Object.keys(this.#withheld).length === 0) return undefined;
    const summary = this.#withheld;
    this.#hour.hasSummary = true;
    this.#withheld = {};
    return summary;
  }
}
