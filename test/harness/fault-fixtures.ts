/**
 * Containers with one fault each: how they are started, what of them must move, and what must not.
 * Plain data, so that it serves wherever there is a Docker: on this host and in an emulated one.
 *
 * Rates are low and demands far below them, so that a loaded machine or an emulated processor
 * passes. The program is `fault-program.c`; `/faults` is its place in the image.
 */
import type { ContainerStatsValue, EventKind, TargetRow } from '@plimsoll/model';

/** Of the samples that were taken after the container had a few seconds to begin. */
export type FaultCheck =
  /** The last is higher than the first by so much. */
  | { readonly value: ContainerStatsValue; readonly grows: number }
  /** The highest and the lowest are so near to each other. */
  | { readonly value: ContainerStatsValue; readonly staysWithin: number }
  | { readonly value: ContainerStatsValue; readonly reaches: number }
  | { readonly value: ContainerStatsValue; readonly staysBelow: number }
  /** Of the growth of one value in that of another, at least so much. */
  | {
      readonly value: ContainerStatsValue;
      readonly of: ContainerStatsValue;
      readonly share: number;
    }
  /** So many events or more; `atMost` for those that must not be. */
  | { readonly event: EventKind; readonly atLeast: number; readonly attributes?: Attributes }
  | { readonly event: EventKind; readonly atMost: number; readonly attributes?: Attributes }
  /** The newest description of it says this. */
  | { readonly target: Partial<TargetRow> }
  | { readonly restarts: number };

type Attributes = Readonly<Record<string, string>>;

export interface FaultFixture {
  readonly name: string;
  /** Of `docker run`. */
  readonly options: readonly string[];
  readonly command: readonly string[];
  readonly checks: readonly FaultCheck[];
  /** Checks for one version of control groups only. */
  readonly checksOnV2?: readonly FaultCheck[];
}

const mebibyte = 1024 * 1024;
const noLimitHit: readonly FaultCheck[] = [
  { value: 'memory_oom_kills_total', staysBelow: 1 },
  { event: 'container_die', atMost: 0 },
];
const stillMemory: FaultCheck = { value: 'memory_anon_bytes', staysWithin: 2 * mebibyte };
const stillLayer: FaultCheck = { value: 'writable_layer_bytes', staysWithin: 64 * 1024 };
const stillTasks: readonly FaultCheck[] = [
  { value: 'threads', staysWithin: 0 },
  { value: 'zombies', staysWithin: 0 },
];
const stillDescriptors: FaultCheck = { value: 'file_descriptors', staysWithin: 2 };
const noSockets: FaultCheck = { value: 'tcp_sockets_close_wait', staysBelow: 1 };

