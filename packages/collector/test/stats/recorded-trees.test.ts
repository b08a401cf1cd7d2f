import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerStatsValues } from '@plimsoll/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSampler, valuesOf } from './sample.ts';
import { makeTarget } from './make-target.ts';

const trees = join(import.meta.dirname, '../testdata/cgroup');
const hybridId = '0a833898945e44bfac4c8cbf675c8fa04a8c5d377a5c8af6af73823e1263d3f4';

/** Values of a v1 container of the hybrid tree, read off the recorded files by hand. */
const v1 = {
  memory_usage_bytes: 901_120,
  memory_working_set_bytes: 901_120 - 98_304,
  memory_anon_bytes: 114_688,
  memory_file_bytes: 352_256,
  memory_mapped_file_bytes: 159_744,
  memory_shmem_bytes: 0,
  memory_kernel_bytes: 348_160,
  memory_sock_bytes: 0,
  memory_unreclaimable_bytes: 114_688 + 348_160,
  memory_swap_bytes: 0,
  memory_peak_bytes: 4_079_616,
  memory_limit_bytes: 67_108_864,
  memory_soft_limit_bytes: 0,
  memory_swap_limit_bytes: 67_108_864,
  memory_limit_hits_total: 0,
  memory_oom_kills_total: 0,
  memory_page_faults_total: 261_107,
  memory_major_page_faults_total: 2,
  memory_refaults_total: 90,
  cpu_usage_seconds_total: 4.603344377,
  cpu_user_seconds_total: 1.31,
  cpu_system_seconds_total: 3.29,
  cpu_periods_total: 4172,
  cpu_throttled_periods_total: 0,
  cpu_throttled_seconds_total: 0,
  cpu_limit_cores: 0.5,
  cpu_shares: 1024,
  pids_current: 2,
  pids_limit: 0,
  pids_limit_hits_total: 0,
  processes: 2,
  threads: 2,
  zombies: 0,
  io_read_bytes_total: 0,
  io_write_bytes_total: 0,
  io_reads_total: 0,
  io_writes_total: 0,
  restarts_total: 3,
};

const unified = {
  cpu_pressure_waiting_seconds_total: 16.339816,
  cpu_pressure_stalled_seconds_total: 16.226574,
  memory_pressure_waiting_seconds_total: 0,
  memory_pressure_stalled_seconds_total: 0,
  io_pressure_waiting_seconds_total: 0.000821,
  io_pressure_stalled_seconds_total: 0.000821,
  cgroup_dying_descendants: 0,
};

const v2Common = {
  memory_swap_bytes: 0,
  memory_limit_bytes: 67_108_864,
  memory_soft_limit_bytes: 0,
  memory_swap_limit_bytes: 0,
  memory_throttle_hits_total: 0,
  memory_oom_total: 0,
  memory_oom_kills_total: 0,
  memory_shmem_bytes: 0,
  memory_mapped_file_bytes: 0,
  memory_refaults_total: 0,
  cpu_shares: 2597,
  pids_limit: 0,
  pids_limit_hits_total: 0,
  zombies: 0,
  cgroup_dying_descendants: 0,
  restarts_total: 3,
};

