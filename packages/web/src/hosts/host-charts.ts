import type { ChartSpec } from '../charts/chart-spec.ts';

/** What a host's view draws; names are those of the samples. */
export const hostCharts: readonly ChartSpec[] = [
  {
    key: 'memory',
    title: 'Memory',
    hint: 'not available, against what is built in',
    unit: 'bytes',
    limit: 'memory_total_bytes',
    lines: [
      { name: 'memory_available_bytes', title: 'used', tone: 'deep', from: 'memory_total_bytes' },
      { name: 'memory_cached_bytes', title: 'file cache', tone: 'grey' },
    ],
  },
  {
    key: 'cpu',
    title: 'CPU',
    hint: 'cores',
    unit: 'cores',
    stacked: true,
    limit: 'cpu_cores',
    lines: [
      { name: 'cpu_user_cores', title: 'user', tone: 'deep' },
      { name: 'cpu_system_cores', title: 'system', tone: 'water' },
      { name: 'cpu_iowait_cores', title: 'waiting for io', tone: 'grey' },
      { name: 'cpu_steal_cores', title: 'taken by the hypervisor', tone: 'near' },
    ],
  },
  {
    key: 'load',
    title: 'Load',
    unit: 'count',
    lines: [{ name: 'load1', title: '1 minute', tone: 'deep' }],
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
    key: 'disk',
    title: 'Disk of the containers',
    unit: 'bytes',
    limit: 'docker_root_size_bytes',
    lines: [
      {
        name: 'docker_root_available_bytes',
        title: 'used',
        tone: 'deep',
        from: 'docker_root_size_bytes',
      },
    ],
  },
  {
    key: 'disk-io',
    title: 'Disk traffic',
    unit: 'bytes_per_second',
    lines: [
      { name: 'disk_read_bytes_per_second', title: 'read', tone: 'deep' },
      { name: 'disk_write_bytes_per_second', title: 'written', tone: 'grey' },
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
    key: 'conntrack',
    title: 'Tracked connections',
    unit: 'count',
    limit: 'conntrack_entries_limit',
    lines: [{ name: 'conntrack_entries', title: 'entries', tone: 'deep' }],
  },
  {
    key: 'threads',
    title: 'Threads',
    unit: 'count',
    limit: 'threads_limit',
    lines: [{ name: 'threads', title: 'threads', tone: 'deep' }],
  },
  {
    key: 'descriptors',
    title: 'Open files',
    unit: 'count',
    limit: 'file_descriptors_limit',
    lines: [{ name: 'file_descriptors', title: 'descriptors', tone: 'deep' }],
  },
];