export const faultFixtures: readonly FaultFixture[] = [
  {
    name: 'control',
    options: ['-m', '64m'],
    command: ['/faults', 'idle'],
    checks: [
      ...noLimitHit,
      stillMemory,
      stillLayer,
      ...stillTasks,
      stillDescriptors,
      noSockets,
      { value: 'memory_shmem_bytes', staysWithin: 0 },
      { value: 'memory_limit_hits_total', staysWithin: 0 },
      { value: 'log_bytes', staysBelow: 1 },
      { value: 'cpu_throttled_periods_total', staysWithin: 0 },
      { restarts: 0 },
    ],
  },
  {
    name: 'memory-leak',
    options: ['-m', '256m'],
    command: ['/faults', 'mem', '512', '100', '200'],
    checks: [
      ...noLimitHit,
      { value: 'memory_anon_bytes', grows: 8 * mebibyte },
      { value: 'memory_unreclaimable_bytes', grows: 8 * mebibyte },
      { value: 'memory_file_bytes', staysWithin: 2 * mebibyte },
      { value: 'memory_shmem_bytes', staysWithin: 0 },
      ...stillTasks,
      stillDescriptors,
      stillLayer,
    ],
  },
  {
    // Not a leak: full of pages that the kernel can take back, and at its limit all the time. With
    // a limit on swap that is the same, v1 counts a hit there, and since Linux 6.15 nowhere.
    name: 'page-cache',
    options: ['-m', '32m', '-v', '/volume'],
    command: ['/faults', 'cache', '/volume/file', '48', '50'],
    checks: [
      ...noLimitHit,
      { value: 'memory_file_bytes', reaches: 16 * mebibyte },
      { value: 'memory_limit_hits_total', grows: 1 },
      { value: 'memory_unreclaimable_bytes', staysBelow: 12 * mebibyte },
      stillMemory,
      stillLayer,
    ],
  },
  {
    name: 'tmpfs-growth',
    options: ['-m', '256m', '--tmpfs', '/fill:size=200m'],
    command: ['/faults', 'fill', '/fill/file', '512', '100', '150'],
    checks: [
      ...noLimitHit,
      { value: 'memory_shmem_bytes', grows: 8 * mebibyte },
      { value: 'memory_unreclaimable_bytes', grows: 8 * mebibyte },
      stillMemory,
      stillLayer,
    ],
  },
  {
    name: 'descriptor-leak',
    options: ['-m', '64m', '--ulimit', 'nofile=1024:1024'],
    command: ['/faults', 'fd', '20'],
    checks: [
      ...noLimitHit,
      { value: 'file_descriptors', grows: 80 },
      { value: 'file_descriptors_limit', reaches: 1024 },
      { value: 'file_descriptors_limit', staysBelow: 1025 },
      stillMemory,
      ...stillTasks,
      noSockets,
    ],
  },
  {
    name: 'thread-leak',
    options: ['-m', '128m', '--pids-limit', '100'],
    command: ['/faults', 'thread', '100'],
    checks: [
      ...noLimitHit,
      { value: 'threads', grows: 10 },
      { value: 'threads', reaches: 100 },
      { value: 'pids_current', reaches: 100 },
      { value: 'pids_limit_hits_total', reaches: 1 },
      { value: 'processes', staysWithin: 0 },
      { value: 'zombies', staysBelow: 2 },
    ],
  },
  {
    name: 'zombie-leak',
    options: ['-m', '128m', '--pids-limit', '200'],
    command: ['/faults', 'zombie', '100'],
    checks: [
      ...noLimitHit,
      { value: 'zombies', grows: 30 },
      { value: 'pids_current', grows: 30 },
      { value: 'threads', staysBelow: 3 },
      stillMemory,
      stillDescriptors,
    ],
  },
  {
    name: 'close-wait-leak',
    options: ['-m', '64m', '--ulimit', 'nofile=4096:4096'],
    command: ['/faults', 'closewait', '50'],
    checks: [
      ...noLimitHit,
      { value: 'tcp_sockets_close_wait', grows: 40 },
      { value: 'tcp_sockets_in_use', grows: 40 },
      { value: 'file_descriptors', grows: 40 },
      { value: 'tcp_sockets_listening', reaches: 1 },
      { value: 'tcp_sockets_established', staysBelow: 4 },
      stillMemory,
      ...stillTasks,
    ],
  },
  {
    name: 'socket-leak',
    options: ['-m', '64m', '--ulimit', 'nofile=4096:4096'],
    command: ['/faults', 'udp', '50'],
    checks: [
      ...noLimitHit,
      { value: 'udp_sockets_in_use', grows: 40 },
      { value: 'sockets_in_use', grows: 40 },
      { value: 'file_descriptors', grows: 40 },
      noSockets,
      stillMemory,
      ...stillTasks,
    ],
  },
  {
    name: 'layer-growth',
    options: ['-m', '128m'],
    command: ['/faults', 'fill', '/tmp/file', '512', '200', '100'],
    checks: [
      ...noLimitHit,
      { value: 'writable_layer_bytes', grows: 4 * mebibyte },
      { value: 'memory_shmem_bytes', staysWithin: 0 },
      stillMemory,
      stillDescriptors,
    ],
    // In v1 what is written later is booked to the root.
    checksOnV2: [{ value: 'io_write_bytes_total', grows: mebibyte }],
  },
  {
    name: 'log-flood',
    options: ['-m', '64m'],
    command: ['/faults', 'log', '200', '1000', '200'],
    checks: [
      ...noLimitHit,
      { value: 'log_bytes', grows: 2 * mebibyte },
      stillMemory,
      stillLayer,
      stillDescriptors,
    ],
  },
  {
    name: 'cpu-throttling',
    options: ['-m', '64m', '--cpus', '0.1'],
    command: ['/faults', 'spin'],
    checks: [
      ...noLimitHit,
      { value: 'cpu_throttled_periods_total', of: 'cpu_periods_total', share: 0.6 },
      { value: 'cpu_throttled_seconds_total', grows: 1 },
      { value: 'cpu_limit_cores', reaches: 0.1 },
      stillMemory,
      ...stillTasks,
    ],
  },
  {
    // Its control group dies with it each time: only events and the runtime know.
    name: 'oom-loop',
    options: ['-m', '16m', '--memory-swap', '16m', '--restart', 'on-failure:50'],
    command: ['/faults', 'mem', '2048', '20', '1000'],
    checks: [
      { event: 'container_oom', atLeast: 2 },
      { event: 'container_die', atLeast: 2, attributes: { exit_code: '137' } },
      { restarts: 2 },
    ],
  },
  {
    name: 'restart-loop',
    options: ['-m', '64m', '--restart', 'always'],
    command: ['/faults', 'exit', '200', '3'],
    checks: [
      { event: 'container_die', atLeast: 2, attributes: { exit_code: '3' } },
      { event: 'container_oom', atMost: 0 },
      { restarts: 2 },
    ],
  },
  {
    name: 'failing-health',
    options: [
      '-m',
      '64m',
      '--health-cmd',
      '/bin/busybox false',
      '--health-interval',
      '1s',
      '--health-retries',
      '2',
    ],
    command: ['/faults', 'idle'],
    checks: [
      { event: 'health_status', atLeast: 1, attributes: { health: 'unhealthy' } },
      { event: 'container_die', atMost: 0 },
      { target: { health: 'unhealthy', state: 'running' } },
      { restarts: 0 },
    ],
  },
  {
    // Within its start period: no event tells of it, however long it takes.
    name: 'never-ready',
    options: [
      '-m',
      '64m',
      '--health-cmd',
      '/bin/busybox test -f /ready',
      '--health-interval',
      '1s',
      '--health-start-period',
      '120s',
    ],
    command: ['/faults', 'idle'],
    checks: [
      { event: 'health_status', atMost: 0 },
      { event: 'container_die', atMost: 0 },
      { target: { health: 'starting', state: 'running', health_failing_streak: 0 } },
    ],
  },
];
