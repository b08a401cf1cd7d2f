import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@plimsoll/runtime';
import { containerStatsValues, hostStatsValues } from '@plimsoll/model';
import { describe, expect, it } from 'vitest';
import { AlignedSchedule } from '../../src/stats/aligned-schedule.ts';
import { jsonNumber } from '../../src/stats/rows.ts';
import type { StatsRows } from '../../src/stats/rows.ts';
import { makeTarget } from './make-target.ts';
import { makeSampler, rowsOf } from './sample.ts';

const never = new AbortController().signal;

describe('schedule', () => {
  it('falls on whole multiples of the interval by the wall clock', async () => {
    const clock = new ManualClock(1_000_003_217);
    const times: number[] = [];
    const schedule = new AlignedSchedule(clock, 10_000);
    const stop = new AbortController();
    const run = (async () => {
      for (;;) {
        await schedule.next(stop.signal);
        times.push(clock.now());
      }
    })().catch(() => undefined);
    await clock.advance(35_000);
    stop.abort(new Error('done'));
    await run;
    expect(times).toEqual([1_000_010_000, 1_000_020_000, 1_000_030_000]);
  });

  it.each([
    ['forward', 3_600_000 + 2500],
    ['back', -3_600_000 - 2500],
  ])('keeps its pace through a clock step %s and is aligned again after it', async (_, step) => {
    const clock = new ManualClock(1_000_000_000);
    const schedule = new AlignedSchedule(clock, 10_000);
    const at: number[] = [];
    const stop = new AbortController();
    const run = (async () => {
      for (;;) {
        await schedule.next(stop.signal);
        at.push(clock.monotonic());
        if (at.length === 2) clock.stepWall(step);
      }
    })().catch(() => undefined);
    await clock.advance(60_000);
    stop.abort(new Error('done'));
    await run;
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(5000);
      expect(gap).toBeLessThanOrEqual(15_000);
    }
    const last = (at.at(-1) ?? 0) + clock.now() - clock.monotonic();
    expect(last % 10_000).toBe(0);
  });

  it('counts moments that passed while nothing ran', async () => {
    const clock = new ManualClock(0);
    const schedule = new AlignedSchedule(clock, 10_000);
    await clock.advance(34_000);
    const next = schedule.next(never);
    await clock.advance(0);
    expect(await next).toEqual({ missed: 2 });
  });
});

describe('sampler', () => {
  it('gives each column of the model, in its order', async () => {
    const batches: StatsRows[] = [];
    const { sampler } = makeSampler(() => [makeTarget({ dockerId: 'one' })], {
      onRows: (rows) => void batches.push(rows),
    });
    await sampler.scrapeOnce();
    const [containers, host] = batches;
    expect(containers?.columns.slice(12)).toEqual(Object.keys(containerStatsValues));
    expect(host?.columns.slice(3)).toEqual(Object.keys(hostStatsValues));
    expect(containers?.bytes.at(-1)).toBe(0x0a);
    expect(containers?.rows).toBe(1);
  });

  it('leaves out containers that do not run', async () => {
    const { sampler, tables } = makeSampler(() => [
      makeTarget({ dockerId: 'one' }),
      makeTarget({ dockerId: 'two', state: 'exited', pid: 0 }),
      makeTarget({ dockerId: 'three', state: 'paused' }),
    ]);
    await sampler.scrapeOnce();
    const ids = tables.get('container_stats')?.map((row) => row['container_id']);
    expect(ids).toEqual(['one', 'three']);
    expect(tables.get('host_stats')?.[0]).toMatchObject({ containers_running: 2 });
  });

  it('skips and counts scrapes while rows of the one before are not taken', async () => {
    const clock = new ManualClock(0);
    let release: (() => void) | undefined;
    let given = 0;
    const { sampler } = makeSampler(() => [], {
      clock,
      onRows: () => {
        given++;
        return new Promise((resolve) => (release = resolve));
      },
    });
    sampler.start();
    await clock.advance(1000);
    await expect.poll(() => given).toBe(1);
    await clock.advance(30_000);
    expect(sampler.skippedTotal).toBe(3);
    expect(given).toBe(1);
    release?.();
    await clock.advance(0);
    await sampler.stop();
  });

  it('goes on after a scrape that failed', async () => {
    const clock = new ManualClock(0);
    const errors: unknown[] = [];
    let calls = 0;
    const { sampler } = makeSampler(() => [], {
      clock,
      onError: (error) => void errors.push(error),
      onRows: () => {
        calls++;
        if (calls === 1) throw new Error('refused');
      },
    });
    sampler.start();
    await clock.advance(1000);
    await expect.poll(() => errors.length).toBe(1);
    await clock.advance(10_000);
    await expect.poll(() => calls).toBeGreaterThan(1);
    expect(sampler.failedTotal).toBe(1);
    await sampler.stop();
    await sampler.stop();
  });

  it('reads limits and descriptors in the slow tier only, and repeats the limits', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-slow-'));
    try {
      mkdirSync(join(root, 'cgroup/docker/one'), { recursive: true });
      mkdirSync(join(root, 'proc/7/fd'), { recursive: true });
      for (const name of ['0', '1', '2']) writeFileSync(join(root, 'proc/7/fd', name), '');
      writeFileSync(join(root, 'cgroup/docker/one/cgroup.procs'), '7\n');
      writeFileSync(join(root, 'cgroup/docker/one/pids.max'), '50\n');
      const rows: unknown[] = [];
      const { sampler } = makeSampler(() => [makeTarget({ dockerId: 'one', pid: 7 })], {
        roots: { proc: join(root, 'proc'), sys: root, cgroup: join(root, 'cgroup'), host: '/' },
        onRows: (batch) => {
          if (batch.table !== 'container_stats') return;
          const [row] = rowsOf(batch);
          rows.push([row?.['pids_limit'], row?.['file_descriptors']]);
        },
      });
      for (let scrape = 0; scrape < 4; scrape++) await sampler.scrapeOnce();
      await sampler.stop();
      expect(rows).toEqual([
        [50, 3],
        [50, null],
        [50, null],
        [50, 3],
      ]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('reads 1000 containers that appear at once without holding the event loop', async () => {
    const targets = Array.from({ length: 1000 }, (_, index) =>
      makeTarget({ dockerId: `c${index}` }),
    );
    const { sampler, tables } = makeSampler(() => targets);
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    const spin = (async () => {
      for (let index = 0; index < 10_000 && !tables.has('container_stats'); index++) {
        await new Promise((resolve) => setImmediate(resolve));
        turns++;
      }
    })();
    await sampler.scrapeOnce();
    await spin;
    clearInterval(count);
    expect(tables.get('container_stats')).toHaveLength(1000);
    expect(turns).toBeGreaterThanOrEqual(15);
    await sampler.stop();
  });
});

describe('numbers as JSON', () => {
  it.each([
    [NaN, 'null'],
    [Infinity, '0'],
    [-Infinity, 'null'],
    [0, '0'],
    [4.603344377, '4.603344377'],
    [2 ** 53 + 2, '9007199254740994'],
    [2 ** 63, '9223372036854775808'],
    [2 ** 64, 'null'],
    [1e300, 'null'],
  ])('%d is %s', (value, expected) => {
    expect(jsonNumber(value)).toBe(expected);
  });
});
