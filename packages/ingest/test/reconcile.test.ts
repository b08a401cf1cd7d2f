import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reconcile, type Recorded, type Step } from '../src/reconcile.ts';

/**
 * A broker and an engine as far as the protocol sees them. The engine keeps tokens; an insert may
 * die half-way, having stored any part of its frames; a repeat of the token completes it.
 */
class World {
  recorded: Recorded = { next: 0, intent: null };
  readonly #stored = new Map<string, Set<number>>();

  apply(step: Step, dies: { after: number } | null): void {
    switch (step.do) {
      case 'record':
        this.recorded = { next: step.intent.first, intent: step.intent };
        return;
      case 'insert': {
        const token = `${step.first}-${step.last}`;
        const frames = this.#stored.get(token) ?? new Set<number>();
        this.#stored.set(token, frames);
        const end = dies ? Math.min(step.last, step.first + dies.after) : step.last;
        for (let offset = step.first; offset <= end; offset++) frames.add(offset);
        return;
      }
      case 'commit':
        this.recorded = { next: step.next, intent: null };
        return;
      default:
        step satisfies never;
    }
  }

  /** How often each frame is stored: once per token that holds it. */
  timesStored(frames: number): number[] {
    const times = Array.from({ length: frames }, () => 0);
    for (const offsets of this.#stored.values()) {
      for (const offset of offsets) times[offset] = (times[offset] ?? 0) + 1;
    }
    return times;
  }
}

describe('the protocol', () => {
  test('stores every frame exactly once, whatever dies when', () => {
    const run = fc.record({
      /** Frames available in this run: how far beyond what is recorded. */
      ahead: fc.integer({ min: 1, max: 7 }),
      /** At which step the process dies; beyond the last: it does not. */
      diesAt: fc.nat(4),
      /** The step at which it dies is carried out in part, or the moment before. */
      after: fc.integer({ min: -1, max: 7 }),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 30 }), (runs) => {
        const frames = 40;
        const world = new World();
        const take = (last: number, diesAt: number, after: number): void => {
          const from = world.recorded.next;
          if (from >= frames) return;
          const available = { first: from, last: Math.min(frames - 1, last) };
          for (const [index, step] of reconcile(world.recorded, available).entries()) {
            if (index > diesAt) return;
            if (index === diesAt) {
              // A record or a commit is carried out as a whole or not at all.
              if (step.do === 'insert' && after >= 0) world.apply(step, { after });
              return;
            }
            world.apply(step, null);
          }
        };
        for (const { ahead, diesAt, after } of runs)
          take(world.recorded.next + ahead, diesAt, after);
        while (world.recorded.next < frames) take(frames, Infinity, 0);
        expect(world.timesStored(frames)).toEqual(Array.from({ length: frames }, () => 1));
      }),
      { numRuns: 2000 },
    );
  });

  test('repeats an intent with its own bounds, although more is available', () => {
    expect(reconcile({ next: 5, intent: { first: 5, last: 7 } }, { first: 5, last: 100 })).toEqual([
      { do: 'insert', first: 5, last: 7, isReplay: true },
      { do: 'commit', next: 8 },
    ]);
  });

  test('waits when the frames of an intent are not all there', () => {
    expect(reconcile({ next: 5, intent: { first: 5, last: 7 } }, { first: 5, last: 6 })).toEqual(
      [],
    );
    expect(reconcile({ next: 5, intent: { first: 5, last: 7 } }, { first: 6, last: 9 })).toEqual(
      [],
    );
    expect(reconcile({ next: 5, intent: null }, null)).toEqual([]);
  });

  test('leaves out what is committed', () => {
    expect(reconcile({ next: 5, intent: null }, { first: 3, last: 8 })[0]).toEqual({
      do: 'record',
      intent: { first: 5, last: 8 },
    });
    expect(reconcile({ next: 9, intent: null }, { first: 3, last: 8 })).toEqual([]);
  });
});
