/**
 * Which files of a container's control groups are read in each scrape, and where their values go.
 * The files are the kernel's: Documentation/admin-guide/cgroup-v1/ and cgroup-v2.rst. Limits are
 * elsewhere (container-limits.ts), as they seldom change.
 */
import type { Controller } from './cgroup/layout.ts';
import {
  added,
  always,
  blkio,
  ioStat,
  keyed,
  lines,
  pressure,
  scaled,
  single,
  type StatFile,
} from './stat-file.ts';

// Divided by, not multiplied with a fraction: 45 / 100 is 0.45 and 45 * 0.01 is not.
const nanosecondsPerSecond = 1e9;
const microsecondsPerSecond = 1e6;
/** USER_HZ: what cpuacct.stat counts in, on every architecture that containers run on. */
const ticksPerSecond = 100;

/**
 * A list of v1 is made once and given again to an open descriptor until it was not read for a
 * second (cgroup_pidlist_start of kernel/cgroup/cgroup-v1.c); a list of v2 is always made anew.
 */
const v1ListMs = 2000;

/** Above this a v1 limit is "none": the kernel writes the largest page count, in bytes. */
const unlimitedBytes = 2 ** 60;

const pidsEvents = keyed('pids.events', { max: 'pids_limit_hits_total' });

export const v1Files: Readonly<Record<Controller, readonly StatFile[]>> = {
  memory: [
    keyed(
      'memory.stat',
      {
        total_rss: 'memory_anon_bytes',
        total_cache: 'memory_file_bytes',
        total_mapped_file: 'memory_mapped_file_bytes',
        total_shmem: 'memory_shmem_bytes',
        total_swap: 'memory_swap_bytes',
        total_inactive_file: 'memory_inactive_file_bytes',
        total_pgfault: 'memory_page_faults_total',
        total_pgmajfault: 'memory_major_page_faults_total',
      },
      {
        keys: [
          'total_workingset_refault_anon',
          'total_workingset_refault_file',
          'total_workingset_refault',
          'hierarchical_memory_limit',
          'hierarchical_memsw_limit',
        ],
        apply(found, values) {
          const refaults =
            found.total_workingset_refault_anon + found.total_workingset_refault_file;
          values.set('memory_refaults_total', either(refaults, found.total_workingset_refault));
          const limit = found.hierarchical_memory_limit;
          values.set('memory_limit_bytes', limitOf(limit));
          values.set('memory_swap_limit_bytes', swapLimit(found.hierarchical_memsw_limit, limit));
        },
      },
    ),
    always(single('memory.usage_in_bytes', 'memory_usage_bytes')),
    single('memory.max_usage_in_bytes', 'memory_peak_bytes'),
    single('memory.failcnt', 'memory_limit_hits_total'),
    // Memory and swap together are charged first: where swap is forbidden only this one counts, up
    // to Linux 6.14 (page_counter_try_charge of mm/page_counter.c).
    added('memory.memsw.failcnt', 'memory_limit_hits_total'),
    single('memory.kmem.usage_in_bytes', 'memory_kernel_bytes'),
    always(single('memory.kmem.tcp.usage_in_bytes', 'memory_sock_bytes')),
    keyed('memory.oom_control', { oom_kill: 'memory_oom_kills_total' }),
  ],
  cpu: [
    keyed('cpu.stat', {
      nr_periods: 'cpu_periods_total',
      nr_throttled: 'cpu_throttled_periods_total',
      throttled_time: ['cpu_throttled_seconds_total', nanosecondsPerSecond],
    }),
  ],
  cpuacct: [
    always(scaled('cpuacct.usage', 'cpu_usage_seconds_total', nanosecondsPerSecond)),
    // Not usage_user and usage_sys: their sum falls short of usage on current kernels.
    keyed('cpuacct.stat', {
      user: ['cpu_user_seconds_total', ticksPerSecond],
      system: ['cpu_system_seconds_total', ticksPerSecond],
    }),
  ],
  pids: [
    always(single('pids.current', 'pids_current')),
    pidsEvents,
    lines('cgroup.procs', 'processes', v1ListMs),
    lines('tasks', 'threads', v1ListMs),
  ],
  io: [
    // What is written later than the process asked for is booked to the root, so these stand still
    // with the container; in v2 they do not.
    blkio('blkio.throttle.io_service_bytes_recursive', [
      'io_read_bytes_total',
      'io_write_bytes_total',
    ]),
    blkio('blkio.throttle.io_serviced_recursive', ['io_reads_total', 'io_writes_total']),
  ],
};

