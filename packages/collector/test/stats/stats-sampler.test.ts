import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@plimsoll/runtime';
import { containerStatsValues, hostStatsValues } from '@plimsoll/model';
import { describe, expect, it } from 'vitest';
import { AlignedSchedule } from '../../src/stats/aligned-schedule.ts';
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

  it('reads the rest of a container’s files only when it ran, or once a minute', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-quiet-'));
    try {
      const folder = join(root, 'cgroup/docker/one');
      mkdirSync(folder, { recursive: true });
      const write = (files: Record<string, string>): void => {
        for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      };
      const clock = new ManualClock(0);
      const { sampler, tables } = makeSampler(() => [makeTarget({ dockerId: 'one' })], {
        clock,
        slowIntervalMs: 600_000,
        roots: { proc: root, sys: root, cgroup: join(root, 'cgroup'), host: '/' },
      });
      const anon = async (): Promise<unknown> => {
        await sampler.scrapeOnce();
        await clock.advance(10_000);
        return tables.get('container_stats')?.[0]?.['memory_anon_bytes'];
      };
      write({ 'cpu.stat': 'usage_usec 5\n', 'memory.current': '100\n', 'pids.current': '1\n' });
      write({ 'memory.stat': 'anon 1\n' });
      expect(await anon()).toBe(1);
      write({ 'memory.stat': 'anon 2\n' });
      expect(await anon()).toBe(1);
      const moves = {
        'cpu.stat': 'usage_usec 6\n',
        'memory.current': '99\n',
        'pids.current': '2\n',
      };
      let value = 2;
      for (const [name, text] of Object.entries(moves)) {
        value++;
        write({ 'memory.stat': `anon ${value}\n`, [name]: text });
        expect(await anon()).toBe(value);
      }
      write({ 'memory.stat': 'anon 9\n' });
      expect(await anon()).toBe(value);
      const later = [];
      for (let scrape = 0; scrape < 6; scrape++) later.push(await anon());
      expect(later.at(-1)).toBe(9);
      await sampler.stop();
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('leaves out the sandboxes of pods, and reports a shared network once', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-pod-'));
    try {
      for (const pid of ['1', '7', '8', '9']) {
        mkdirSync(join(root, pid, 'ns'), { recursive: true });
        mkdirSync(join(root, pid, 'net'));
        symlinkSync(`net:[${pid === '1' ? 'host' : 'pod'}]`, join(root, pid, 'ns/net'));
        writeFileSync(join(root, pid, 'net/dev'), 'eth0: 5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n');
      }
      const pod = [
        makeTarget({ dockerId: 'pause', pid: 7, isSandbox: true, startedAtMs: 1 }),
        makeTarget({ dockerId: 'late', pid: 8, startedAtMs: 3 }),
        makeTarget({ dockerId: 'early', pid: 9, startedAtMs: 2 }),
      ];
      const { sampler, tables } = makeSampler(() => pod, {
        roots: { proc: root, sys: root, cgroup: '/nonexistent', host: '/' },
      });
      await sampler.scrapeOnce();
      await sampler.stop();
      const rows = tables.get('container_stats') ?? [];
      const received = rows.map((row) => [row['container_id'], row['network_receive_bytes_total']]);
      expect(received).toEqual([
        ['late', null],
        ['early', 5],
      ]);
      expect(tables.get('host_stats')?.[0]).toMatchObject({ containers_running: 2 });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('puts in what others know: memory of GPUs, and values of the host', async () => {
    const targets = ['one', 'two'].map((dockerId) => makeTarget({ dockerId }));
    const { sampler, tables } = makeSampler(() => targets, {
      gpuMemory: (dockerId) => (dockerId === 'two' ? 4096 : undefined),
      extraHostValues: () => ({ veth_orphans: 3, docker_ping_seconds: 0.01 }),
    });
    await sampler.scrapeOnce();
    await sampler.stop();
    const memory = tables.get('container_stats')?.map((row) => row['gpu_memory_bytes']);
    expect(memory).toEqual([null, 4096]);
    expect(tables.get('host_stats')?.[0]).toMatchObject({
      veth_orphans: 3,
      docker_ping_seconds: 0.01,
      mount_orphans: null,
    });
  });

  it('knows the written layer once it was walked', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-written-'));
    try {
      mkdirSync(join(root, 'layer'));
      writeFileSync(join(root, 'layer/file'), 'x');
      const target = makeTarget({ dockerId: 'one', writableLayer: '/layer' });
      const { sampler, tables } = makeSampler(() => [target], {
        roots: { proc: root, sys: root, cgroup: '/nonexistent', host: root },
      });
      const bytes = (): unknown => tables.get('container_stats')?.[0]?.['writable_layer_bytes'];
      await sampler.scrapeOnce();
      expect(bytes()).toBe(null);
      await sampler.readBehind();
      await sampler.scrapeOnce();
      expect(bytes()).toBe(4096);
      await sampler.stop();
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('leaves out values that are out of range, counts them by file and tells of each once', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-damaged-'));
    try {
      const folder = join(root, 'cgroup/docker/one');
      mkdirSync(folder, { recursive: true });
      mkdirSync(join(root, 'proc'));
      const files = {
        'memory.stat': 'anon 18446744073709551615\nfile -5\nshmem 7\n',
        'memory.current': 'max\n',
        'pids.current': '3\n',
        'pids.max': '-4\n',
        'cpu.stat': 'usage_usec 99999999999999999999\nuser_usec 1000000\n',
        'cpu.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=-3\n',
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      writeFileSync(join(root, 'proc/loadavg'), '-1 0.16 0.15 1/128 9992\n');
      const told: string[] = [];
      const { sampler, tables } = makeSampler(() => [makeTarget({ dockerId: 'one' })], {
        roots: { proc: join(root, 'proc'), sys: root, cgroup: join(root, 'cgroup'), host: '/' },
        onDamagedFile: (path) => told.push(path.slice(root.length)),
      });
      await sampler.scrapeOnce();
      await sampler.scrapeOnce();
      expect(tables.get('container_stats')?.[0]).toMatchObject({
        memory_anon_bytes: null,
        memory_file_bytes: null,
        memory_shmem_bytes: 7,
        memory_usage_bytes: null,
        memory_working_set_bytes: null,
        pids_current: 3,
        pids_limit: null,
        cpu_usage_seconds_total: null,
        cpu_user_seconds_total: 1,
        cpu_pressure_waiting_seconds_total: null,
      });
      expect(tables.get('host_stats')?.[0]).toMatchObject({ load1: null, load5: 0.16 });
      expect(Object.fromEntries(sampler.damagedFiles)).toEqual({
        'memory.stat': 4,
        'memory.current': 2,
        'cpu.stat': 2,
        'cpu.pressure': 2,
        'host loadavg': 2,
        'pids.max': 1,
      });
      expect(told.toSorted()).toEqual([
        '/cgroup/docker/one/cpu.pressure',
        '/cgroup/docker/one/cpu.stat',
        '/cgroup/docker/one/memory.current',
        '/cgroup/docker/one/memory.stat',
        '/cgroup/docker/one/pids.max',
        '/proc/loadavg',
      ]);
      await sampler.stop();
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('scrapes rarer when that alone takes more than its budget, and says so', async () => {
    const clock = new ManualClock(0);
    let cpuMs = 0;
    let scrapes = 0;
    const notices: unknown[] = [];
    const { sampler } = makeSampler(() => [], {
      clock,
      intervalMs: 1000,
      cpuBudgetCores: 0.01,
      // Each slice that is measured takes 15 ms: 0.015 cores where there is one a second.
      cpuMs: () => (cpuMs += 15),
      onRows: ({ table }) => {
        if (table === 'host_stats') scrapes++;
      },
      onStretched: (notice) => notices.push(notice),
    });
    sampler.start();
    for (let second = 0; second < 60; second++) {
      await clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(sampler.budget).toMatchObject({ limitCores: 0.01, intervalFactor: 2 });
    expect(scrapes).toBeGreaterThan(20);
    expect(scrapes).toBeLessThan(40);
    expect(notices).toMatchObject([
      { severity: 'warning', attributes: { interval_factor: '2', cpu_budget_cores: '0.01' } },
    ]);
    await sampler.stop();
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

  it('counts the descriptors of what does not run every minute or two, and repeats them', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-still-'));
    try {
      const group = join(root, 'cgroup/docker/one');
      mkdirSync(group, { recursive: true });
      mkdirSync(join(root, 'proc/7/fd'), { recursive: true });
      const open = (name: string): void => {
        writeFileSync(join(root, 'proc/7/fd', name), '');
      };
      for (const name of ['0', '1', '2']) open(name);
      writeFileSync(join(group, 'cgroup.procs'), '7\n');
      writeFileSync(join(group, 'pids.current'), '1\n');
      writeFileSync(join(group, 'memory.current'), '4096\n');
      writeFileSync(join(root, 'cgroup/cgroup.controllers'), 'cpu io memory pids\n');
      writeFileSync(join(group, 'cpu.stat'), 'usage_usec 5\n');
      const counts: unknown[] = [];
      const clock = new ManualClock(0);
      const { sampler } = makeSampler(() => [makeTarget({ dockerId: 'one', pid: 7 })], {
        clock,
        roots: { proc: join(root, 'proc'), sys: root, cgroup: join(root, 'cgroup'), host: '/' },
        onRows: (batch) => {
          if (batch.table === 'container_stats')
            counts.push(rowsOf(batch)[0]?.['file_descriptors']);
        },
      });
      const scrape = async (times: number): Promise<void> => {
        for (let time = 0; time < times; time++) {
          await sampler.scrapeOnce();
          await clock.advance(10_000);
        }
      };
      await scrape(7);
      open('3');
      await scrape(6);
      open('4');
      writeFileSync(join(group, 'cpu.stat'), 'usage_usec 6\n');
      await scrape(3);
      await sampler.stop();
      const told = counts.filter((count) => count !== null);
      // Not at once, as it has not run; then at once, as it has.
      expect(told).toEqual([3, 3, 3, 3, 4, 5]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
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
      const clock = new ManualClock(0);
      const { sampler } = makeSampler(() => [makeTarget({ dockerId: 'one', pid: 7 })], {
        clock,
        roots: { proc: join(root, 'proc'), sys: root, cgroup: join(root, 'cgroup'), host: '/' },
        onRows: (batch) => {
          if (batch.table !== 'container_stats') return;
          const [row] = rowsOf(batch);
          rows.push([row?.['pids_limit'], row?.['file_descriptors']]);
        },
      });
      for (let scrape = 0; scrape < 4; scrape++) {
        await sampler.scrapeOnce();
        await clock.advance(10_000);
      }
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
