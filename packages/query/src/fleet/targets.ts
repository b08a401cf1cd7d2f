import type { QueryContext } from '../query-context.ts';
import type { StoredNumber } from '../stored-number.ts';

/** Containers that are gone are listed for this long. */
const goneMs = 86_400_000;

/** What is known of a container beside its samples; times in milliseconds since 1970. */
export interface Target {
  container_id: string;
  host: string;
  container_name: string;
  image: string;
  compose_project: string;
  compose_service: string;
  kubernetes_namespace: string;
  kubernetes_pod: string;
  kubernetes_container: string;
  state: string;
  health: string;
  restart_count: number;
  time_ms: number;
  started_ms: number;
  memory_limit_bytes: number;
  cpu_limit_cores: number;
  pids_limit: number;
}

type Row = { [K in keyof Target]: Target[K] extends number ? StoredNumber : string };

const targetsSql = `SELECT container_id, host, container_name, image, compose_project,
    compose_service, kubernetes_namespace, kubernetes_pod, kubernetes_container,
    state, health, restart_count, toUnixTimestamp64Milli(time) AS time_ms,
    toUnixTimestamp64Milli(started_at) AS started_ms,
    memory_limit_bytes, cpu_limit_cores, pids_limit
  FROM targets FINAL
  WHERE tenant = {tenant:String} AND container_id != ''
    AND (state NOT IN ('removed', 'exited', 'dead')
      OR time >= fromUnixTimestamp64Milli({gone_from:Int64}))
  ORDER BY time DESC
  LIMIT {limit:UInt32}`;

export async function loadTargets(context: QueryContext, limit: number): Promise<Target[]> {
  const rows = await context.engine.select<Row>(targetsSql, {
    params: {
      tenant: context.config.tenant,
      gone_from: Math.max(0, context.now() - goneMs),
      limit,
    },
    maxRows: limit,
    maxExecutionMs: context.config.query.max_execution_time,
  });
  return rows.map((row) => ({
    ...row,
    restart_count: Number(row.restart_count),
    time_ms: Number(row.time_ms),
    started_ms: Number(row.started_ms),
    memory_limit_bytes: Number(row.memory_limit_bytes),
    cpu_limit_cores: Number(row.cpu_limit_cores),
    pids_limit: Number(row.pids_limit),
  }));
}
