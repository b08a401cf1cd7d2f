import { containerStatsValues } from '@plimsoll/model';
import type { ContainerDetail } from '@plimsoll/model/api';
import { judgeLoad } from '../fleet/load-state.ts';
import type { FleetContainer, FleetSnapshot } from '../fleet/snapshot.ts';
import { QueryError } from '../http/api-error.ts';
import type { QueryContext } from '../query-context.ts';
import { toSummary } from './list-containers.ts';
import type { StoredNumber } from '../stored-number.ts';

interface TargetRow {
  host: string;
  container_name: string;
  image: string;
  compose_project: string;
  compose_service: string;
  kubernetes_namespace: string;
  kubernetes_pod: string;
  kubernetes_container: string;
  image_id: string;
  image_digest: string;
  runtime: string;
  state: string;
  health: string;
  pid: StoredNumber;
  exit_code: StoredNumber;
  oom_killed: StoredNumber;
  restart_count: StoredNumber;
  labels: Record<string, string>;
  log_driver: string;
  log_path: string;
  restart_policy: string;
  privileged: StoredNumber;
  kubernetes_owner_kind: string;
  kubernetes_owner_name: string;
  depends_on: string[];
  network_mode: string;
  security: Record<string, string>;
  memory_limit_bytes: StoredNumber;
  cpu_limit_cores: StoredNumber;
  pids_limit: StoredNumber;
  time_ms: StoredNumber;
  started_ms: StoredNumber;
  created_ms: StoredNumber;
}

const valueNames = Object.keys(containerStatsValues);

/** Everything known of one container, also after it is gone. */
export async function containerDetail(
  context: QueryContext,
  request: { id: string; snapshot: FleetSnapshot },
  signal: AbortSignal,
): Promise<ContainerDetail> {
  const options = {
    params: { tenant: context.config.tenant, id: request.id },
    maxExecutionMs: context.config.query.max_execution_time,
    signal,
  };
  const [[target], [newest]] = await Promise.all([
    context.engine.select<TargetRow>(
      `SELECT host, container_name, image, compose_project, compose_service, kubernetes_namespace,
        kubernetes_pod, kubernetes_container, image_id, image_digest, runtime, state, health, pid, exit_code,
        oom_killed, restart_count, labels, log_driver, log_path, restart_policy, privileged,
        kubernetes_owner_kind, kubernetes_owner_name, depends_on, network_mode, security,
        memory_limit_bytes, cpu_limit_cores, pids_limit,
        toUnixTimestamp64Milli(time) AS time_ms,
        toUnixTimestamp64Milli(started_at) AS started_ms,
        toUnixTimestamp64Milli(created_at) AS created_ms
      FROM targets FINAL
      WHERE tenant = {tenant:String} AND container_id = {id:String}
      ORDER BY time DESC LIMIT 1`,
      options,
    ),
    context.engine.select<Record<string, string | number | null>>(
      `SELECT ${valueNames.join(', ')} FROM container_stats
      WHERE tenant = {tenant:String} AND container_id = {id:String}
      ORDER BY time DESC LIMIT 1`,
      options,
    ),
  ]);
  const inFleet = request.snapshot.byId.get(request.id);
  if (!target && !inFleet) {
    throw new QueryError('not_found', 'no container has this id; a full id has 64 digits');
  }
  // Not in every sample: the newest count stands.
  const moreRarely: Record<string, number | null> = {
    file_descriptors: inFleet?.sample?.file_descriptors ?? null,
  };
  return {
    ...toSummary(inFleet ?? goneContainer(request.id, target)),
    image_id: target?.image_id ?? '',
    image_digest: target?.image_digest ?? '',
    runtime: target?.runtime ?? '',
    pid: Number(target?.pid ?? 0),
    exit_code: Number(target?.exit_code ?? 0),
    oom_killed: Number(target?.oom_killed ?? 0) !== 0,
    created_at: Number(target?.created_ms ?? 0),
    labels: target?.labels ?? {},
    log_driver: target?.log_driver ?? '',
    log_path: target?.log_path ?? '',
    restart_policy: target?.restart_policy ?? '',
    privileged: Number(target?.privileged ?? 0) !== 0,
    owner: target ? ownerOf(target) : '',
    depends_on: target?.depends_on ?? [],
    network_mode: target?.network_mode ?? '',
    security: target?.security ?? {},
    values: Object.fromEntries(
      valueNames.map((name) => {
        const value = newest?.[name] ?? moreRarely[name] ?? null;
        return [name, value === null ? null : Number(value)];
      }),
    ),
  };
}

function ownerOf({ kubernetes_owner_kind: kind, kubernetes_owner_name: name }: TargetRow): string {
  return name === '' ? '' : `${kind}/${name}`;
}

/** A container that left the fleet's views and is still known. */
function goneContainer(id: string, target: TargetRow | undefined): FleetContainer {
  const verdict = judgeLoad({
    memory: null,
    memoryLimit: 0,
    cpu: null,
    cpuLimit: 0,
    throttled: null,
    pids: null,
    pidsLimit: 0,
    fileDescriptors: null,
    fileDescriptorsLimit: 0,
    health: '',
    oomKills: 0,
    alerts: [],
  });
  if (!target) return { id, sample: null, target: null, verdict };
  return {
    id,
    sample: null,
    verdict,
    target: {
      ...target,
      container_id: id,
      restart_count: Number(target.restart_count),
      time_ms: Number(target.time_ms),
      started_ms: Number(target.started_ms),
      memory_limit_bytes: Number(target.memory_limit_bytes),
      cpu_limit_cores: Number(target.cpu_limit_cores),
      pids_limit: Number(target.pids_limit),
    },
  };
}
