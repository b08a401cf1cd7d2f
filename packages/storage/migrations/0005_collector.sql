-- What the collector sees beside cgroups: sockets by state, what a runtime leaves behind, the health of
-- its daemon, GPUs; and more of what is known of a container.

ALTER TABLE container_stats
    ADD COLUMN IF NOT EXISTS memory_throttle_hits_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tcp_connection_failures_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tcp_sockets_established Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tcp_sockets_syn_sent Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tcp_sockets_fin_wait Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tcp_sockets_close_wait Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tcp_sockets_listening Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS writable_layer_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS gpu_memory_bytes Nullable(Int64) CODEC(T64, ZSTD(1));

ALTER TABLE host_stats
    ADD COLUMN IF NOT EXISTS conntrack_early_drops_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS irq_pressure_stalled_seconds_total Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS memory_allocation_stalls_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS memory_compaction_stalls_total Nullable(Int64) CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS arp_entries_limit Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inotify_instances Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inotify_instances_limit Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inotify_watches Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inotify_watches_limit Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cgroups Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS container_mounts Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS network_namespaces Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS veth_interfaces Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS veth_orphans Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS mount_orphans Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS containers_dead Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dangling_volumes Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS docker_daemon_cpu_seconds_total Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS docker_daemon_memory_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS docker_daemon_threads Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS docker_daemon_file_descriptors Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS containerd_cpu_seconds_total Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS containerd_memory_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS containerd_threads Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS containerd_file_descriptors Nullable(Int64) CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS docker_ping_seconds Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS docker_inspect_seconds Nullable(Float64) CODEC(Gorilla, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS docker_info_seconds Nullable(Float64) CODEC(Gorilla, ZSTD(1));

ALTER TABLE targets
    ADD COLUMN IF NOT EXISTS image_digest String,
    ADD COLUMN IF NOT EXISTS swarm_service LowCardinality(String),
    ADD COLUMN IF NOT EXISTS swarm_task String,
    ADD COLUMN IF NOT EXISTS kubernetes_pod_uid String,
    ADD COLUMN IF NOT EXISTS kubernetes_owner_kind LowCardinality(String),
    ADD COLUMN IF NOT EXISTS kubernetes_owner_name LowCardinality(String),
    ADD COLUMN IF NOT EXISTS memory_request_bytes Int64,
    ADD COLUMN IF NOT EXISTS cpu_request_cores Float64,
    ADD COLUMN IF NOT EXISTS depends_on Array(String),
    ADD COLUMN IF NOT EXISTS security Map(LowCardinality(String), String),
    ADD COLUMN IF NOT EXISTS log_options Map(LowCardinality(String), String),
    ADD COLUMN IF NOT EXISTS network_mode LowCardinality(String),
    ADD COLUMN IF NOT EXISTS has_init UInt8,
    ADD COLUMN IF NOT EXISTS stop_timeout_seconds Int64,
    ADD COLUMN IF NOT EXISTS health_start_period_seconds Int64;

CREATE TABLE IF NOT EXISTS gpu_stats
(
    time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    tenant LowCardinality(String),
    host LowCardinality(String),
    gpu Int64 COMMENT 'Number of the GPU on its host',
    uuid LowCardinality(String),
    name LowCardinality(String),
    driver LowCardinality(String),
    utilization_percent Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_utilization_percent Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_total_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_used_bytes Nullable(Int64) CODEC(T64, ZSTD(1)),
    memory_unattributed_bytes Nullable(Int64) COMMENT 'Of processes that belong to no container known' CODEC(T64, ZSTD(1)),
    processes Nullable(Int64) CODEC(T64, ZSTD(1)),
    temperature_celsius Nullable(Int64) CODEC(T64, ZSTD(1)),
    power_watts Nullable(Float64) CODEC(Gorilla, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toMonday(time)
ORDER BY (tenant, host, uuid, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'One row per GPU and reading';
