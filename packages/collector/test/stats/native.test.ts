import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Target } from '../../src/target.ts';
import { makeTarget } from './make-target.ts';
import { missingForNativeCgroups, NativeCgroup } from './native-cgroup.ts';
import { makeSampler, type Row } from './sample.ts';

const roots = { proc: '/proc', sys: '/sys', cgroup: 'auto', host: '/' };
const missing = missingForNativeCgroups();
async function sample(target: Target): Promise<Row> {
  const { sampler, tables } = makeSampler(() => [target], { roots });
  try {
    await sampler.scrapeOnce();
    return tables.get('container_stats')?.[0] ?? {};
  } finally {
    await sampler.stop();
  }
}

describe.skipIf(missing !== undefined)(`control groups of this host ${missing ?? ''}`, () => {
  let group: NativeCgroup;
  beforeEach(() => {
    group = new NativeCgroup('c'.repeat(63) + String(Math.floor(Math.random() * 10)));
    group.create();
  });
  afterEach(async () => {
    await group.remove();
    group.removeParent();
  });

  /** A sample during which the memory in use did not move, so that it can be compared. */
  async function sampleAtRest(target: Target): Promise<Row> {
    for (let tries = 0; tries < 20; tries++) {
      const before = group.read('memory', 'memory.usage_in_bytes');
      const row = await sample(target);
      if (group.read('memory', 'memory.usage_in_bytes') === before) return row;
    }
    throw new Error('expected the memory of a sleeping process to be still');
  }

  it('agrees with the files read by plain means', async () => {
    group.write('memory', 'memory.limit_in_bytes', String(64 * 1024 * 1024));
    group.write('cpu', 'cpu.cfs_quota_us', '25000');
    group.write('pids', 'pids.max', '40');
    const pid = await group.run('sleep 60 & sleep 60 & wait');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const row = await sampleAtRest(makeTarget({ dockerId: group.id, pid }));
    const stat = group.read('memory', 'memory.stat');
    const total = (key: string): number =>
      Number(new RegExp(`^${key} (\\d+)`, 'm').exec(stat)?.[1]);
    expect(row).toMatchObject({
      memory_limit_bytes: 64 * 1024 * 1024,
      memory_anon_bytes: total('total_rss'),
      memory_file_bytes: total('total_cache'),
      memory_page_faults_total: total('total_pgfault'),
      memory_usage_bytes: Number(group.read('memory', 'memory.usage_in_bytes')),
      memory_kernel_bytes: Number(group.read('memory', 'memory.kmem.usage_in_bytes')),
      memory_peak_bytes: Number(group.read('memory', 'memory.max_usage_in_bytes')),
      memory_limit_hits_total: Number(group.read('memory', 'memory.failcnt')),
      cpu_usage_seconds_total: Number(group.read('cpuacct', 'cpuacct.usage')) / 1e9,
      cpu_limit_cores: 0.25,
      pids_current: 3,
      pids_limit: 40,
      processes: 3,
      threads: 3,
      zombies: 0,
      cgroup_dying_descendants: 0,
      // It runs in this host's network namespace, whose counters are not its own.
      network_receive_bytes_total: null,
    });
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    expect(row['file_descriptors']).toBeGreaterThanOrEqual(descriptors * 3 - 3);
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'));
    expect(row['file_descriptors_limit']).toBe(Number(limit?.[1]));
    expect(typeof row['cpu_pressure_waiting_seconds_total']).toBe('number');
  });

  it('finds zombies, which no list of processes has', async () => {
    // The shell turns into a process that does not wait for its children.
    const pid = await group.run('true & true & true & exec sleep 60');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const row = await sample(makeTarget({ dockerId: group.id, pid }));
    expect(row).toMatchObject({ pids_current: 4, processes: 1, threads: 1, zombies: 3 });
  });

  it('reports network values of a container in a namespace of its own', async () => {
    const pid = await group.run('exec unshare --net sleep 60');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const row = await sample(makeTarget({ dockerId: group.id, pid }));
    expect(row).toMatchObject({
      network_receive_bytes_total: 0,
      network_transmit_packets_total: 0,
      tcp_sockets_in_use: 0,
      tcp_retransmitted_segments_total: 0,
      // Counted by the kernel over the whole host, so never a container's.
      tcp_sockets_allocated: null,
    });
  });

  it('holds a removed control group only until it is told of the death', async () => {
    const pid = await group.run('exec sleep 60');
    const { sampler } = makeSampler(() => [makeTarget({ dockerId: group.id, pid })], { roots });
    await sampler.scrapeOnce();
    expect(sampler.keptFiles).toBeGreaterThan(10);
    await group.remove();
    expect(group.dying()).toBe(1);
    sampler.forget(group.id);
    expect(sampler.keptFiles).toBe(0);
    await expect.poll(() => group.dying(), { timeout: 5000 }).toBe(0);
    await sampler.stop();
  });

  it('closes a removed control group at the next scrape even when nobody told', async () => {
    const pid = await group.run('exec sleep 60');
    const { sampler, tables } = makeSampler(() => [makeTarget({ dockerId: group.id, pid })], {
      roots,
    });
    await sampler.scrapeOnce();
    await group.remove();
    tables.clear();
    await sampler.scrapeOnce();
    expect(tables.get('container_stats')).toBeUndefined();
    expect(sampler.keptFiles).toBe(0);
    await expect.poll(() => group.dying(), { timeout: 5000 }).toBe(0);
    await sampler.stop();
  });

  it('keeps no more descriptors than allowed and reads the same values without them', async () => {
    const pid = await group.run('exec sleep 60');
    const target = makeTarget({ dockerId: group.id, pid });
    const { sampler, tables } = makeSampler(() => [target], { roots, maxKeptFiles: 5 });
    await sampler.scrapeOnce();
    await sampler.scrapeOnce();
    expect(sampler.keptFiles).toBe(5);
    expect(tables.get('container_stats')?.[0]).toMatchObject({
      pids_current: 1,
      threads: 1,
      cgroup_dying_descendants: 0,
      memory_peak_bytes: Number(group.read('memory', 'memory.max_usage_in_bytes')),
    });
    await sampler.stop();
  });

  it('leaves no dead control group behind when fifty containers come and go', async () => {
    const groups = Array.from(
      { length: 50 },
      (_, index) => new NativeCgroup(`d${String(index).padStart(63, '0')}`),
    );
    const targets: Target[] = [];
    for (const each of groups) {
      each.create();
      targets.push(makeTarget({ dockerId: each.id, pid: await each.run('exec sleep 60') }));
    }
    const before = group.dying();
    const { sampler } = makeSampler(() => targets, { roots });
    await sampler.scrapeOnce();
    await sampler.readBehind();
    expect(sampler.keptFiles).toBeGreaterThan(500);
    for (const each of groups) await each.remove();
    // Nobody told: the next scrape finds that they are gone.
    expect(group.dying()).toBeGreaterThan(before);
    await sampler.scrapeOnce();
    expect(sampler.keptFiles).toBe(0);
    await expect.poll(() => group.dying(), { timeout: 5000 }).toBe(before);
    await sampler.stop();
  });

  it('counts threads anew in scrapes a moment apart', async () => {
    const pid = await group.run('sleep 60 & wait');
    const { sampler, tables } = makeSampler(() => [makeTarget({ dockerId: group.id, pid })], {
      roots,
    });
    const processes = async (): Promise<unknown> => {
      await sampler.scrapeOnce();
      return tables.get('container_stats')?.[0]?.['processes'];
    };
    await expect.poll(processes, { timeout: 5000, interval: 50 }).toBe(2);
    const more = new NativeCgroup(group.id);
    const added = await more.run('exec sleep 60');
    expect(await processes()).toBe(3);
    process.kill(added, 'SIGKILL');
    await expect.poll(processes, { timeout: 5000, interval: 50 }).toBe(2);
    await sampler.stop();
  });
});
