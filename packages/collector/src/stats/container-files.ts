/**
 * Which files of a container's control groups are read in each scrape, and where their values go.
 * The files are the kernel's: Documentation/admin-guide/cgroup-v1/ and cgroup-v2.rst. Limits are
 * elsewhere (container-limits.ts), as they seldom change.
 */
import type { Controller } from './cgroup/layout.ts';
import {
  blkio,
  ioStat,
  keyed,
  lines,
  pressure,
  scaled,
  set,
  single,
  type StatFile,
} from './stat-file.ts';

// Divided by, not multiplied with a fraction: 45 / 100 is 0.45 and 45 * 0.01 is not.
const nanosecondsPerSecond = 1e9;
const microsecondsPerSecond = 1e6;
/** USER_HZ: what cpuacct.stat counts in, on every architecture that containers run on. */
const ticksPerSecond = 100;

/** Above this a v1 limit is "none": the kernel writes the largest page count, in bytes. */
const unlimitedBytes = 2 ** 60;

const v1MemoryStat = keyed('memory.stat', [
  'total_rss',
  'total_cache',
  'total_mapped_file',
  'total_shmem',
  'total_swap',
  'total_inactive_file',
  'total_pgfault',
  'total_pgmajfault',
  'total_workingset_refault_anon',
  'total_workingset_refault_file',
  'total_workingset_refault',
  'hierarchical_memory_limit',
  'hierarchical_memsw_limit',
]);

const v2MemoryStat = keyed('memory.stat', [
  'anon',
  'file',
  'file_mapped',
  'shmem',
  'inactive_file',
  'pgfault',
  'pgmajfault',
  'workingset_refault_anon',
  'workingset_refault_file',
  'workingset_refault',
  'slab_reclaimable',
  'slab_unreclaimable',
  'sock',
  'kernel',
  'kernel_stack',
  'slab',
  'pagetables',
  'percpu',
]);

export const v1Files: Readonly<Record<Controller, readonly StatFile[]>> = {
  memory: [
    v1MemoryStat((found, values) => {
      set(values, 'memory_anon_bytes', found('total_rss'));
      set(values, 'memory_file_bytes', found('total_cache'));
      set(values, 'memory_mapped_file_bytes', found('total_mapped_file'));
      set(values, 'memory_shmem_bytes', found('total_shmem'));
      set(values, 'memory_swap_bytes', found('total_swap'));
      set(values, 'memory_inactive_file_bytes', found('total_inactive_file'));
      set(values, 'memory_page_faults_total', found('total_pgfault'));
      set(values, 'memory_major_page_faults_total', found('total_pgmajfault'));
      const refaults =
        found('total_workingset_refault_anon') + found('total_workingset_refault_file');
      set(values, 'memory_refaults_total', either(refaults, found('total_workingset_refault')));
      const limit = found('hierarchical_memory_limit');
      set(values, 'memory_limit_bytes', limitOf(limit));
      set(values, 'memory_swap_limit_bytes', swapLimit(found('hierarchical_memsw_limit'), limit));
    }),
    single('memory.usage_in_bytes', 'memory_usage_bytes'),
    single('memory.max_usage_in_bytes', 'memory_peak_bytes'),
    single('memory.failcnt', 'memory_limit_hits_total'),
    single('memory.kmem.usage_in_bytes', 'memory_kernel_bytes'),
    single('memory.kmem.tcp.usage_in_bytes', 'memory_sock_bytes'),
    keyed('memory.oom_control', ['oom_kill'])((found, values) => {
      set(values, 'memory_oom_kills_total', found('oom_kill'));
    }),
  ],
  cpu: [
    keyed('cpu.stat', ['nr_periods', 'nr_throttled', 'throttled_time'])((found, values) => {
      set(values, 'cpu_periods_total', found('nr_periods'));
      set(values, 'cpu_throttled_periods_total', found('nr_throttled'));
      set(values, 'cpu_throttled_seconds_total', found('throttled_time') / nanosecondsPerSecond);
    }),
  ],
  cpuacct: [
    scaled('cpuacct.usage', 'cpu_usage_seconds_total', nanosecondsPerSecond),
    // Not usage_user and usage_sys: their sum falls short of usage on current kernels.
    keyed('cpuacct.stat', ['user', 'system'])((found, values) => {
      set(values, 'cpu_user_seconds_total', found('user') / ticksPerSecond);
      set(values, 'cpu_system_seconds_total', found('system') / ticksPerSecond);
    }),
  ],
  pids: [
    single('pids.current', 'pids_current'),
    pidsEvents(),
    lines('cgroup.procs', 'processes'),
    lines('tasks', 'threads'),
  ],
  io: [
    blkio('blkio.throttle.io_service_bytes_recursive', [
      'io_read_bytes_total',
      'io_write_bytes_total',
    ]),
    blkio('blkio.throttle.io_serviced_recursive', ['io_reads_total', 'io_writes_total']),
  ],
};

