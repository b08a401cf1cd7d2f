import type { HostSummary, Waterline } from '@plimsoll/model/api';
import type { HostSample } from '../fleet/host-samples.ts';
import type { Heartbeat } from '../fleet/pipeline.ts';
import type { FleetSnapshot } from '../fleet/snapshot.ts';
import { runningContainers } from '../fleet/summary.ts';

/** Every host heard of within the last day, by name. */
export function listHosts(snapshot: FleetSnapshot): HostSummary[] {
  const samples = new Map(snapshot.hosts.map((sample) => [sample.host, sample]));
  const heartbeats = new Map(snapshot.heartbeats.map((heartbeat) => [heartbeat.host, heartbeat]));
  const running = new Map<string, number>();
  for (const { sample } of runningContainers(snapshot)) {
    running.set(sample.host, (running.get(sample.host) ?? 0) + 1);
  }
  return [...new Set([...samples.keys(), ...heartbeats.keys()])].sort().map((host) =>
    toHost(host, {
      sample: samples.get(host),
      heartbeat: heartbeats.get(host),
      running: running.get(host) ?? 0,
    }),
  );
}

function toHost(
  host: string,
  known: { sample: HostSample | undefined; heartbeat: Heartbeat | undefined; running: number },
): HostSummary {
  const { sample, heartbeat } = known;
  const values = sample?.values;
  return {
    host,
    last_seen: Math.max(sample?.time ?? 0, heartbeat?.time ?? 0),
    silent: heartbeat?.silent ?? true,
    kernel: heartbeat?.kernel ?? '',
    cgroup_mode: heartbeat?.cgroup_mode ?? '',
    docker_version: heartbeat?.docker_version ?? '',
    docker_status: heartbeat?.docker_status ?? '',
    containers_running: known.running,
    cpu: waterline(sample?.cpu_used_cores ?? null, values?.cpu_cores),
    memory: waterline(
      less(values?.memory_total_bytes, values?.memory_available_bytes),
      values?.memory_total_bytes,
    ),
    threads: waterline(values?.threads ?? null, values?.threads_limit),
    file_descriptors: waterline(values?.file_descriptors ?? null, values?.file_descriptors_limit),
    conntrack: waterline(values?.conntrack_entries ?? null, values?.conntrack_entries_limit),
    disk: waterline(
      less(values?.docker_root_size_bytes, values?.docker_root_available_bytes),
      values?.docker_root_size_bytes,
    ),
    inodes: waterline(
      less(values?.docker_root_inodes, values?.docker_root_inodes_free),
      values?.docker_root_inodes,
    ),
    load1: values?.load1 ?? null,
    log_lag_bytes: heartbeat?.log_lag_bytes ?? 0,
  };
}

function waterline(used: number | null, limit: number | null | undefined): Waterline {
  const line = limit ?? 0;
  return { used, limit: line, ratio: used === null || line <= 0 ? null : used / line };
}

function less(total: number | null | undefined, free: number | null | undefined): number | null {
  return typeof total === 'number' && typeof free === 'number' ? total - free : null;
}
