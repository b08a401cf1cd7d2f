import * as fc from 'fast-check';
import { ManualClock } from '@plimsoll/runtime';
import { describe, expect, it } from 'vitest';
import { CpuBudget } from '../../../src/stats/budget/cpu-budget.ts';
import { StretchNotices } from '../../../src/stats/budget/stretch-notice.ts';
import { planStretch } from '../../../src/stats/budget/stretch-plan.ts';
import { threadCpuMs } from '../../../src/stats/budget/thread-cpu.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);

describe('plan', () => {
  it.each([
    ['as asked where there is room', { fastCores: 0.002, slowCores: 0.003 }, [1, 1]],
    ['slow reads rarer where they do not fit', { fastCores: 0.004, slowCores: 0.018 }, [1, 4]],
    [
      'scrapes half as often where they alone are too much',
      { fastCores: 0.014, slowCores: 0 },
      [2, 1],
    ],
    ['scrapes rarer again', { fastCores: 0.03, slowCores: 0 }, [4, 1]],
  ])('%s', (_, demand, [intervalFactor, stretchFactor]) => {
    const plan = planStretch({ limitCores: 0.01, ...demand }, 1);
    expect(plan.intervalFactor).toBe(intervalFactor);
    expect(plan.stretchFactor).toBeCloseTo(stretchFactor ?? NaN);
  });

  it('does not go to and fro between two intervals', () => {
    const demand = { limitCores: 0.01, slowCores: 0 };
    expect(planStretch({ ...demand, fastCores: 0.0075 }, 1).intervalFactor).toBe(1);
    expect(planStretch({ ...demand, fastCores: 0.0075 }, 2).intervalFactor).toBe(2);
    expect(planStretch({ ...demand, fastCores: 0.005 }, 2).intervalFactor).toBe(1);
  });

  it('never adds up to more than the budget, unless nothing can be stretched further', () => {
    const cores = fc.double({ min: 0, max: 1, noNaN: true });
    const demands = fc.record({
      limitCores: fc.double({ min: 0.001, max: 1, noNaN: true }),
      fastCores: cores,
      slowCores: cores,
    });
    const factor = fc.constantFrom(1, 2, 4, 8, 16, 32, 64);
    fc.assert(
      fc.property(demands, factor, (demand, before) => {
        const plan = planStretch(demand, before);
        const fast = demand.fastCores / plan.intervalFactor;
        const slow = demand.slowCores / plan.stretchFactor;
        expect(plan.backgroundCores).toBeGreaterThanOrEqual(0);
        if (plan.intervalFactor === 64 || plan.stretchFactor === 60) return;
        expect(fast + slow + plan.backgroundCores).toBeLessThanOrEqual(
          demand.limitCores * (1 + 1e-9),
        );
      }),
      { seed },
    );
  });
});

/** A sampler in figures only: what its reads cost, and what of them the budget lets it do. */
class Simulated {
  readonly clock = new ManualClock();
  readonly budget: CpuBudget;
  readonly containers = 400;
  cpuMs = 0;
  slowReads = 0;
  backgroundMs = 0;
  readonly #costs: { fastMs: number; slowMs: number };
  #dueAt = 10_000;

  constructor(limitCores: number, costs: { fastMs: number; slowMs: number }) {
    this.#costs = costs;
    this.budget = new CpuBudget({ limitCores, clock: this.clock, cpuMs: () => this.cpuMs });
  }

  async run(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(1000);
      while (this.budget.hasBackground()) {
        this.#use(3, (start) => this.budget.bookBackground('writable_layers', start));
        this.backgroundMs += 3;
      }
      if (this.clock.monotonic() >= this.#dueAt) this.#scrape();
    }
  }

  #scrape(): void {
    const { intervalFactor, stretchFactor } = this.budget.plan;
    const slowReads = (this.containers * 10_000 * intervalFactor) / (30_000 * stretchFactor);
    const fastMs = this.#costs.fastMs * this.containers;
    const slowMs = this.#costs.slowMs * slowReads;
    this.#use(slowMs, (start) => this.budget.book('slow', start));
    this.#use(fastMs, (start) => this.budget.book('scrape', start));
    this.slowReads += slowReads;
    this.budget.endRound(
      { fastMs, slowMs, slowReads, containers: this.containers },
      { intervalMs: 10_000, slowIntervalMs: 30_000 },
    );
    this.#dueAt += 10_000 * this.budget.plan.intervalFactor;
  }

  #use(ms: number, book: (start: number) => void): void {
    const start = this.budget.now();
    this.cpuMs += ms;
    book(start);
  }
}

