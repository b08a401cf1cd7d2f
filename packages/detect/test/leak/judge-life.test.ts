import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeLife, type LifeVerdict } from '../../src/index.ts';
import { lifeOf, randomOf, type LifeShape } from './life.ts';

const minute = 60;
const hour = 3600;
const day = 86_400;
const MiB = 1024 * 1024;
const limit = 1024 * MiB;
const context = { limit, minGrowth: 4 * MiB, maxTimeLeftSeconds: 7 * day };

function noisy(
  seed: number,
  share: number,
  value: (age: number) => number,
): (age: number) => number {
  const random = randomOf(seed);
  return (age) => value(age) * (1 + share * (random() - 0.5));
}

interface Case extends LifeShape {
  name: string;
}

const leaks: (Case & { horizon: string; left: number })[] = [
  {
    name: 'a fast one after 45 minutes',
    age: 45 * minute,
    value: noisy(1, 0.01, (age) => 200 * MiB + (age / minute) * 8 * MiB),
    horizon: 'minutes',
    left: ((1024 - 560) / 8) * minute,
  },
  {
    name: 'one of hours',
    age: 10 * hour,
    value: noisy(2, 0.02, (age) => 200 * MiB + (age / hour) * 45 * MiB),
    horizon: 'hours',
    left: ((1024 - 650) / 45) * hour,
  },
  {
    name: 'a slow one of days',
    age: 5 * day,
    value: noisy(3, 0.03, (age) => 300 * MiB + (age / day) * 80 * MiB),
    horizon: 'week',
    left: ((1024 - 700) / 80) * day,
  },
  {
    name: 'one that began after a day of calm',
    age: 30 * hour,
    value: noisy(4, 0.02, (age) => 300 * MiB + Math.max(0, age - 22 * hour) * (50 / 3600) * MiB),
    horizon: 'minutes',
    left: ((1024 - 700) / 50) * hour,
  },
  {
    name: 'one below a garbage collector',
    age: 12 * hour,
    value: noisy(
      5,
      0.01,
      (age) => 200 * MiB + (age / hour) * 40 * MiB + ((age % 600) / 600) * 200 * MiB,
    ),
    horizon: 'hours',
    left: ((1024 - 680) / 40) * hour,
  },
  {
    name: 'one on top of a daily cycle',
    age: 4 * day,
    value: noisy(
      6,
      0.01,
      (age) => 200 * MiB + (age / day) * 120 * MiB + 30 * MiB * Math.sin((2 * Math.PI * age) / day),
    ),
    horizon: 'week',
    left: ((1024 - 680) / 120) * day,
  },
];

const healthy: Case[] = [
  { name: 'constant', age: 3 * day, value: () => 500 * MiB },
  { name: 'noise', age: 3 * day, value: noisy(11, 0.3, () => 500 * MiB) },
  {
    name: 'a warm-up that levels off',
    age: 4 * hour,
    value: noisy(12, 0.01, (age) => 200 * MiB + 400 * MiB * (1 - Math.exp(-age / (0.6 * hour)))),
  },
  {
    name: 'a step',
    age: 8 * hour,
    value: noisy(13, 0.01, (age) => (age < 5 * hour ? 300 : 600) * MiB),
  },
  {
    name: 'two steps',
    age: 12 * hour,
    value: noisy(14, 0.01, (age) => (300 + 150 * Math.floor(age / (4.5 * hour))) * MiB),
  },
  {
    name: 'a garbage collector that comes every ten minutes',
    age: 20 * hour,
    value: noisy(15, 0.01, (age) => 300 * MiB + ((age % 600) / 600) * 400 * MiB),
  },
  {
    name: 'a garbage collector that comes every three hours',
    age: 30 * hour,
    value: noisy(16, 0.01, (age) => 300 * MiB + ((age % (3 * hour)) / (3 * hour)) * 300 * MiB),
  },
  {
    name: 'a ramp of load that ended two hours ago',
    age: 30 * hour,
    value: noisy(
      17,
      0.01,
      (age) => 300 * MiB + Math.min(Math.max(age - 25 * hour, 0), 3 * hour) * (100 / 3600) * MiB,
    ),
  },
  {
    name: 'a ramp of load that is going on, told by the CPU',
    age: 30 * hour,
    value: noisy(18, 0.01, (age) => 300 * MiB + Math.max(age - 25 * hour, 0) * (60 / 3600) * MiB),
    load: noisy(19, 0.02, (age) => 1 + Math.max(age - 25 * hour, 0) / (2 * hour)),
  },
  {
    name: 'the morning of a daily cycle, on the third day',
    age: 2 * day + 10 * hour,
    value: noisy(20, 0.01, (age) => 450 * MiB - 200 * MiB * Math.cos((2 * Math.PI * age) / day)),
  },
  {
    name: 'the first morning of a daily cycle',
    age: 8 * hour,
    value: noisy(21, 0.01, (age) => 400 * MiB - 100 * MiB * Math.cos((2 * Math.PI * age) / day)),
  },
  {
    name: 'growth that takes a month to the limit',
    age: 5 * day,
    value: noisy(22, 0.001, (age) => 300 * MiB + (age / day) * 15 * MiB),
  },
  { name: 'too young', age: 25 * minute, value: (age) => 100 * MiB + age * MiB * 0.4 },
];

