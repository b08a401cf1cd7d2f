import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTarget } from './make-target.ts';
import { makeSampler, type Row } from './sample.ts';

describe('effective limits', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'plimsoll-limits-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  async function sample(files: Record<string, string>): Promise<Row> {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const roots = { proc: '/nonexistent', sys: '/nonexistent', cgroup: root, host: '/' };
    const { sampler, tables } = makeSampler(() => [makeTarget({ dockerId: 'one' })], { roots });
    await sampler.scrapeOnce();
    await sampler.stop();
    return tables.get('container_stats')?.[0] ?? {};
  }

  it('are the least of the container and the groups above it in v2', async () => {
    const row = await sample({
      'docker/one/memory.max': '1000\n',
      'docker/memory.max': '600\n',
      'docker/one/memory.high': 'max\n',
      'docker/one/memory.low': '500\n',
      'docker/one/memory.swap.max': '0\n',
      'docker/one/cpu.max': 'max 100000\n',
      'docker/cpu.max': '150000 100000\n',
      'docker/one/pids.max': '10\n',
      'docker/pids.max': 'max\n',
      // The root of the hierarchy has no limits, whatever stands there.
      'memory.max': '1\n',
    });
    expect(row).toMatchObject({
      memory_limit_bytes: 600,
      memory_soft_limit_bytes: 500,
      // Swap forbidden is not "no limit".
      memory_swap_limit_bytes: null,
      cpu_limit_cores: 1.5,
      pids_limit: 10,
    });
  });

  it('follow hierarchical limits and parents in v1', async () => {
    const row = await sample({
      'memory/docker/one/memory.stat':
        'hierarchical_memory_limit 600\nhierarchical_memsw_limit 600\n',
      'cpu/docker/one/cpu.cfs_quota_us': '-1\n',
      'cpu/docker/one/cpu.cfs_period_us': '100000\n',
      'cpu/docker/cpu.cfs_quota_us': '50000\n',
      'cpu/docker/cpu.cfs_period_us': '100000\n',
      'pids/docker/one/pids.max': 'max\n',
      'pids/docker/pids.max': '77\n',
    });
    expect(row).toMatchObject({
      memory_limit_bytes: 600,
      memory_swap_limit_bytes: null,
      cpu_limit_cores: 0.5,
      pids_limit: 77,
    });
  });

  it('are 0 where nothing limits', async () => {
    const row = await sample({
      'memory/docker/one/memory.stat':
        'hierarchical_memory_limit 9223372036854771712\nhierarchical_memsw_limit 9223372036854771712\n',
      'memory/docker/one/memory.soft_limit_in_bytes': '9223372036854771712\n',
      'cpu/docker/one/cpu.cfs_quota_us': '-1\n',
      'cpu/docker/one/cpu.cfs_period_us': '100000\n',
      'pids/docker/one/pids.max': 'max\n',
    });
    expect(row).toMatchObject({
      memory_limit_bytes: 0,
      memory_soft_limit_bytes: 0,
      memory_swap_limit_bytes: 0,
      cpu_limit_cores: 0,
      pids_limit: 0,
    });
  });
});

describe('values from more than one file', () => {
  it('count tasks of groups that the container made below its own', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-nested-'));
    try {
      const own = join(root, 'docker/one');
      for (const [folder, tasks] of [
        ['.', ''],
        ['init.scope', '1\n'],
        ['system.slice', ''],
        ['system.slice/cron.service', '2\n3\n'],
      ] as const) {
        mkdirSync(join(own, folder), { recursive: true });
        writeFileSync(join(own, folder, 'cgroup.procs'), tasks);
        writeFileSync(join(own, folder, 'cgroup.threads'), tasks);
      }
      writeFileSync(join(own, 'pids.current'), '4\n');
      const roots = { proc: '/nonexistent', sys: '/nonexistent', cgroup: root, host: '/' };
      const { sampler, tables } = makeSampler(() => [makeTarget({ dockerId: 'one' })], { roots });
      await sampler.scrapeOnce();
      await sampler.stop();
      expect(tables.get('container_stats')?.[0]).toMatchObject({
        pids_current: 4,
        processes: 3,
        threads: 3,
        zombies: 1,
      });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('add rotated log files to the current one', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-log-'));
    try {
      writeFileSync(join(root, 'a.log'), 'x'.repeat(10));
      writeFileSync(join(root, 'a.log.1'), 'x'.repeat(200));
      writeFileSync(join(root, 'a.log.2.gz'), 'x'.repeat(3000));
      writeFileSync(join(root, 'a.log.4'), 'not in the row of rotated files');
      const roots = {
        proc: '/nonexistent',
        sys: '/nonexistent',
        cgroup: '/nonexistent',
        host: root,
      };
      const target = makeTarget({ dockerId: 'one', logPath: '/a.log' });
      const { sampler, tables } = makeSampler(() => [target], { roots });
      await sampler.scrapeOnce();
      await sampler.stop();
      expect(tables.get('container_stats')?.[0]).toMatchObject({ log_bytes: 3210 });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
