import type { AlertEvidence } from './alerts.ts';
import type { LoadState } from './shapes.ts';

/** `GET /api/plimsoll/v1/fleet` */
export interface FleetSummary {
  hosts: number;
  hosts_silent: number;
  containers_running: number;
  /** Change of running containers within the last hour. */
  containers_change_1h: number;
  /** Sum of memory that cannot be reclaimed of all containers, and the hosts' memory, in bytes. */
  memory_used_bytes: number;
  memory_total_bytes: number;
  cpu_used_cores: number;
  cpu_total_cores: number;
  containers_over: number;
  containers_near: number;
  leaking_causes: number;
  leaking_containers: number;
  /** Shortest time left of any leak or filling disk; null without one. */
  first_to_run_out: {
    title: string;
    seconds: number;
    low_seconds: number | null;
    high_seconds: number | null;
  } | null;
  causes: FleetCause[];
  pipeline: PipelineHealth;
}

/** What the page says first when it is not true that nothing was lost or doubled. */
export interface PipelineHealth {
  /** Age of the newest sample, null when there is none at all. */
  data_age_seconds: number | null;
  lines_per_second: number;
  lines_stored: number;
  records_lost: number;
  /** Reason → count over the whole fleet; empty when nothing was lost. */
  lost_by_reason: Record<string, number>;
  collectors_reporting: number;
  collectors_known: number;
  log_lag_bytes: number;
  log_lag_seconds: number;
  /** Hosts whose container runtime is absent or unreachable. */
  runtimes_missing: { host: string; status: string }[];
  /** Frames set aside because they could not be stored. */
  dead_letters: number;
}

/** One card per cause, not per container; soonest first. */
export interface FleetCause {
  id: string;
  rule: string;
  state: LoadState;
  /** `checkout leaks memory` */
  title: string;
  /** `12 of 12 replicas, since 14:10` */
  detail: string;
  since: number;
  /** Null when it is happening now or does not run out. */
  time_left_seconds: number | null;
  affected: number;
  replicas: number;
  container_ids: string[];
  host: string;
  evidence: AlertEvidence;
}

/** One container as the grid draws it. Short field names: thousands travel at once. */
export interface FleetTank {
  id: string;
  host: string;
  name: string;
  image: string;
  /** Compose service, Kubernetes container, or the name without its replica number. */
  service: string;
  state: LoadState;
  /** Memory that cannot be reclaimed, against its limit (0 = none). */
  mem: number;
  mem_limit: number;
  /** CPU cores used, against its limit (0 = none). */
  cpu: number;
  cpu_limit: number;
  /** Share of CFS periods that were throttled over five minutes, 0…1. */
  throttled: number;
  pids: number;
  pids_limit: number;
  /** The greatest of the saturations, 0…1 and beyond; what "worst first" sorts by. */
  worst: number;
  /** Why the state is not `within`, in a few words; empty otherwise. */
  why: string;
}

/** `GET /api/plimsoll/v1/fleet/tanks` */
export interface FleetTanks {
  at: number;
  total: number;
  /** True when there were more than the stated limit of 20,000. */
  truncated: boolean;
  tanks: FleetTank[];
}
