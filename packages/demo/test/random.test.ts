import { describe, expect, it } from 'vitest';
import { planFleet } from '../src/fleet/plan.ts';
import { moments } from '../src/history/fill.ts';
import { Random } from '../src/random.ts';

describe('Random', () => {
  it('is the same for the same seed', () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return [random.next(), random.normal(), random.poisson(3), random.whole(1, 6)];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('has the means it should', () => {
    const random = new Random(1);
    const mean = (draw: () => number): number =>
      Array.from({ length: 20_000 }, draw).reduce((sum, value) => sum + value, 0) / 20_000;
    expect(mean(() => random.next())).toBeCloseTo(0.5, 1);
    expect(mean(() => random.poisson(2.5))).toBeCloseTo(2.5, 1);
    expect(mean(() => random.poisson(200)) / 200).toBeCloseTo(1, 1);
  });
});

describe('planFleet', () => {
  const options = { seed: 1, nowMs: 1_767_571_200_000, hosts: 3, containersPerHost: 40 };

  it('names every container and process once', () => {
    const containers = planFleet(options).flatMap((host) => host.containers);
    expect(containers).toHaveLength(120);
    expect(new Set(containers.map((container) => container.id)).size).toBe(120);
    expect(new Set(containers.map((container) => container.name)).size).toBe(120);
    for (const { id } of containers) expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(planFleet(options)).toEqual(planFleet(options));
  });

  it('leaks in one version of a service, and not in the one before', () => {
    const checkout = planFleet(options)
      .flatMap((host) => host.containers)
      .filter((container) => container.service.name === 'checkout');
    const byImage = Map.groupBy(checkout, (container) => container.image.split(':').at(-1));
    expect(byImage.get('2.41.0')?.every(({ story }) => story === 'memory-leak')).toBe(true);
    expect(byImage.get('2.40.3')?.every(({ story }) => story === 'steady')).toBe(true);
  });
});

describe('moments', () => {
  it('ends exactly at the end and is finer towards it', () => {
    const all = [...moments(0, 7_200_000)];
    expect(all.at(-1)).toBe(7_200_000);
    expect(all[0]).toBe(30_000);
    expect((all.at(-1) ?? 0) - (all.at(-2) ?? 0)).toBe(10_000);
    expect([...moments(5, 5)]).toEqual([]);
  });
});
