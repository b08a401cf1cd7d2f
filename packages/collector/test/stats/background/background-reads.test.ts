import { ManualClock } from '@plimsoll/runtime';
import { describe, expect, it } from 'vitest';
import {
  BackgroundReads,
  type BackgroundTask,
} from '../../../src/stats/background/background-reads.ts';
import { CpuBudget, type StatsTier } from '../../../src/stats/budget/cpu-budget.ts';

const never = new AbortController().signal;

/** Work of so many steps, 5 ms of processor time each. */
class Task implements BackgroundTask {
  readonly tier: StatsTier;
  steps = 0;
  isClosed = false;
  readonly #world: World;
  #left: number;

  constructor(world: World, tier: StatsTier, left: number) {
    this.#world = world;
    this.tier = tier;
    this.#left = left;
  }

  step(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    this.steps++;
    this.#world.cpuMs += 5;
    return true;
  }

  close(): void {
    this.isClosed = true;
  }
}

class World {
  readonly clock = new ManualClock();
  readonly errors: unknown[] = [];
  cpuMs = 0;

  reads(limitCores: number, tasks: readonly BackgroundTask[]): BackgroundReads {
    const budget = new CpuBudget({ limitCores, clock: this.clock, cpuMs: () => this.cpuMs });
    const onError = (error: unknown): void => void this.errors.push(error);
    return new BackgroundReads({ tasks, budget, clock: this.clock, onError });
  }
}

describe('reads between scrapes', () => {
  it('are done until nothing is left', async () => {
    const world = new World();
    const tasks = [new Task(world, 'tcp_states', 1), new Task(world, 'inotify', 3)];
    const reads = world.reads(1, tasks);
    await reads.tick(never);
    expect(tasks.map((task) => task.steps)).toEqual([1, 3]);
    reads.close();
    expect(tasks.every((task) => task.isClosed)).toBe(true);
  });

  it('stop when the budget is used up, and share what there is', async () => {
    const world = new World();
    const tasks = [new Task(world, 'tcp_states', 1000), new Task(world, 'inotify', 1000)];
    const reads = world.reads(0.01, tasks);
    for (let second = 0; second < 60; second++) {
      await reads.tick(never);
      await world.clock.advance(1000);
    }
    // A quarter of the budget before anything was planned, and what was saved up at first.
    expect(world.cpuMs).toBeLessThanOrEqual(100 + 150 + 5);
    expect(world.cpuMs).toBeGreaterThan(200);
    const [first = NaN, second = NaN] = tasks.map((task) => task.steps);
    expect(Math.abs(first - second)).toBeLessThanOrEqual(1);
  });

  it('go on with the others when one fails', async () => {
    const world = new World();
    const broken: BackgroundTask = {
      tier: 'inotify',
      step: () => {
        throw new Error('refused');
      },
      close: () => undefined,
    };
    const task = new Task(world, 'tcp_states', 5);
    await world.reads(1, [broken, task]).tick(never);
    expect(task.steps).toBe(5);
    expect(String(world.errors[0])).toContain('refused');
  });
});
