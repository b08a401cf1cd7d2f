import type { ContainerDetail, ContainerList, ContainerSeries } from '@plimsoll/model/api';
import { z } from 'zod';
import { loadState, nullableNumber, seriesByName } from './shapes.ts';

const summary = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  image: z.string(),
  service: z.string(),
  compose_project: z.string(),
  kubernetes_namespace: z.string(),
  kubernetes_pod: z.string(),
  runtime_state: z.string(),
  health: z.string(),
  state: loadState,
  why: z.string(),
  worst: z.number(),
  last_seen: z.number(),
  started_at: z.number(),
  restart_count: z.number(),
  memory_unreclaimable_bytes: nullableNumber,
  memory_usage_bytes: nullableNumber,
  memory_working_set_bytes: nullableNumber,
  memory_limit_bytes: z.number(),
  cpu_cores: nullableNumber,
  cpu_limit_cores: z.number(),
  throttled_ratio: nullableNumber,
  pids_current: nullableNumber,
  pids_limit: z.number(),
  file_descriptors: nullableNumber,
  file_descriptors_limit: z.number(),
  network_receive_bytes_per_second: nullableNumber,
  network_transmit_bytes_per_second: nullableNumber,
  io_read_bytes_per_second: nullableNumber,
  io_write_bytes_per_second: nullableNumber,
  log_bytes: nullableNumber,
});

export const containerList = z.object({
  items: z.array(summary),
  total: z.number(),
  next: z.string().nullable(),
}) satisfies z.ZodType<ContainerList>;

export const containerDetail = summary.extend({
  image_id: z.string(),
  image_digest: z.string(),
  runtime: z.string(),
  pid: z.number(),
  exit_code: z.number(),
  oom_killed: z.boolean(),
  created_at: z.number(),
  labels: z.record(z.string(), z.string()),
  log_driver: z.string(),
  log_path: z.string(),
  restart_policy: z.string(),
  privileged: z.boolean(),
  owner: z.string(),
  depends_on: z.array(z.string()),
  network_mode: z.string(),
  security: z.record(z.string(), z.string()),
  values: z.record(z.string(), nullableNumber),
}) satisfies z.ZodType<ContainerDetail>;

export const containerSeries = z.object({
  id: z.string(),
  step_seconds: z.number(),
  series: seriesByName,
}) satisfies z.ZodType<ContainerSeries>;
