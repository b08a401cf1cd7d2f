import type { ValueKind } from './container-stats.ts';

/**
 * One wide row per host and scrape; the same rules as for containers. Sources are named beside
 * each group; see proc(5) and Documentation/admin-guide/sysctl.
 */
export const hostStatsValues = {
  // /proc/meminfo
  memory_total_bytes: 'limit',
  memory_free_bytes: 'gauge',
  memory_available_bytes: 'gauge',
  memory_buffers_bytes: 'gauge',
  memory_cached_bytes: 'gauge',
  memory_shmem_bytes: 'gauge',
  memory_dirty_bytes: 'gauge',
  memory_slab_reclaimable_bytes: 'gauge',
  memory_slab_unreclaimable_bytes: 'gauge',
  memory_kernel_stack_bytes: 'gauge',
  memory_page_tables_bytes: 'gauge',
  memory_percpu_bytes: 'gauge',
  swap_total_bytes: 'limit',
  swap_free_bytes: 'gauge',
  // /proc/stat, /proc/loadavg
  cpu_cores: 'limit',
  cpu_user_seconds_total: 'counter',
  cpu_nice_seconds_total: 'counter',
  cpu_system_seconds_total: 'counter',
  cpu_idle_seconds_total: 'counter',
  cpu_iowait_seconds_total: 'counter',
  cpu_irq_seconds_total: 'counter',
  cpu_softirq_seconds_total: 'counter',
  cpu_steal_seconds_total: 'counter',
  context_switches_total: 'counter',
  forks_total: 'counter',
  processes_running: 'gauge',
  processes_blocked: 'gauge',
  load1: 'gauge',
  load5: 'gauge',
  load15: 'gauge',
  threads: 'gauge',
  /** min(kernel.pid_max, kernel.threads-max). */
  threads_limit: 'limit',
  boot_time_seconds: 'gauge',
  // /proc/sys/fs/file-nr, inode-nr, netfilter
  file_descriptors: 'gauge',
  file_descriptors_limit: 'limit',
  conntrack_entries: 'gauge',
  conntrack_entries_limit: 'limit',
  conntrack_drops_total: 'counter',
  conntrack_insert_failures_total: 'counter',
  conntrack_early_drops_total: 'counter',
  // /proc/pressure
  cpu_pressure_waiting_seconds_total: 'counter',
  memory_pressure_waiting_seconds_total: 'counter',
  memory_pressure_stalled_seconds_total: 'counter',
  io_pressure_waiting_seconds_total: 'counter',
  io_pressure_stalled_seconds_total: 'counter',
  irq_pressure_stalled_seconds_total: 'counter',
  // /proc/vmstat
  oom_kills_total: 'counter',
  major_page_faults_total: 'counter',
  memory_allocation_stalls_total: 'counter',
  memory_compaction_stalls_total: 'counter',
  // /proc/diskstats, whole devices summed
  disk_read_bytes_total: 'counter',
  disk_write_bytes_total: 'counter',
  disk_reads_total: 'counter',
  disk_writes_total: 'counter',
  disk_io_seconds_total: 'counter',
  // /proc/net/dev without lo and veth, /proc/net/sockstat, /proc/net/softnet_stat, netstat
  network_receive_bytes_total: 'counter',
  network_transmit_bytes_total: 'counter',
  network_receive_errors_total: 'counter',
  network_transmit_errors_total: 'counter',
  network_receive_dropped_total: 'counter',
  network_transmit_dropped_total: 'counter',
  tcp_sockets_in_use: 'gauge',
  tcp_sockets_orphaned: 'gauge',
  tcp_sockets_time_wait: 'gauge',
  tcp_sockets_allocated: 'gauge',
  softnet_dropped_total: 'counter',
  tcp_listen_overflows_total: 'counter',
  tcp_listen_drops_total: 'counter',
  tcp_retransmitted_segments_total: 'counter',
  arp_entries: 'gauge',
  arp_entries_limit: 'limit',
  // /proc/<pid>/fdinfo of every process, /proc/sys/fs/inotify: of the user that has most
  inotify_instances: 'gauge',
  inotify_instances_limit: 'limit',
  inotify_watches: 'gauge',
  inotify_watches_limit: 'limit',
  // cgroup root
  cgroup_dying_descendants: 'gauge',
  // /proc/cgroups: control groups of the memory controller
  cgroups: 'gauge',
  // statfs of the container runtime's root (or of the data directory without one)
  docker_root_size_bytes: 'limit',
  docker_root_available_bytes: 'gauge',
  docker_root_inodes: 'limit',
  docker_root_inodes_free: 'gauge',
  containers_running: 'gauge',
  // what a runtime leaves behind: /proc/1/mountinfo, /sys/class/net, the Docker API
  container_mounts: 'gauge',
  network_namespaces: 'gauge',
  veth_interfaces: 'gauge',
  veth_orphans: 'gauge',
  mount_orphans: 'gauge',
  containers_dead: 'gauge',
  dangling_volumes: 'gauge',
  // processes of the runtime
  docker_daemon_cpu_seconds_total: 'counter',
  docker_daemon_memory_bytes: 'gauge',
  docker_daemon_threads: 'gauge',
  docker_daemon_file_descriptors: 'gauge',
  containerd_cpu_seconds_total: 'counter',
  containerd_memory_bytes: 'gauge',
  containerd_threads: 'gauge',
  containerd_file_descriptors: 'gauge',
  // how long the daemon took to answer, level by level; null when it did not within its deadline
  docker_ping_seconds: 'gauge',
  docker_inspect_seconds: 'gauge',
  docker_info_seconds: 'gauge',
} as const satisfies Record<string, ValueKind>;

export type HostStatsValue = keyof typeof hostStatsValues;
export type HostStatsValues = Record<HostStatsValue, number | null>;