export const v2Files: Readonly<Record<Controller, readonly StatFile[]>> = {
  memory: [
    v2MemoryStat((found, values) => {
      set(values, 'memory_anon_bytes', found('anon'));
      set(values, 'memory_file_bytes', found('file'));
      set(values, 'memory_mapped_file_bytes', found('file_mapped'));
      set(values, 'memory_shmem_bytes', found('shmem'));
      set(values, 'memory_inactive_file_bytes', found('inactive_file'));
      set(values, 'memory_page_faults_total', found('pgfault'));
      set(values, 'memory_major_page_faults_total', found('pgmajfault'));
      const refaults = found('workingset_refault_anon') + found('workingset_refault_file');
      set(values, 'memory_refaults_total', either(refaults, found('workingset_refault')));
      set(values, 'memory_slab_reclaimable_bytes', found('slab_reclaimable'));
      set(values, 'memory_slab_unreclaimable_bytes', found('slab_unreclaimable'));
      set(values, 'memory_sock_bytes', found('sock'));
      // `kernel` came with Linux 5.18.
      const parts =
        found('kernel_stack') +
        found('slab') +
        found('pagetables') +
        zeroIfUnknown(found('percpu'));
      set(values, 'memory_kernel_bytes', either(found('kernel'), parts));
    }),
    single('memory.current', 'memory_usage_bytes'),
    single('memory.peak', 'memory_peak_bytes'),
    single('memory.swap.current', 'memory_swap_bytes'),
    keyed('memory.events', ['max', 'oom', 'oom_kill'])((found, values) => {
      set(values, 'memory_limit_hits_total', found('max'));
      set(values, 'memory_oom_total', found('oom'));
      set(values, 'memory_oom_kills_total', found('oom_kill'));
    }),
  ],
  cpu: [
    keyed('cpu.stat', [
      'usage_usec',
      'user_usec',
      'system_usec',
      'nr_periods',
      'nr_throttled',
      'throttled_usec',
    ])((found, values) => {
      set(values, 'cpu_usage_seconds_total', found('usage_usec') / microsecondsPerSecond);
      set(values, 'cpu_user_seconds_total', found('user_usec') / microsecondsPerSecond);
      set(values, 'cpu_system_seconds_total', found('system_usec') / microsecondsPerSecond);
      set(values, 'cpu_periods_total', found('nr_periods'));
      set(values, 'cpu_throttled_periods_total', found('nr_throttled'));
      set(values, 'cpu_throttled_seconds_total', found('throttled_usec') / microsecondsPerSecond);
    }),
  ],
  // In cpu.stat above: v2 has no controller of its own for it.
  cpuacct: [],
  pids: [
    single('pids.current', 'pids_current'),
    pidsEvents(),
    lines('cgroup.procs', 'processes'),
    lines('cgroup.threads', 'threads'),
  ],
  io: [ioStat()],
};

/** What only the v2 hierarchy has; on a hybrid host it is there beside the v1 controllers. */
export const unifiedFiles: readonly StatFile[] = [
  pressure('cpu.pressure', [
    'cpu_pressure_waiting_seconds_total',
    'cpu_pressure_stalled_seconds_total',
  ]),
  pressure('memory.pressure', [
    'memory_pressure_waiting_seconds_total',
    'memory_pressure_stalled_seconds_total',
  ]),
  pressure('io.pressure', [
    'io_pressure_waiting_seconds_total',
    'io_pressure_stalled_seconds_total',
  ]),
  keyed('cgroup.stat', ['nr_dying_descendants'])((found, values) => {
    set(values, 'cgroup_dying_descendants', found('nr_dying_descendants'));
  }),
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

function zeroIfUnknown(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

function pidsEvents(): StatFile {
  return keyed('pids.events', ['max'])((found, values) => {
    set(values, 'pids_limit_hits_total', found('max'));
  });
}
