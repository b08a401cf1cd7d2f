import type { SeriesPoint, Waterline } from './shapes.ts';

/** `GET /api/plimsoll/v1/hosts`: every host heard of within the last day, by name. */
export interface HostList {
  items: HostSummary[];
}

export interface HostSummary {
  host: string;
  last_seen: number;
  silent: boolean;
  kernel: string;
  cgroup_mode: string;
  docker_version: string;
  docker_status: string;
  containers_running: number;
  cpu: Waterline;
  memory: Waterline;
  threads: Waterline;
  file_descriptors: Waterline;
  conntrack: Waterline;
  disk: Waterline;
  inodes: Waterline;
  load1: number | null;
  log_lag_bytes: number;
}

/** `GET /api/plimsoll/v1/hosts/{host}/series?from&to&points`: same shape as a container's. */
export interface HostSeries {
  host: string;
  step_seconds: number;
  series: Record<string, SeriesPoint[]>;
}