export const v2Files: Readonly<Record<Controller, readonly StatFile[]>> = {
  memory: [
    keyed(
      'memory.stat',
      {
        anon: 'memory_anon_bytes',
        file: 'memory_file_bytes',
        file_mapped: 'memory_mapped_file_bytes',
        shmem: 'memory_shmem_bytes',
        inactive_file: 'memory_inactive_file_bytes',
        pgfault: 'memory_page_faults_total',
        pgmajfault: 'memory_major_page_faults_total',
        slab_reclaimable: 'memory_slab_reclaimable_bytes',
        slab_unreclaimable: 'memory_slab_unreclaimable_bytes',
        sock: 'memory_sock_bytes',
      },
      {
        keys: [
          'workingset_refault_anon',
          'workingset_refault_file',
          'workingset_refault',
          'kernel',
          'kernel_stack',
          'slab',
          'pagetables',
          'percpu',
        ],
        apply(found, values) {
          const refaults = found.workingset_refault_anon + found.workingset_refault_file;
          values.set('memory_refaults_total', either(refaults, found.workingset_refault));
          // `kernel` came with Linux 5.18.
          const parts =
            found.kernel_stack + found.slab + found.pagetables + either(found.percpu, 0);
          values.set('memory_kernel_bytes', either(found.kernel, parts));
        },
      },
    ),
    always(single('memory.current', 'memory_usage_bytes')),
    single('memory.peak', 'memory_peak_bytes'),
    single('memory.swap.current', 'memory_swap_bytes'),
    keyed('memory.events', {
      high: 'memory_throttle_hits_total',
      max: 'memory_limit_hits_total',
      oom: 'memory_oom_total',
      oom_kill: 'memory_oom_kills_total',
    }),
  ],
  cpu: [
    always(
      keyed('cpu.stat', {
        usage_usec: ['cpu_usage_seconds_total', microsecondsPerSecond],
        user_usec: ['cpu_user_seconds_total', microsecondsPerSecond],
        system_usec: ['cpu_system_seconds_total', microsecondsPerSecond],
        nr_periods: 'cpu_periods_total',
        nr_throttled: 'cpu_throttled_periods_total',
        throttled_usec: ['cpu_throttled_seconds_total', microsecondsPerSecond],
      }),
    ),
  ],
  // In cpu.stat above: v2 has no controller of its own for it.
  cpuacct: [],
  pids: [
    always(single('pids.current', 'pids_current')),
    pidsEvents,
    lines('cgroup.procs', 'processes'),
    lines('cgroup.threads', 'threads'),
  ],
  io: [always(ioStat())],
};

/** What only the v2 hierarchy has; on a hybrid host it is there beside the v1 controllers. */
export const unifiedFiles: readonly StatFile[] = [
  always(
    pressure('cpu.pressure', [
      'cpu_pressure_waiting_seconds_total',
      'cpu_pressure_stalled_seconds_total',
    ]),
  ),
  always(
    pressure('memory.pressure', [
      'memory_pressure_waiting_seconds_total',
      'memory_pressure_stalled_seconds_total',
    ]),
  ),
  always(
    pressure('io.pressure', [
      'io_pressure_waiting_seconds_total',
      'io_pressure_stalled_seconds_total',
    ]),
  ),
  keyed('cgroup.stat', { nr_dying_descendants: 'cgroup_dying_descendants' }),
];

/** A v1 limit in bytes, `Infinity` for none. */
export function limitOf(value: number): number {
  return value >= unlimitedBytes ? Infinity : value;
}

/**
 * v1 limits memory and swap together. Swap forbidden (the two are equal) is "not known" rather
 * than 0, which would read as "no limit": nothing can be used, so nothing can fill up.
 */
function swapLimit(memoryAndSwap: number, memory: number): number {
  const limit = limitOf(memoryAndSwap);
  if (!Number.isFinite(limit)) return limit;
  return limit > memory ? limit - memory : NaN;
}

function either(first: number, second: number): number {
  return Number.isNaN(first) ? second : first;
}
