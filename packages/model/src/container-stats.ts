/**
 * One wide row per container and scrape. This table is the single list of its values: the
 * collector fills them, the migration declares them (a test compares the two), queries name them.
 *
 * `counter` values only grow within one life of the container's cgroup and start again at zero
 * after it; `gauge` values are the state at the moment of the scrape; `limit` values are
 * configuration, where 0 means "no limit". A value the kernel did not give is `null`, never 0.
 *
 * Kernel sources: Documentation/admin-guide/cgroup-v1/ and cgroup-v2.rst, proc(5).
 */
export const containerStatsValues = {
  memory_usage_bytes: 'gauge',
  memory_working_set_bytes: 'gauge',
  memory_anon_bytes: 'gauge',
  memory_file_bytes: 'gauge',
  memory_mapped_file_bytes: 'gauge',
  memory_shmem_bytes: 'gauge',
  memory_kernel_bytes: 'gauge',
  memory_slab_reclaimable_bytes: 'gauge',
  memory_slab_unreclaimable_bytes: 'gauge',
  memory_sock_bytes: 'gauge',
  /** anon + shmem + kernel + sock, less reclaimable slab: what the kernel cannot take back. */
  memory_unreclaimable_bytes: 'gauge',
  memory_swap_bytes: 'gauge',
  memory_peak_bytes: 'gauge',
  memory_limit_bytes: 'limit',
  memory_soft_limit_bytes: 'limit',
  memory_swap_limit_bytes: 'limit',
  memory_limit_hits_total: 'counter',
  /** Times that it was slowed at `memory.high`; v2 only. */
  memory_throttle_hits_total: 'counter',
  memory_oom_total: 'counter',
  memory_oom_kills_total: 'counter',
  memory_page_faults_total: 'counter',
  memory_major_page_faults_total: 'counter',
  memory_refaults_total: 'counter',
  cpu_usage_seconds_total: 'counter',
  cpu_user_seconds_total: 'counter',
  cpu_system_seconds_total: 'counter',
  cpu_periods_total: 'counter',
  cpu_throttled_periods_total: 'counter',
  cpu_throttled_seconds_total: 'counter',
  /** CFS quota divided by period, in cores. */
  cpu_limit_cores: 'limit',
  cpu_shares: 'limit',
  pids_current: 'gauge',
  pids_limit: 'limit',
  pids_limit_hits_total: 'counter',
  processes: 'gauge',
  threads: 'gauge',
  zombies: 'gauge',
  file_descriptors: 'gauge',
  /** Soft RLIMIT_NOFILE of the init process. */
  file_descriptors_limit: 'limit',
  io_read_bytes_total: 'counter',
  io_write_bytes_total: 'counter',
  io_reads_total: 'counter',
  io_writes_total: 'counter',
  cpu_pressure_waiting_seconds_total: 'counter',
  cpu_pressure_stalled_seconds_total: 'counter',
  memory_pressure_waiting_seconds_total: 'counter',
  memory_pressure_stalled_seconds_total: 'counter',
  io_pressure_waiting_seconds_total: 'counter',
  io_pressure_stalled_seconds_total: 'counter',
  network_receive_bytes_total: 'counter',
  network_receive_packets_total: 'counter',
  network_receive_errors_total: 'counter',
  network_receive_dropped_total: 'counter',
  network_transmit_bytes_total: 'counter',
  network_transmit_packets_total: 'counter',
  network_transmit_errors_total: 'counter',
  network_transmit_dropped_total: 'counter',
  tcp_retransmitted_segments_total: 'counter',
  tcp_connection_resets_total: 'counter',
  tcp_listen_overflows_total: 'counter',
  tcp_listen_drops_total: 'counter',
  tcp_timeouts_total: 'counter',
  tcp_connection_failures_total: 'counter',
  sockets_in_use: 'gauge',
  tcp_sockets_in_use: 'gauge',
  tcp_sockets_orphaned: 'gauge',
  tcp_sockets_time_wait: 'gauge',
  tcp_sockets_allocated: 'gauge',
  udp_sockets_in_use: 'gauge',
  // /proc/<pid>/net/tcp and tcp6, read for one container at a time: null in the rows between.
  tcp_sockets_established: 'gauge',
  tcp_sockets_syn_sent: 'gauge',
  tcp_sockets_fin_wait: 'gauge',
  tcp_sockets_close_wait: 'gauge',
  tcp_sockets_listening: 'gauge',
  cgroup_dying_descendants: 'gauge',
  /** What the container wrote over its image. */
  writable_layer_bytes: 'gauge',
  log_bytes: 'gauge',
  /** Memory of GPUs that its processes hold. */
  gpu_memory_bytes: 'gauge',
  restarts_total: 'counter',
} as const satisfies Record<string, ValueKind>;

export type ValueKind = 'counter' | 'gauge' | 'limit';
export type ContainerStatsValue = keyof typeof containerStatsValues;
export type ContainerStatsValues = Record<ContainerStatsValue, number | null>;