function leakIn(verdict: LifeVerdict): Extract<LifeVerdict, { isLeak: true }> {
  if (!verdict.isLeak) throw new Error(`expected a leak, got ${JSON.stringify(verdict.reasons)}`);
  return verdict;
}

describe('judgeLife', () => {
  it.each(leaks)('sees $name', (shape) => {
    const verdict = leakIn(judgeLife(lifeOf(shape), context));
    expect(verdict.horizon.name).toBe(shape.horizon);
    expect(verdict.timeLeftSeconds / shape.left).toBeGreaterThan(0.75);
    expect(verdict.timeLeftSeconds / shape.left).toBeLessThan(1.35);
    expect(verdict.timeLeftLow).toBeLessThanOrEqual(verdict.timeLeftSeconds);
    expect(verdict.timeLeftHigh).toBeGreaterThanOrEqual(verdict.timeLeftSeconds);
    expect(verdict.confidence).toBeGreaterThan(0.6);
    expect(verdict.floors.values.length).toBeLessThanOrEqual(60);
  });

  it.each(healthy)('does not take for a leak: $name', (shape) => {
    expect(judgeLife(lifeOf(shape), context)).toMatchObject({ isLeak: false });
  });

  it('says when a leak began, also before the horizon that saw it', () => {
    const startedAt = 1_767_571_200;
    const value = (age: number): number => 300 * MiB + Math.max(0, age - 22 * hour) * 15_000;
    const { since } = leakIn(judgeLife(lifeOf({ age: 30 * hour, value, startedAt }), context));
    expect(Math.abs((since - startedAt) / hour - 22)).toBeLessThan(1);
  });

  it('judges a leak without a limit by how soon it doubles', () => {
    const life = lifeOf({ age: 3 * day, value: (age) => 200 * MiB + (age / day) * 40 * MiB });
    const { timeLeftSeconds } = leakIn(judgeLife(life, { ...context, limit: null }));
    expect(timeLeftSeconds / day).toBeCloseTo(2, 0);
  });

  it('never sees a leak in a level series with noise, whatever its law', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer(),
          age: fc.integer({ min: 30 * minute, max: 4 * day }),
          share: fc.double({ min: 0, max: 0.9, noNaN: true }),
          level: fc.integer({ min: 1, max: 900 }),
        }),
        ({ seed, age, share, level }) => {
          const life = lifeOf({ age, value: noisy(seed, share, () => level * MiB) });
          expect(judgeLife(life, context)).toMatchObject({ isLeak: false });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('takes any numbers without throwing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noDefaultInfinity: true, noNaN: true }), { maxLength: 80 }),
        (values) => {
          const times = values.map((_, i) => 1_700_000_000 + i * 900);
          const floors = { times, values, loads: values.map(() => null) };
          expect(typeof judgeLife({ long: floors, fine: floors }, context).isLeak).toBe('boolean');
        },
      ),
    );
  });
});
