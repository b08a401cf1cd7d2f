import type { FleetSummary, FleetTank, FleetTanks } from '@plimsoll/model/api';
import { serviceName } from '../logs/service-name.ts';
import { groupCauses } from './causes.ts';
import { stateRank } from './load-state.ts';
import type { NewestSample } from './newest-samples.ts';
import { pipelineHealth } from './pipeline.ts';
import { maxContainers, type FleetContainer, type FleetSnapshot } from './snapshot.ts';

type Running = FleetContainer & { sample: NewestSample };

/** Containers with a sample of the last two minutes. */
export function runningContainers(snapshot: FleetSnapshot): Running[] {
  return snapshot.containers.filter((container): container is Running => container.sample !== null);
}

export function summarizeFleet(
  snapshot: FleetSnapshot,
  process: { now: number; deadLetters: number },
): FleetSummary {
  const running = runningContainers(snapshot);
  const replicas = new Map<string, number>();
  for (const { sample } of running) {
    const service = serviceName(sample);
    replicas.set(service, (replicas.get(service) ?? 0) + 1);
  }
  const causes = groupCauses(snapshot.alerts, {
    replicasOf: (service) => replicas.get(service) ?? 0,
  });
  const leaking = causes.filter((cause) => cause.state === 'leaking');
  const soonest = causes
    .filter((cause) => cause.time_left_seconds !== null)
    .toSorted((a, b) => (a.time_left_seconds ?? 0) - (b.time_left_seconds ?? 0))[0];
  const hostNames = new Set([
    ...snapshot.hosts.map((host) => host.host),
    ...snapshot.heartbeats.map((heartbeat) => heartbeat.host),
  ]);
  const reporting = new Set(
    snapshot.heartbeats.filter((heartbeat) => !heartbeat.silent).map(({ host }) => host),
  );
  const newestSample = running.reduce((newest, { sample }) => Math.max(newest, sample.time), 0);
  return {
    hosts: hostNames.size,
    hosts_silent: [...hostNames].filter((host) => !reporting.has(host)).length,
    containers_running: running.length,
    containers_change_1h:
      snapshot.runningAnHourAgo === null ? 0 : running.length - snapshot.runningAnHourAgo,
    memory_used_bytes: sum(running.map(({ sample }) => sample.memory)),
    memory_total_bytes: sum(snapshot.hosts.map((host) => host.values.memory_total_bytes)),
    cpu_used_cores: sum(running.map(({ sample }) => sample.cpu)),
    cpu_total_cores: sum(snapshot.hosts.map((host) => host.values.cpu_cores)),
    containers_over: count(snapshot, 'over'),
    containers_near: count(snapshot, 'near'),
    leaking_causes: leaking.length,
    leaking_containers: new Set(leaking.flatMap((cause) => cause.container_ids)).size,
    first_to_run_out: soonest
      ? {
          title: soonest.title,
          seconds: soonest.time_left_seconds ?? 0,
          low_seconds: soonest.evidence.time_left_low_seconds,
          high_seconds: soonest.evidence.time_left_high_seconds,
        }
      : null,
    causes,
    pipeline: pipelineHealth({
      now: process.now,
      heartbeats: snapshot.heartbeats,
      newestSample: newestSample === 0 ? null : newestSample,
      lost: snapshot.lost,
      linesStored: snapshot.linesStored,
      deadLetters: process.deadLetters,
    }),
  };
}

/** The grid: worst first. */
export function fleetTanks(snapshot: FleetSnapshot): FleetTanks {
  const running = runningContainers(snapshot);
  const tanks = running.sort(worstFirst).slice(0, maxContainers).map(toTank);
  return {
    at: snapshot.at,
    total: running.length,
    truncated: running.length > maxContainers,
    tanks,
  };
}

function worstFirst(a: FleetContainer, b: FleetContainer): number {
  return (
    stateRank[b.verdict.state] - stateRank[a.verdict.state] ||
    b.verdict.worst - a.verdict.worst ||
    (a.id < b.id ? -1 : 1)
  );
}

function toTank({ id, sample, verdict }: Running): FleetTank {
  return {
    id,
    host: sample.host,
    name: sample.container_name,
    image: sample.image,
    service: serviceName(sample),
    state: verdict.state,
    mem: sample.memory ?? 0,
    mem_limit: sample.memory_limit,
    cpu: sample.cpu ?? 0,
    cpu_limit: sample.cpu_limit,
    throttled: sample.throttled ?? 0,
    pids: sample.pids ?? 0,
    pids_limit: sample.pids_limit,
    worst: verdict.worst,
    why: verdict.why,
  };
}

function count(snapshot: FleetSnapshot, state: 'over' | 'near'): number {
  return snapshot.containers.filter((container) => container.verdict.state === state).length;
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
