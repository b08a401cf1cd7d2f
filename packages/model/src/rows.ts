import type { ContainerStatsValues } from './container-stats.ts';
import type { HostStatsValues } from './host-stats.ts';
import type { TargetLabels } from './labels.ts';

/**
 * Rows a collector publishes other than log bytes. A rows frame carries them as
 * JSONCompactEachRow (one JSON array per line, columns in the order the frame's header names), so
 * that ingest hands the bytes on without parsing a single row.
 *
 * Times are ClickHouse DateTime64 text in UTC: `2026-01-31 23:59:59.123` (3 or 9 digits).
 */
export const rowTables = [
  'container_stats',
  'host_stats',
  'filesystem_stats',
  'gpu_stats',
  'collector_stats',
  'events',
  'targets',
  'samples',
  'series',
] as const;
export type RowTable = (typeof rowTables)[number];

export interface ContainerStatsRow extends TargetLabels, ContainerStatsValues {
  time: string;
  /** When this life of the container's init process began: a leak is a trend within one life. */
  started_at: string;
}

export interface HostStatsRow extends HostStatsValues {
  time: string;
  tenant: string;
  host: string;
}

/** One row per mounted filesystem with a backing device, per scrape. */
export interface FilesystemStatsRow {
  time: string;
  tenant: string;
  host: string;
  mountpoint: string;
  device: string;
  fstype: string;
  size_bytes: number;
  available_bytes: number;
  inodes: number;
  inodes_free: number;
}

/** One row per GPU and reading. A value that the driver does not give is null. */
export interface GpuStatsRow {
  time: string;
  tenant: string;
  host: string;
  /** Number of the GPU on its host. */
  gpu: number;
  uuid: string;
  name: string;
  driver: string;
  utilization_percent: number | null;
  memory_utilization_percent: number | null;
  memory_total_bytes: number | null;
  memory_used_bytes: number | null;
  /** Of processes that belong to no container known here. */
  memory_unattributed_bytes: number | null;
  processes: number | null;
  temperature_celsius: number | null;
  power_watts: number | null;
}

/** The collector's own account, once per scrape: it is the heartbeat and the loss ledger. */
export interface CollectorStatsRow {
  time: string;
  tenant: string;
  host: string;
  collector_id: string;
  version: string;
  kernel: string;
  /** `v1`, `v2` or `hybrid`. */
  cgroup_mode: string;
  docker_version: string;
  /** `connected`, `absent` (no socket) or `unreachable`. */
  docker_status: string;
  containers_watched: number;
  log_files_watched: number;
  log_bytes_read_total: number;
  log_lines_read_total: number;
  log_bytes_acknowledged_total: number;
  log_lines_acknowledged_total: number;
  /** Bytes written by containers and not yet acknowledged. */
  log_lag_bytes: number;
  log_lag_seconds: number;
  scrape_seconds: number;
  cpu_seconds_total: number;
  memory_rss_bytes: number;
  /** Reason → records lost since the collector started, e.g. `rotated_away_bytes`. */
  dropped_total: Record<string, number>;
}

export const eventKinds = [
  'container_create',
  'container_start',
  'container_die',
  'container_stop',
  'container_kill',
  'container_oom',
  'container_destroy',
  'container_restart',
  'oom_kill',
  'health_status',
  'kernel',
  'docker_connected',
  'docker_disconnected',
  'collector_started',
  'collector_stopped',
  'log_gap',
  'log_truncated',
  'log_withheld',
  'log_stalled',
  'log_resumed',
  'image_pull',
  'network_connect',
  'network_disconnect',
  'daemon_stuck',
  'daemon_recovered',
  'orphan_found',
  'orphan_removed',
  'security_mismatch',
  'gpu_error',
  'collector_reloaded',
  'collector_stretched',
] as const;
export type EventKind = (typeof eventKinds)[number];
export type EventSeverity = 'info' | 'warning' | 'error';

export interface EventRow extends TargetLabels {
  time: string;
  /** The same occurrence always has the same id, so a replayed event is one row. */
  event_id: string;
  kind: EventKind;
  severity: EventSeverity;
  /** A sentence for people. */
  message: string;
  /** `exit_code`, `signal`, `health`, `process`, `pid`, `restart_count`, `source`, … */
  attributes: Record<string, string>;
}

/** What is known of a container; a new row replaces the one before. */
export interface TargetRow extends TargetLabels {
  /** When this state was seen. */
  time: string;
  image_id: string;
  runtime: string;
  /** `created`, `running`, `paused`, `restarting`, `exited`, `dead`, `removed`. */
  state: string;
  /** `healthy`, `unhealthy`, `starting` or empty without a health check. */
  health: string;
  health_failing_streak: number;
  pid: number;
  exit_code: number;
  oom_killed: number;
  restart_count: number;
  created_at: string;
  started_at: string;
  finished_at: string;
  labels: Record<string, string>;
  memory_limit_bytes: number;
  cpu_limit_cores: number;
  pids_limit: number;
  log_driver: string;
  log_path: string;
  restart_policy: string;
  privileged: number;
  /** `sha256:…` of the registry's manifest; empty for an image that was never pulled or pushed. */
  image_digest: string;
  swarm_service: string;
  swarm_task: string;
  kubernetes_pod_uid: string;
  /** `Deployment`, `StatefulSet`, `DaemonSet`, `Job`, …; empty when not known. */
  kubernetes_owner_kind: string;
  kubernetes_owner_name: string;
  memory_request_bytes: number;
  cpu_request_cores: number;
  /** Compose services that it waits for. */
  depends_on: string[];
  /** As declared (`seccomp`, `capabilities_added`, …) and, after `actual_`, as the kernel has it. */
  security: Record<string, string>;
  log_options: Record<string, string>;
  network_mode: string;
  has_init: number;
  stop_timeout_seconds: number;
  health_start_period_seconds: number;
}

/**
 * One value of one series, as remote write and OTLP bring it. Same series and time: the row that was
 * inserted last stands.
 */
export interface SampleRow {
  tenant: string;
  /** Value of the label `__name__`. */
  metric_name: string;
  /** UInt64 in decimal, written as a number: JavaScript would not read it back. */
  series_id: string;
  /** Whole milliseconds since 1970. */
  time: number;
  /** Null: Prometheus's stale marker, the one NaN that says something; others are `"nan"`. */
  value: number | null | 'nan' | 'inf' | '-inf';
}

/** What a series is. Rows of one series merge: see the table. */
export interface SeriesRow {
  tenant: string;
  metric_name: string;
  series_id: string;
  /** All labels but `__name__`. */
  labels: Record<string, string>;
  /** Of its metric; null: not known, which leaves what was said before. */
  type: string | null;
  unit: string | null;
  help: string | null;
  /** Bounds of the times of its samples, in milliseconds since 1970. */
  first_seen: number;
  last_seen: number;
}
