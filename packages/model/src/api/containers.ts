import type { LoadState, SeriesPoint } from './shapes.ts';

export type ContainerSort =
  'worst' | 'memory' | 'cpu' | 'throttled' | 'pids' | 'file_descriptors' | 'restarts' | 'name';

/** `GET /api/plimsoll/v1/containers?q&host&image&service&state&sort&order&limit&cursor` */
export interface ContainerList {
  items: ContainerSummary[];
  total: number;
  next: string | null;
}

/** Values are those of the newest sample; rates are over the last minute. Null: not measured. */
export interface ContainerSummary {
  id: string;
  name: string;
  host: string;
  image: string;
  service: string;
  compose_project: string;
  kubernetes_namespace: string;
  kubernetes_pod: string;
  /** Docker's state, `removed` when it is gone. */
  runtime_state: string;
  health: string;
  state: LoadState;
  why: string;
  worst: number;
  last_seen: number;
  started_at: number;
  restart_count: number;
  memory_unreclaimable_bytes: number | null;
  memory_usage_bytes: number | null;
  memory_working_set_bytes: number | null;
  memory_limit_bytes: number;
  cpu_cores: number | null;
  cpu_limit_cores: number;
  throttled_ratio: number | null;
  pids_current: number | null;
  pids_limit: number;
  file_descriptors: number | null;
  file_descriptors_limit: number;
  network_receive_bytes_per_second: number | null;
  network_transmit_bytes_per_second: number | null;
  io_read_bytes_per_second: number | null;
  io_write_bytes_per_second: number | null;
  log_bytes: number | null;
}

/** `GET /api/plimsoll/v1/containers/{id}` */
export interface ContainerDetail extends ContainerSummary {
  image_id: string;
  /** `sha256:…` of the registry's manifest; empty when not known. */
  image_digest: string;
  runtime: string;
  pid: number;
  exit_code: number;
  oom_killed: boolean;
  created_at: number;
  labels: Record<string, string>;
  log_driver: string;
  log_path: string;
  restart_policy: string;
  privileged: boolean;
  /** `StatefulSet/db`; empty outside of Kubernetes. */
  owner: string;
  /** Services of the same Compose project that it waits for. */
  depends_on: string[];
  network_mode: string;
  /** Isolation as declared, and in `actual_…` as the kernel gives it. */
  security: Record<string, string>;
  /** Every value of the newest sample by its column name. */
  values: Record<string, number | null>;
}

/**
 * `GET /api/plimsoll/v1/containers/{id}/series?from&to&points`
 *
 * Gauges by column name; counters as rates per second under the column name without `_total` and
 * with `_per_second` (CPU: `cpu_cores`, `cpu_user_cores`, `cpu_system_cores`; `throttled_ratio`;
 * pressure: share of time 0…1 under `…_pressure_…_ratio`). Limits by column name, so that a
 * change of limit is a step in its line. Gauges are averages over a step; the greatest value of a
 * `memory_…` gauge is under `…_max`. What was never measured in the range is left out. `names`
 * (repeated) asks for these series alone.
 */
export interface ContainerSeries {
  id: string;
  step_seconds: number;
  series: Record<string, SeriesPoint[]>;
}