describe('budget', () => {
  it('gives what runs behind the rest, and no more', async () => {
    const world = new Simulated(0.01, { fastMs: 0.1, slowMs: 0.1 });
    await world.run(600);
    expect(world.budget.plan).toMatchObject({ intervalFactor: 1, stretchFactor: 1 });
    // 0.004 cores of scrapes, 0.0013 of slow reads.
    expect(world.backgroundMs / 600_000).toBeGreaterThan(0.004);
    expect(world.budget.usedCores).toBeLessThanOrEqual(0.011);
  });

  it('keeps the mean of a minute to the limit by reading slow values rarer', async () => {
    const world = new Simulated(0.01, { fastMs: 0.1, slowMs: 2 });
    await world.run(120);
    expect(world.budget.plan.intervalFactor).toBe(1);
    expect(world.budget.plan.stretchFactor).toBeGreaterThan(4);
    for (let minute = 0; minute < 5; minute++) {
      const before = { cpuMs: world.cpuMs, slowReads: world.slowReads };
      await world.run(60);
      expect((world.cpuMs - before.cpuMs) / 60_000).toBeLessThanOrEqual(0.0105);
      expect(world.budget.usedCores).toBeLessThanOrEqual(0.011);
      expect(world.slowReads).toBeGreaterThan(before.slowReads);
    }
  });

  it('doubles the interval of scrapes where they alone are too much', async () => {
    const world = new Simulated(0.01, { fastMs: 0.4, slowMs: 0.1 });
    await world.run(180);
    expect(world.budget.plan.intervalFactor).toBe(2);
    const before = world.cpuMs;
    await world.run(120);
    expect((world.cpuMs - before) / 120_000).toBeLessThanOrEqual(0.0105);
  });

  it('forgets what is more than a minute ago, and counts each tier', async () => {
    const clock = new ManualClock();
    let cpuMs = 0;
    const budget = new CpuBudget({ limitCores: 1, clock, cpuMs: () => cpuMs });
    const start = budget.now();
    cpuMs += 600;
    budget.book('host', start);
    await clock.advance(30_000);
    expect(budget.usedCores).toBeCloseTo(0.02);
    await clock.advance(40_000);
    expect(budget.usedCores).toBe(0);
    expect(budget.seconds).toMatchObject({ host: 0.6, scrape: 0 });
  });
});

describe('notices', () => {
  const asAsked = { intervalFactor: 1, stretchFactor: 1, backgroundCores: 0 };

  it('tell when it begins and when it ends, and what to change', () => {
    const notices = new StretchNotices();
    expect(notices.next(asAsked, 0.01, 0)).toBeUndefined();
    expect(notices.next({ ...asAsked, stretchFactor: 1.9 }, 0.01, 0)).toBeUndefined();
    const slow = notices.next({ ...asAsked, stretchFactor: 3 }, 0.01, 0);
    expect(slow).toMatchObject({ severity: 'info', attributes: { slow_interval_factor: '3.00' } });
    expect(slow?.message).toMatch(/3\.0 times less often.*collector\.stats\.cpu_budget/);
    expect(notices.next({ ...asAsked, stretchFactor: 4 }, 0.01, 700_000)).toBeUndefined();
    const half = notices.next({ ...asAsked, intervalFactor: 2 }, 0.01, 700_000);
    expect(half).toMatchObject({ severity: 'warning', attributes: { interval_factor: '2' } });
    expect(notices.next(asAsked, 0.01, 1_400_000)?.message).toMatch(/as often as asked again/);
  });

  it('are ten minutes apart at least', () => {
    const notices = new StretchNotices();
    expect(notices.next({ ...asAsked, stretchFactor: 3 }, 0.01, 0)).toBeDefined();
    expect(notices.next(asAsked, 0.01, 599_000)).toBeUndefined();
    expect(notices.next(asAsked, 0.01, 600_000)).toBeDefined();
  });
});

describe('processor time of this thread', () => {
  it('is exact within a slice shorter than a tick of the kernel', () => {
    const slices: number[] = [];
    for (let slice = 0; slice < 20; slice++) {
      const start = threadCpuMs();
      const end = performance.now() + 0.5;
      while (performance.now() < end);
      slices.push(threadCpuMs() - start);
    }
    // By the tick alone most of them would be 0.
    expect(slices.filter((ms) => ms > 0.1).length).toBeGreaterThan(15);
  });
});
