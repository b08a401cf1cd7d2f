import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  type Advanced,
  type AdvancePolicy,
  type Observation,
} from '../../src/state/advance.ts';
import type { Alert, Transition } from '../../src/state/alert.ts';
import { findingOf } from '../finding.ts';

const policy: AdvancePolicy = { rule: 'r', severity: 'warning', forMs: 30_000, resolveAfter: 2 };
const found: Observation = { kind: 'found', finding: findingOf('f1') };
const absent: Observation = { kind: 'absent' };
const unknown: Observation = { kind: 'unknown' };
const stepMs = 15_000;

/** Feeds observations 15 s apart and returns the states after each. */
function play(observations: Observation[], from?: Alert, forMs = policy.forMs) {
  let alert = from;
  const transitions: Transition[] = [];
  const states = observations.map((observation, i) => {
    const time = { nowMs: 1_000_000 + i * stepMs, elapsedMs: i === 0 ? 0 : stepMs };
    const result = advance(alert, observation, { policy: { ...policy, forMs }, time });
    alert = result.alert;
    if (result.transition) transitions.push(result.transition);
    return alert?.state ?? 'none';
  });
  return { alert, states, transitions };
}

describe('advance', () => {
  it.each([
    {
      name: 'fires once the condition has held long enough',
      input: [found, found, found, found],
      states: ['pending', 'pending', 'firing', 'firing'],
    },
    {
      name: 'forgets a condition that went away before',
      input: [found, found, absent, found],
      states: ['pending', 'pending', 'inactive', 'pending'],
    },
    {
      name: 'resolves after two clean evaluations in a row',
      input: [found, found, found, absent, found, absent, absent],
      states: ['pending', 'pending', 'firing', 'firing', 'firing', 'firing', 'resolved'],
    },
    {
      name: 'changes nothing while nothing is known',
      input: [found, found, found, unknown, unknown, unknown, absent],
      states: ['pending', 'pending', 'firing', 'firing', 'firing', 'firing', 'firing'],
    },
    {
      name: 'remembers nothing of what never was',
      input: [absent, unknown],
      states: ['none', 'none'],
    },
  ])('$name', ({ input, states }) => expect(play(input).states).toEqual(states));

  it('fires at once without `for`', () => {
    const { alert, transitions } = play([found], undefined, 0);
    expect(alert).toMatchObject({ state: 'firing', activeAt: 1_000_000, firingAt: 1_000_000 });
    expect(transitions.map(({ from, to }) => [from, to])).toEqual([['inactive', 'firing']]);
  });

  it('begins a new episode when a resolved condition comes back', () => {
    const { alert, transitions } = play([found, absent, absent, found], undefined, 0);
    expect(transitions.map(({ to }) => to)).toEqual(['firing', 'resolved', 'firing']);
    expect(alert).toMatchObject({ activeAt: 1_000_000 + 3 * stepMs, resolvedAt: null });
  });

  it('counts time by the monotonic clock alone', () => {
    let alert: Alert | undefined;
    for (const nowMs of [5_000_000, 1_000, 9_000_000_000, 2_000]) {
      const time = { nowMs, elapsedMs: 1000 };
      alert = advance(alert, found, { policy, time }).alert;
    }
    expect(alert).toMatchObject({ state: 'pending', activeAt: 5_000_000, heldMs: 3000 });
  });

  it('keeps its invariants through any sequence of observations and clock steps', () => {
    const step = fc.record({
      observation: fc.constantFrom(found, absent, unknown),
      wallStepMs: fc.integer({ min: -100_000, max: 100_000 }),
      elapsedMs: fc.integer({ min: 0, max: 60_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 30_000), (steps, forMs) => {
        let alert: Alert | undefined;
        let nowMs = 1_700_000_000_000;
        for (const { observation, wallStepMs, elapsedMs } of steps) {
          nowMs += wallStepMs;
          const before = alert;
          const result = advance(alert, observation, {
            policy: { ...policy, forMs },
            time: { nowMs, elapsedMs },
          });
          alert = result.alert;
          expect(violations({ before, alert, result, observation, forMs })).toEqual([]);
        }
      }),
    );
  });
});

const legal = new Set([
  'inactive→pending',
  'inactive→firing',
  'pending→firing',
  'pending→inactive',
  'firing→resolved',
  'resolved→pending',
  'resolved→firing',
]);

interface Step {
  before: Alert | undefined;
  alert: Alert | undefined;
  result: Advanced;
  observation: Observation;
  forMs: number;
}

/** What a step broke; empty when nothing. */
function violations({ before, alert, result, observation, forMs }: Step): string[] {
  const { transition, isChanged } = result;
  const change = `${transition?.from}→${transition?.to}`;
  const isSame = before?.state === alert?.state && before?.activeAt === alert?.activeAt;
  const resolvedAt = alert?.resolvedAt ?? Number.NEGATIVE_INFINITY;
  const rules: [name: string, isKept: boolean][] = [
    ['a legal transition', !transition || legal.has(change)],
    ['from the state before', !transition || transition.from === (before?.state ?? 'inactive')],
    ['the same without a transition', Boolean(transition) || isSame],
    ['unknown changes nothing', observation.kind !== 'unknown' || alert === before],
    ['later', !before || !alert || !isChanged || alert.updatedAt > before.updatedAt],
    ['fires after active', alert?.state !== 'firing' || (alert.firingAt ?? -1) >= alert.activeAt],
    ['held', alert?.state !== 'firing' || alert.heldMs >= forMs],
    ['ends after', alert?.state !== 'resolved' || resolvedAt >= (alert.firingAt ?? Infinity)],
  ];
  return rules.filter(([, isKept]) => !isKept).map(([name]) => name);
}
