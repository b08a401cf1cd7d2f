import { describe, expect, it } from 'vitest';
import type { Leftover, LeftoverType } from '../../../src/signals/orphans/leftover.ts';
import { OrphanTracker, type TrackerChange } from '../../../src/signals/orphans/orphan-tracker.ts';

const minute = 60_000;
const leftover = (name: string, type: LeftoverType = 'volume'): Leftover => ({
  type,
  key: name,
  name,
  containerId: '',
  attributes: {},
});

class World {
  readonly tracker = new OrphanTracker({ graceMs: 10 * minute, maxPerHour: 3 });

  look(at: number, ...names: string[]): { found: string[]; removed: string[] } {
    const change = this.change(at, names);
    return {
      found: change.found.map(({ name }) => name),
      removed: change.removed.map(({ name }) => name),
    };
  }

  change(at: number, names: readonly string[]): TrackerChange {
    const seen = new Map([['volume' as const, names.map((name) => leftover(name))]]);
    return this.tracker.take(seen, { nowMs: 1_000_000 + at * minute, monotonicMs: at * minute });
  }
}

const nothing = { found: [], removed: [] };

describe('left-overs', () => {
  it('are orphans when they outlive the grace time, and are told once', () => {
    const world = new World();
    expect(world.look(0, 'a')).toEqual(nothing);
    expect(world.look(5, 'a')).toEqual(nothing);
    expect(world.tracker.count('volume')).toBe(0);
    const { found } = world.change(10, ['a']);
    expect(found).toMatchObject([{ name: 'a', sinceMs: 1_000_000 }]);
    expect(world.look(15, 'a')).toEqual(nothing);
    expect(world.tracker.count('volume')).toBe(1);
    expect(world.look(20)).toEqual({ found: [], removed: ['a'] });
    expect(world.tracker.count('volume')).toBe(0);
  });

  it('that go and come again begin anew', () => {
    const world = new World();
    world.look(0, 'a');
    world.look(5);
    world.look(9, 'a');
    expect(world.look(14, 'a')).toEqual(nothing);
    expect(world.look(19, 'a').found).toEqual(['a']);
  });

  it('that were never told go without a word', () => {
    const world = new World();
    world.look(0, 'a');
    expect(world.look(5)).toEqual(nothing);
  });

  it('of a type that could not be looked at stay as they were', () => {
    const world = new World();
    world.look(0, 'a');
    world.look(10, 'a');
    const change = world.tracker.take(new Map(), { nowMs: 0, monotonicMs: 15 * minute });
    expect(change.removed).toEqual([]);
    expect(world.tracker.count('volume')).toBe(1);
  });

  it('are told one by one up to a bound an hour, the rest as one summary', () => {
    const world = new World();
    const names = ['a', 'b', 'c', 'd', 'e'];
    world.change(0, names);
    const first = world.change(10, names);
    expect(first.found.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(first.summary).toEqual({ volume: 2 });
    expect(world.tracker.count('volume')).toBe(5);
    expect(world.change(15, [...names, 'f']).summary).toBeUndefined();
    // The next of the same hour are counted for the summary of the next.
    expect(world.change(30, [...names, 'f'])).toEqual({
      found: [],
      removed: [],
      summary: undefined,
    });
    expect(world.change(75, [...names, 'f']).summary).toEqual({ volume: 1 });
    expect(world.look(80)).toEqual({ found: [], removed: ['a', 'b', 'c'] });
  });

  it('of one type hide none of another', () => {
    const world = new World();
    const seen = new Map([
      ['mount' as const, ['a', 'b', 'c', 'd'].map((name) => leftover(name, 'mount'))],
      ['container' as const, [leftover('dead', 'container')]],
    ]);
    world.tracker.take(seen, { nowMs: 0, monotonicMs: 0 });
    const { found, summary } = world.tracker.take(seen, { nowMs: 0, monotonicMs: 10 * minute });
    expect(found.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'dead']);
    expect(summary).toEqual({ mount: 1 });
  });

  it('are held up to a bound', () => {
    const world = new World();
    const names = Array.from({ length: 10_010 }, (_, index) => String(index));
    world.change(0, names);
    world.change(10, names);
    expect(world.tracker.count('volume')).toBe(10_000);
  });
});
