/**
 * Everything the fleet's views are made of, read once and shared: the grid, the summary, the lists
 * of containers and hosts ask for the same newest samples within the same second.
 */
import type { AlertEntry } from '@plimsoll/model/api';
import { loadAlerts } from '../alerts/load-alerts.ts';
import type { QueryContext } from '../query-context.ts';
import { loadHostSamples, type HostSample } from './host-samples.ts';
import { judgeLoad, type Verdict } from './load-state.ts';
import { isLeakRule } from './causes.ts';
import { SharedValue } from './shared-value.ts';
import { loadNewestSamples, type NewestSample } from './newest-samples.ts';
import { loadHeartbeats, loadLinesStored, loadLost, type Heartbeat } from './pipeline.ts';
import { loadTargets, type Target } from './targets.ts';

/** Containers the fleet's views show at most. */
export const maxContainers = 20_000;
/** Alerts that count towards the states; a fleet with more has one cause. */
const maxAlerts = 50_000;
const oomWindowMs = 600_000;
/** Samples come every ten seconds: within this time nothing new is to be seen. */
const freshForMs = 2000;
const slowFreshForMs = 10_000;

export interface FleetContainer {
  id: string;
  sample: NewestSample | null;
  target: Target | null;
  verdict: Verdict;
}

export interface FleetSnapshot {
  at: number;
  containers: readonly FleetContainer[];
  byId: ReadonlyMap<string, FleetContainer>;
  hosts: readonly HostSample[];
  heartbeats: readonly Heartbeat[];
  alerts: readonly AlertEntry[];
  lost: Record<string, number>;
  linesStored: number;
  runningAnHourAgo: number | null;
}

/** One snapshot at a time, and beneath it what changes slowly and costs more to read. */
export class FleetSnapshots {
  readonly #snapshot: SharedValue<FleetSnapshot>;

  constructor(context: QueryContext) {
    const slow = new SharedValue(() => loadSlow(context), slowFreshForMs);
    this.#snapshot = new SharedValue(
      async () => loadSnapshot(context, await slow.get()),
      freshForMs,
    );
  }

  get(): Promise<FleetSnapshot> {
    return this.#snapshot.get();
  }
}

type SlowPart = Pick<FleetSnapshot, 'lost' | 'linesStored' | 'runningAnHourAgo'>;

async function loadSlow(context: QueryContext): Promise<SlowPart> {
  const [lost, linesStored, runningAnHourAgo] = await Promise.all([
    loadLost(context),
    loadLinesStored(context),
    loadRunningAnHourAgo(context, context.now()),
  ]);
  return { lost, linesStored, runningAnHourAgo };
}

async function loadSnapshot(context: QueryContext, slow: SlowPart): Promise<FleetSnapshot> {
  const at = context.now();
  const [samples, targets, alerts, kills, hosts, heartbeats] = await Promise.all([
    loadNewestSamples(context, maxContainers + 1),
    loadTargets(context, maxContainers),
    loadAlerts(context, { states: ['firing', 'pending'], limit: maxAlerts }),
    loadOomKills(context, at),
    loadHostSamples(context),
    loadHeartbeats(context),
  ]);
  const alertsOf = Map.groupBy(
    alerts.filter((alert) => alert.state === 'firing'),
    (alert) => alert.labels['container_id'] ?? '',
  );
  const sampleOf = new Map(samples.map((sample) => [sample.container_id, sample]));
  const targetOf = new Map(targets.map((target) => [target.container_id, target]));
  const containers = [...new Set([...sampleOf.keys(), ...targetOf.keys()])].map((id) => {
    const sample = sampleOf.get(id) ?? null;
    const target = targetOf.get(id) ?? null;
    const verdict = judge({
      sample,
      target,
      alerts: alertsOf.get(id) ?? [],
      oomKills: kills.get(id) ?? 0,
    });
    return { id, sample, target, verdict };
  });
  return {
    at,
    containers,
    byId: new Map(containers.map((container) => [container.id, container])),
    hosts,
    heartbeats,
    alerts,
    ...slow,
  };
}

function judge(known: {
  sample: NewestSample | null;
  target: Target | null;
  alerts: readonly AlertEntry[];
  oomKills: number;
}): Verdict {
  const { sample, target } = known;
  const isRunning = sample !== null;
  return judgeLoad({
    memory: sample?.memory ?? null,
    memoryLimit: sample?.memory_limit ?? 0,
    cpu: sample?.cpu ?? null,
    cpuLimit: sample?.cpu_limit ?? 0,
    throttled: sample?.throttled ?? null,
    pids: sample?.pids ?? null,
    pidsLimit: sample?.pids_limit ?? 0,
    fileDescriptors: sample?.file_descriptors ?? null,
    fileDescriptorsLimit: sample?.file_descriptors_limit ?? 0,
    health: isRunning ? (target?.health ?? '') : '',
    oomKills: known.oomKills,
    alerts: known.alerts.map((alert) => ({
      isLeak: isLeakRule(alert.rule),
      isCritical: alert.severity === 'critical',
      summary: alert.summary,
      timeLeftSeconds: alert.evidence.time_left_seconds,
    })),
  });
}

async function loadOomKills(context: QueryContext, now: number): Promise<Map<string, number>> {
  const rows = await context.engine.select<{ container_id: string; kills: string }>(
    `SELECT container_id, uniqExact(event_id) AS kills FROM events
      WHERE tenant = {tenant:String} AND kind IN ('oom_kill', 'container_oom')
        AND time >= fromUnixTimestamp64Milli({from:Int64}) AND container_id != ''
      GROUP BY container_id`,
    {
      params: { tenant: context.config.tenant, from: Math.max(0, now - oomWindowMs) },
      maxExecutionMs: context.config.query.max_execution_time,
    },
  );
  return new Map(rows.map((row) => [row.container_id, Number(row.kills)]));
}

/** Null when nothing was watched then: a fresh installation has no change to tell of. */
async function loadRunningAnHourAgo(context: QueryContext, now: number): Promise<number | null> {
  const [row] = await context.engine.select<{ running: string }>(
    `SELECT uniqExact(container_id) AS running FROM container_stats
      WHERE tenant = {tenant:String}
        AND time >= fromUnixTimestamp64Milli({from:Int64})
        AND time < fromUnixTimestamp64Milli({to:Int64})`,
    {
      params: {
        tenant: context.config.tenant,
        from: Math.max(0, now - 3_600_000 - 120_000),
        to: Math.max(1, now - 3_600_000),
      },
      maxExecutionMs: context.config.query.max_execution_time,
    },
  );
  const running = Number(row?.running ?? 0);
  return running === 0 ? null : running;
}
