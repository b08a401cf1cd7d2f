import type { ChartSpec } from '../charts/chart-spec.ts';

/** What a container's view draws, in the order in which one asks. Names are those of the samples. */
export const containerCharts: readonly ChartSpec[] = [
  {
    key: 'memory',
    title: 'Memory',
    hint: 'by kind, against the limit',
    unit: 'bytes',
    stacked: true,
    limit: 'memory_limit_bytes',
    lines: [
      { name: 'memory_anon_bytes', title: 'anon', tone: 'deep' },
      { name: 'memory_shmem_bytes', title: 'shared', tone: 'grey' },
      { name: 'memory_kernel_bytes', title: 'kernel', tone: 'water' },
      // The kernel counts shared memory as page cache too: it must not be laid on twice.
      { name: 'memory_file_bytes', title: 'file cache', tone: 'pale', minus: 'memory_shmem_bytes' },
    ],
  },
  {
    key: 'cpu',
    title: 'CPU',
    hint: 'cores, against the quota',
    unit: 'cores',
    stacked: true,
    limit: 'cpu_limit_cores',
    lines: [
      { name: 'cpu_user_cores', title: 'user', tone: 'deep' },
      { name: 'cpu_system_cores', title: 'system', tone: 'water' },
    ],
  },
  {
    key: 'throttled',
    title: 'Throttling',
    hint: 'share of periods held back',
    unit: 'ratio',
    lines: [{ name: 'throttled_ratio', title: 'throttled', tone: 'near' }],
  },
  {
    key: 'pressure',
    title: 'Pressure',
    hint: 'share of time that work waited',
    unit: 'ratio',
    lines: [
      { name: 'cpu_pressure_waiting_ratio', title: 'CPU', tone: 'deep' },
      { name: 'memory_pressure_waiting_ratio', title: 'memory', tone: 'over' },
      { name: 'io_pressure_waiting_ratio', title: 'io', tone: 'grey' },
    ],
  },
  {
    key: 'pids',
    title: 'Processes and threads',
    unit: 'count',
    limit: 'pids_limit',
    lines: [
      { name: 'pids_current', title: 'tasks', tone: 'deep' },
      { name: 'threads', title: 'threads', tone: 'water' },
    ],
  },
  {
    key: 'descriptors',
    title: 'Open files and sockets',
    unit: 'count',
    limit: 'file_descriptors_limit',
    lines: [
      // Counted every 30 seconds, or at every sample where those are further apart.
      { name: 'file_descriptors', title: 'descriptors', tone: 'deep', heldSeconds: 60 },
      { name: 'sockets_in_use', title: 'sockets', tone: 'grey' },
    ],
  },
  {
    key: 'network',
    title: 'Network',
    unit: 'bytes_per_second',
    lines: [
      { name: 'network_receive_bytes_per_second', title: 'in', tone: 'deep' },
      { name: 'network_transmit_bytes_per_second', title: 'out', tone: 'grey' },
    ],
  },
  {
    key: 'io',
    title: 'Disk',
    unit: 'bytes_per_second',
    lines: [
      { name: 'io_read_bytes_per_second', title: 'read', tone: 'deep' },
      { name: 'io_write_bytes_per_second', title: 'written', tone: 'grey' },
    ],
  },
];
