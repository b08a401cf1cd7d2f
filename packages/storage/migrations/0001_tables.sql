-- Tables of Plimsoll. Every statement can be repeated: a crash between a statement and its record
-- repeats it.
--
-- `tenant` leads every sort key. Rows of a table that ingest fills are inserted with a deduplication
-- token; the window is the number of blocks whose tokens are remembered, far above what can be under
-- way when a process dies. Log tables: 0002_logs.sql.

CREATE TABLE IF NOT EXISTS container_stats
(
    time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    started_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    tenant LowCardinality(String),
    host LowCardinality(String),
    container_id LowCardinality(String),
    container_name LowCardinality(String),
    image LowCardinality(String),
    compose_project LowCardinality(String),
    compose_service LowCardinality(String),
    kubernetes_namespace LowCardinality(String),
    kubernetes_pod LowCardinality(String),
    kubernetes_container LowCardinality(String),
    memory_usage_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_working_set_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_anon_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_file_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_mapped_file_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_shmem_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_kernel_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_slab_reclaimable_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_slab_unreclaimable_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_sock_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_unreclaimable_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_swap_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_peak_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_limit_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_soft_limit_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_swap_limit_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_limit_hits_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    memory_oom_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    memory_oom_kills_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    memory_page_faults_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    memory_major_page_faults_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    memory_refaults_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    cpu_usage_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_user_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_system_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_periods_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    cpu_throttled_periods_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    cpu_throttled_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_limit_cores Nullable(Float64) CODEC(ZSTD(1)),
    cpu_shares Nullable(Int64) CODEC(T64, ZSTD(1)),
    pids_current Nullable(Int64) CODEC(T64, ZSTD(1)),
    pids_limit Nullable(Int64) CODEC(T64, ZSTD(1)),
    pids_limit_hits_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    processes Nullable(Int64) CODEC(T64, ZSTD(1)),
    threads Nullable(Int64) CODEC(T64, ZSTD(1)),
    zombies Nullable(Int64) CODEC(T64, ZSTD(1)),
    file_descriptors Nullable(Int64) CODEC(T64, ZSTD(1)),
    file_descriptors_limit Nullable(Int64) CODEC(T64, ZSTD(1)),
    io_read_bytes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    io_write_bytes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    io_reads_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    io_writes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    cpu_pressure_waiting_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_pressure_stalled_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    memory_pressure_waiting_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    memory_pressure_stalled_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    io_pressure_waiting_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    io_pressure_stalled_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    network_receive_bytes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_receive_packets_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_receive_errors_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_receive_dropped_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_transmit_bytes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_transmit_packets_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_transmit_errors_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_transmit_dropped_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    tcp_retransmitted_segments_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    tcp_connection_resets_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    tcp_listen_overflows_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    tcp_listen_drops_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    tcp_timeouts_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    sockets_in_use Nullable(Int64) CODEC(T64, ZSTD(1)),
    tcp_sockets_in_use Nullable(Int64) CODEC(T64, ZSTD(1)),
    tcp_sockets_orphaned Nullable(Int64) CODEC(T64, ZSTD(1)),
    tcp_sockets_time_wait Nullable(Int64) CODEC(T64, ZSTD(1)),
    tcp_sockets_allocated Nullable(Int64) CODEC(T64, ZSTD(1)),
    udp_sockets_in_use Nullable(Int64) CODEC(T64, ZSTD(1)),
    cgroup_dying_descendants Nullable(Int64) CODEC(T64, ZSTD(1)),
    log_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    restarts_total Nullable(Int64) CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, toStartOfHour(time), container_id, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1
COMMENT 'One wide row per container and scrape; null: the kernel did not say; a limit of 0: none';

CREATE TABLE IF NOT EXISTS host_stats
(
    time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    tenant LowCardinality(String),
    host LowCardinality(String),
    memory_total_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_free_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_available_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_buffers_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_cached_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_shmem_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_dirty_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_slab_reclaimable_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_slab_unreclaimable_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_kernel_stack_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_page_tables_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_percpu_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    swap_total_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    swap_free_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    cpu_cores Nullable(Float64) CODEC(ZSTD(1)),
    cpu_user_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_nice_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_system_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_idle_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_iowait_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_irq_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_softirq_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    cpu_steal_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    context_switches_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    forks_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    processes_running Nullable(Int64) CODEC(T64, ZSTD(1)),
    processes_blocked Nullable(Int64) CODEC(T64, ZSTD(1)),
    load1 Nullable(Float64) CODEC(ZSTD(1)),
    load5 Nullable(Float64) CODEC(ZSTD(1)),
    load15 Nullable(Float64) CODEC(ZSTD(1)),
    threads Nullable(Int64) CODEC(T64, ZSTD(1)),
    threads_limit Nullable(Int64) CODEC(T64, ZSTD(1)),
    boot_time_seconds Nullable(Float64) CODEC(ZSTD(1)),
    file_descriptors Nullable(Int64) CODEC(T64, ZSTD(1)),
    file_descriptors_limit Nullable(Int64) CODEC(T64, ZSTD(1)),
    conntrack_entries Nullable(Int64) CODEC(T64, ZSTD(1)),
    conntrack_entries_limit Nullable(Int64) CODEC(T64, ZSTD(1)),
    conntrack_drops_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    conntrack_insert_failures_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    cpu_pressure_waiting_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    memory_pressure_waiting_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    memory_pressure_stalled_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    io_pressure_waiting_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    io_pressure_stalled_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    oom_kills_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    major_page_faults_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    disk_read_bytes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    disk_write_bytes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    disk_reads_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    disk_writes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    disk_io_seconds_total Nullable(Float64) CODEC(ZSTD(1)),
    network_receive_bytes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_transmit_bytes_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_receive_errors_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_transmit_errors_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_receive_dropped_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    network_transmit_dropped_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    tcp_sockets_in_use Nullable(Int64) CODEC(T64, ZSTD(1)),
    tcp_sockets_orphaned Nullable(Int64) CODEC(T64, ZSTD(1)),
    tcp_sockets_time_wait Nullable(Int64) CODEC(T64, ZSTD(1)),
    tcp_sockets_allocated Nullable(Int64) CODEC(T64, ZSTD(1)),
    softnet_dropped_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    tcp_listen_overflows_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    tcp_listen_drops_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    tcp_retransmitted_segments_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    arp_entries Nullable(Int64) CODEC(T64, ZSTD(1)),
    cgroup_dying_descendants Nullable(Int64) CODEC(T64, ZSTD(1)),
    docker_root_size_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    docker_root_available_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    docker_root_inodes Nullable(Int64) CODEC(T64, ZSTD(1)),
    docker_root_inodes_free Nullable(Int64) CODEC(T64, ZSTD(1)),
    containers_running Nullable(Int64) CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toMonday(time)
ORDER BY (tenant, host, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1
COMMENT 'One wide row per host and scrape';

CREATE TABLE IF NOT EXISTS filesystem_stats
(
    time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    tenant LowCardinality(String),
    host LowCardinality(String),
    mountpoint LowCardinality(String),
    device LowCardinality(String),
    fstype LowCardinality(String),
    size_bytes Int64 CODEC(T64, ZSTD(1)),
    available_bytes Int64 CODEC(T64, ZSTD(1)),
    inodes Int64 CODEC(T64, ZSTD(1)),
    inodes_free Int64 CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toMonday(time)
ORDER BY (tenant, host, mountpoint, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1
COMMENT 'One row per mounted filesystem with a backing device and scrape';

CREATE TABLE IF NOT EXISTS collector_stats
(
    time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    tenant LowCardinality(String),
    host LowCardinality(String),
    collector_id LowCardinality(String),
    version LowCardinality(String),
    kernel LowCardinality(String),
    cgroup_mode LowCardinality(String),
    docker_version LowCardinality(String),
    docker_status LowCardinality(String),
    containers_watched Int64 CODEC(T64, ZSTD(1)),
    log_files_watched Int64 CODEC(T64, ZSTD(1)),
    log_bytes_read_total Int64 CODEC(Delta, ZSTD(1)),
    log_lines_read_total Int64 CODEC(Delta, ZSTD(1)),
    log_bytes_acknowledged_total Int64 CODEC(Delta, ZSTD(1)),
    log_lines_acknowledged_total Int64 CODEC(Delta, ZSTD(1)),
    log_lag_bytes Int64 CODEC(T64, ZSTD(1)),
    log_lag_seconds Float64 CODEC(ZSTD(1)),
    scrape_seconds Float64 CODEC(ZSTD(1)),
    cpu_seconds_total Float64 CODEC(ZSTD(1)),
    memory_rss_bytes Int64 CODEC(T64, ZSTD(1)),
    dropped_total Map(LowCardinality(String), Int64) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toMonday(time)
ORDER BY (tenant, host, collector_id, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1
COMMENT 'The collector''s own account, once per scrape: heartbeat and ledger of losses';

-- The same occurrence always has the same event_id: read with FINAL.
CREATE TABLE IF NOT EXISTS events
(
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    event_id String,
    tenant LowCardinality(String),
    host LowCardinality(String),
    container_id LowCardinality(String),
    container_name LowCardinality(String),
    image LowCardinality(String),
    compose_project LowCardinality(String),
    compose_service LowCardinality(String),
    kubernetes_namespace LowCardinality(String),
    kubernetes_pod LowCardinality(String),
    kubernetes_container LowCardinality(String),
    kind LowCardinality(String),
    severity LowCardinality(String),
    message String CODEC(ZSTD(1)),
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, time, event_id)
SETTINGS non_replicated_deduplication_window = 1000, materialize_ttl_recalculate_only = 1
COMMENT 'What happened to containers, hosts and collectors; read with FINAL';

-- The newest row of a container stands: read with FINAL.
CREATE TABLE IF NOT EXISTS targets
(
    time DateTime64(3, 'UTC'),
    tenant LowCardinality(String),
    host LowCardinality(String),
    container_id LowCardinality(String),
    container_name LowCardinality(String),
    image LowCardinality(String),
    compose_project LowCardinality(String),
    compose_service LowCardinality(String),
    kubernetes_namespace LowCardinality(String),
    kubernetes_pod LowCardinality(String),
    kubernetes_container LowCardinality(String),
    image_id String,
    runtime LowCardinality(String),
    state LowCardinality(String),
    health LowCardinality(String),
    health_failing_streak Int64,
    pid Int64,
    exit_code Int64,
    oom_killed UInt8,
    restart_count Int64,
    created_at DateTime64(3, 'UTC'),
    started_at DateTime64(3, 'UTC'),
    finished_at DateTime64(3, 'UTC'),
    labels Map(LowCardinality(String), String),
    memory_limit_bytes Int64,
    cpu_limit_cores Float64,
    pids_limit Int64,
    log_driver LowCardinality(String),
    log_path String,
    restart_policy LowCardinality(String),
    privileged UInt8
)
ENGINE = ReplacingMergeTree(time)
ORDER BY (tenant, host, container_id)
SETTINGS non_replicated_deduplication_window = 1000, materialize_ttl_recalculate_only = 1
COMMENT 'What is known of each container; read with FINAL';

CREATE TABLE IF NOT EXISTS alerts
(
    tenant LowCardinality(String),
    rule LowCardinality(String),
    fingerprint String,
    state LowCardinality(String),
    severity LowCardinality(String),
    summary String,
    description String,
    labels Map(LowCardinality(String), String),
    value Float64,
    threshold Float64,
    unit LowCardinality(String),
    -- JSON: series [[ms, value], …], limit, slope_per_second, time_left_seconds and its bounds, since.
    evidence String CODEC(ZSTD(3)),
    -- 1970: not yet.
    active_at DateTime64(3, 'UTC'),
    firing_at DateTime64(3, 'UTC'),
    resolved_at DateTime64(3, 'UTC'),
    updated_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (tenant, rule, fingerprint)
SETTINGS non_replicated_deduplication_window = 1000, materialize_ttl_recalculate_only = 1
COMMENT 'Current state of each alert (pending, firing, resolved); read with FINAL';

CREATE TABLE IF NOT EXISTS alert_transitions
(
    time DateTime64(3, 'UTC'),
    tenant LowCardinality(String),
    rule LowCardinality(String),
    fingerprint String,
    from_state LowCardinality(String),
    to_state LowCardinality(String),
    labels Map(LowCardinality(String), String),
    value Float64,
    summary String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, time, rule, fingerprint)
SETTINGS non_replicated_deduplication_window = 1000, materialize_ttl_recalculate_only = 1
COMMENT 'Every change of an alert''s state';

CREATE TABLE IF NOT EXISTS notifications
(
    time DateTime64(3, 'UTC'),
    tenant LowCardinality(String),
    receiver LowCardinality(String),
    rule LowCardinality(String),
    fingerprint String,
    status LowCardinality(String),
    attempt UInt32,
    error String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, time, receiver)
SETTINGS non_replicated_deduplication_window = 1000, materialize_ttl_recalculate_only = 1
COMMENT 'Every try to tell somebody of an alert';