const v2Cases = {
  /** Leaks sockets that it never closes: socket buffers. */
  cw: {
    ...v2Common,
    memory_usage_bytes: 2_838_528,
    memory_working_set_bytes: 2_838_528 - 36_864,
    memory_anon_bytes: 53_248,
    memory_file_bytes: 36_864,
    memory_kernel_bytes: 864_256,
    memory_slab_reclaimable_bytes: 486_936,
    memory_slab_unreclaimable_bytes: 310_168,
    memory_sock_bytes: 1_667_072,
    memory_unreclaimable_bytes: 53_248 + (864_256 - 486_936) + 1_667_072,
    memory_peak_bytes: 6_914_048,
    memory_limit_hits_total: 0,
    memory_page_faults_total: 775,
    memory_major_page_faults_total: 1,
    cpu_usage_seconds_total: 2.07236,
    cpu_user_seconds_total: 0.283222,
    cpu_system_seconds_total: 1.789137,
    cpu_periods_total: 0,
    cpu_throttled_periods_total: 0,
    cpu_throttled_seconds_total: 0,
    cpu_limit_cores: 0,
    pids_current: 1,
    processes: 1,
    threads: 1,
    io_read_bytes_total: 36_864,
    io_write_bytes_total: 0,
    io_reads_total: 1,
    io_writes_total: 0,
    cpu_pressure_waiting_seconds_total: 2.113188,
    cpu_pressure_stalled_seconds_total: 2.026275,
    memory_pressure_waiting_seconds_total: 0,
    memory_pressure_stalled_seconds_total: 0,
    io_pressure_waiting_seconds_total: 0,
    io_pressure_stalled_seconds_total: 0,
  },
  /** Writes files: page cache up to the limit, again and again. */
  disk: {
    ...v2Common,
    memory_usage_bytes: 66_011_136,
    memory_working_set_bytes: 66_011_136 - 63_049_728,
    memory_anon_bytes: 118_784,
    memory_file_bytes: 63_082_496,
    memory_kernel_bytes: 2_654_208,
    memory_slab_reclaimable_bytes: 2_374_752,
    memory_slab_unreclaimable_bytes: 151_656,
    memory_sock_bytes: 0,
    memory_unreclaimable_bytes: 118_784 + (2_654_208 - 2_374_752),
    memory_peak_bytes: 67_108_864,
    memory_limit_hits_total: 399,
    memory_page_faults_total: 27_508,
    memory_major_page_faults_total: 0,
    cpu_limit_cores: 0,
    pids_current: 2,
    processes: 2,
    threads: 2,
    io_read_bytes_total: 0,
    io_write_bytes_total: 153_092_096,
    io_reads_total: 0,
    io_writes_total: 154,
    memory_pressure_waiting_seconds_total: 1.462112,
    memory_pressure_stalled_seconds_total: 1.462112,
    io_pressure_waiting_seconds_total: 0.311729,
    io_pressure_stalled_seconds_total: 0.311729,
  },
  /** Spins at a tenth of a processor. */
  throttle: {
    ...v2Common,
    memory_usage_bytes: 319_488,
    memory_anon_bytes: 53_248,
    memory_peak_bytes: 5_136_384,
    cpu_usage_seconds_total: 9.367979,
    cpu_user_seconds_total: 6.748283,
    cpu_system_seconds_total: 2.619695,
    cpu_periods_total: 891,
    cpu_throttled_periods_total: 879,
    cpu_throttled_seconds_total: 76.209562,
    cpu_limit_cores: 0.1,
    // io.stat is empty: nothing was read or written.
    io_read_bytes_total: 0,
    io_write_bytes_total: 0,
    io_reads_total: 0,
    io_writes_total: 0,
    cpu_pressure_waiting_seconds_total: 61.140828,
    cpu_pressure_stalled_seconds_total: 61.076859,
  },
};

async function sampleOne(cgroup: string, dockerId: string) {
  const target = makeTarget({ dockerId, restartCount: 3 });
  const roots = { proc: '/nonexistent', sys: '/nonexistent', cgroup, host: '/' };
  const { sampler, tables } = makeSampler(() => [target], { roots });
  await sampler.scrapeOnce();
  const mode = sampler.cgroupMode;
  const row = tables.get('container_stats')?.[0];
  await sampler.stop();
  return { mode, row, values: valuesOf(row) };
}

/** Every value of the model that the table does not name must be unknown. */
function withNulls(expected: Record<string, number>): Record<string, number | null> {
  const names = Object.keys(containerStatsValues);
  return Object.fromEntries(names.map((name) => [name, expected[name] ?? null]));
}

describe('recorded control group trees', () => {
  let v1Tree = '';
  beforeAll(() => {
    v1Tree = mkdtempSync(join(tmpdir(), 'plimsoll-v1-'));
    cpSync(join(trees, 'hybrid'), v1Tree, {
      recursive: true,
      filter: (source) => !source.includes('unified'),
    });
  });
  afterAll(() => {
    rmSync(v1Tree, { recursive: true, force: true });
  });

  it('reads every value of a v1 container, and pressure as unknown', async () => {
    const { mode, values } = await sampleOne(v1Tree, hybridId);
    expect(mode).toBe('v1');
    expect(values).toEqual(withNulls(v1));
  });

  it('reads a hybrid container: v1 controllers with pressure beside them', async () => {
    const { mode, values } = await sampleOne(join(trees, 'hybrid'), hybridId);
    expect(mode).toBe('hybrid');
    expect(values).toEqual(withNulls({ ...v1, ...unified }));
  });

  it.each(Object.entries(v2Cases))('reads the v2 container %s', async (id, expected) => {
    const { mode, values } = await sampleOne(join(trees, 'v2'), id);
    expect(mode).toBe('v2');
    expect(values).toMatchObject(expected);
  });

  it('names no value of a v2 container but those its files give', async () => {
    const { values } = await sampleOne(join(trees, 'v2'), 'cw');
    expect(values).toEqual(withNulls(v2Cases.cw));
  });

  it('carries time, start and labels in front of the values', async () => {
    const { row } = await sampleOne(join(trees, 'v2'), 'cw');
    expect(row).toMatchObject({
      started_at: '2026-01-31 23:59:59.123',
      tenant: 'default',
      host: 'host-1',
      container_id: 'cw',
      compose_project: '',
    });
    expect(row?.['time']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
  });

  it('gives a row without control group values when there are no hierarchies', async () => {
    const { mode, values } = await sampleOne('/nonexistent', 'cw');
    expect(mode).toBe('none');
    expect(values).toEqual(withNulls({ restarts_total: 3 }));
  });
});
