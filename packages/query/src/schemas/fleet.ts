import type {
  FindResults,
  FleetSummary,
  FleetTanks,
  HostList,
  HostSeries,
} from '@plimsoll/model/api';
import { z } from 'zod';
import { alertEvidence } from '../alerts/alert-evidence.ts';
import { loadState, nullableNumber, seriesByName, waterline } from './shapes.ts';

const pipeline = z.object({
  data_age_seconds: nullableNumber,
  lines_per_second: z.number(),
  lines_stored: z.number(),
  records_lost: z.number(),
  lost_by_reason: z.record(z.string(), z.number()),
  collectors_reporting: z.number(),
  collectors_known: z.number(),
  log_lag_bytes: z.number(),
  log_lag_seconds: z.number(),
  runtimes_missing: z.array(z.object({ host: z.string(), status: z.string() })),
  dead_letters: z.number(),
});

const cause = z.object({
  id: z.string(),
  rule: z.string(),
  state: loadState,
  title: z.string(),
  detail: z.string(),
  since: z.number(),
  time_left_seconds: nullableNumber,
  affected: z.number(),
  replicas: z.number(),
  container_ids: z.array(z.string()),
  host: z.string(),
  evidence: alertEvidence,
});

export const fleetSummary = z.object({
  hosts: z.number(),
  hosts_silent: z.number(),
  containers_running: z.number(),
  containers_change_1h: z.number(),
  memory_used_bytes: z.number(),
  memory_total_bytes: z.number(),
  cpu_used_cores: z.number(),
  cpu_total_cores: z.number(),
  containers_over: z.number(),
  containers_near: z.number(),
  leaking_causes: z.number(),
  leaking_containers: z.number(),
  first_to_run_out: z
    .object({
      title: z.string(),
      seconds: z.number(),
      low_seconds: nullableNumber,
      high_seconds: nullableNumber,
    })
    .nullable(),
  causes: z.array(cause),
  pipeline,
}) satisfies z.ZodType<FleetSummary>;

const tank = z.object({
  id: z.string(),
  host: z.string(),
  name: z.string(),
  image: z.string(),
  service: z.string(),
  state: loadState,
  mem: z.number(),
  mem_limit: z.number(),
  cpu: z.number(),
  cpu_limit: z.number(),
  throttled: z.number(),
  pids: z.number(),
  pids_limit: z.number(),
  worst: z.number(),
  why: z.string(),
});

export const fleetTanks = z.object({
  at: z.number(),
  total: z.number(),
  truncated: z.boolean(),
  tanks: z.array(tank),
}) satisfies z.ZodType<FleetTanks>;

const host = z.object({
  host: z.string(),
  last_seen: z.number(),
  silent: z.boolean(),
  kernel: z.string(),
  cgroup_mode: z.string(),
  docker_version: z.string(),
  docker_status: z.string(),
  containers_running: z.number(),
  cpu: waterline,
  memory: waterline,
  threads: waterline,
  file_descriptors: waterline,
  conntrack: waterline,
  disk: waterline,
  inodes: waterline,
  load1: nullableNumber,
  log_lag_bytes: z.number(),
});

export const hostList = z.object({ items: z.array(host) }) satisfies z.ZodType<HostList>;

export const hostSeries = z.object({
  host: z.string(),
  step_seconds: z.number(),
  series: seriesByName,
}) satisfies z.ZodType<HostSeries>;

export const findResults = z.object({
  items: z.array(
    z.object({
      kind: z.enum(['container', 'service', 'image', 'host']),
      id: z.string(),
      name: z.string(),
      detail: z.string(),
      state: loadState.nullable(),
    }),
  ),
}) satisfies z.ZodType<FindResults>;
