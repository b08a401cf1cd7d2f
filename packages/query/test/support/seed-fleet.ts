import {
  collectorStats,
  containerLabels,
  containerStats,
  hostStats,
  now,
  stamp,
  type Fixture,
} from './fixture.ts';

const second = 1000;
export const MiB = 1024 * 1024;
interface Seeded {
  name: string;
  memory: number;
  memoryLimit?: number;
  /** Cores used. */
  cpu?: number;
  throttled?: number;
  pids?: number;
  health?: string;
}

/** Each seeded so that one thing is to be said of it. */
export const seeded: Seeded[] = [
  { name: 'calm-1', memory: 10, cpu: 0.5 },
  { name: 'full-1', memory: 98 },
  { name: 'close-1', memory: 90 },
  { name: 'below-1', memory: 89 },
  { name: 'slow-1', memory: 10, throttled: 30, cpu: 1 },
  { name: 'steady-1', memory: 10, throttled: 25, cpu: 1 },
  { name: 'forks-1', memory: 10, pids: 95 },
  { name: 'sick-1', memory: 10, health: 'unhealthy' },
  { name: 'killed-1', memory: 10 },
  { name: 'leaky-1', memory: 50 },
  { name: 'leaky-2', memory: 40 },
  { name: 'free-1', memory: 500, memoryLimit: 0 },
];

function samplesOf(item: Seeded): object[] {
  const labels = containerLabels(item.name);
  return Array.from({ length: 31 }, (_, index) => {
    const age = (30 - index) * 10;
    return containerStats(now - age * second, labels, {
      memory_unreclaimable_bytes: item.memory * MiB,
      memory_usage_bytes: (item.memory + 5) * MiB,
      memory_limit_bytes: (item.memoryLimit ?? 100) * MiB,
      cpu_usage_seconds_total: index * 10 * (item.cpu ?? 0),
      cpu_limit_cores: 2,
      cpu_periods_total: index * 100,
      cpu_throttled_periods_total: index * (item.throttled ?? 0),
      pids_current: item.pids ?? 5,
      pids_limit: 100,
      // Counted in every third sample, and not in the newest.
      file_descriptors: index % 3 === 1 ? 20 : null,
      file_descriptors_limit: 1024,
      network_receive_bytes_total: index * 1000,
    });
  });
}

function target(name: string, values: object = {}): object {
  return {
    time: stamp(now - 60 * second),
    ...containerLabels(name),
    image_id: 'sha256:abc',
    image_digest: 'sha256:def',
    runtime: 'docker',
    state: 'running',
    health: '',
    health_failing_streak: 0,
    pid: 4242,
    exit_code: 0,
    oom_killed: 0,
    restart_count: 3,
    created_at: stamp(now - 8_000_000),
    started_at: stamp(now - 7_200_000),
    finished_at: stamp(0),
    labels: { team: 'shop' },
    memory_limit_bytes: 100 * MiB,
    cpu_limit_cores: 2,
    pids_limit: 100,
    log_driver: 'json-file',
    log_path: '/var/lib/docker/x.log',
    restart_policy: 'always',
    privileged: 0,
    kubernetes_owner_kind: 'StatefulSet',
    kubernetes_owner_name: name,
    depends_on: ['db'],
    network_mode: 'bridge',
    security: { seccomp: 'default', actual_seccomp: 'filter' },
    ...values,
  };
}

function alert(rule: string, name: string, values: object = {}): object {
  return {
    tenant: 'default',
    rule,
    fingerprint: `${rule}-${name}`,
    state: 'firing',
    severity: 'warning',
    summary: `${rule} of ${name}`,
    description: 'told',
    labels: name === '' ? { host: 'node-1' } : labelsOf(name),
    value: 1,
    threshold: 0.9,
    unit: 'ratio',
    evidence: '{}',
    active_at: stamp(now - 600 * second),
    firing_at: stamp(now - 540 * second),
    resolved_at: stamp(0),
    updated_at: stamp(now - 5 * second),
    ...values,
  };
}

function labelsOf(name: string): Record<string, string> {
  const { tenant: _tenant, ...labels } = containerLabels(name);
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

function event(...[id, kind, ageSeconds, values = {}]: [string, string, number, object?]): object {
  return {
    time: stamp(now - ageSeconds * second),
    event_id: id,
    ...containerLabels('killed-1'),
    kind,
    severity: 'error',
    message: `${kind} happened`,
    attributes: { exit_code: '137' },
    ...values,
  };
}

/** Twelve running containers on three hosts, one that ended, one long gone, and another tenant's. */
export async function seedFleet(fixture: Fixture): Promise<void> {
  await fixture.insert('container_stats', seeded.flatMap(samplesOf));
  // Sampled an hour ago, and then again only three minutes ago: not running now.
  await fixture.insert('container_stats', [
    containerStats(now - 3_610_000, containerLabels('calm-1'), {}),
    containerStats(now - 3_610_000, containerLabels('ended-1'), {}),
    containerStats(now - 180_000, containerLabels('ended-1'), { memory_unreclaimable_bytes: 1 }),
    containerStats(now, containerLabels('foreign-1', { tenant: 'other' }), {}),
  ]);
  await fixture.insert('targets', [
    ...seeded.map(({ name, health }) => target(name, { health: health ?? '' })),
    target('ended-1', { state: 'exited', exit_code: 137, oom_killed: 1 }),
    target('long-gone-1', { state: 'removed', time: stamp(now - 2 * 86_400_000) }),
  ]);
  await fixture.insert('host_stats', [
    hostStats(now - 60 * second, 'node-1', {
      cpu_user_seconds_total: 100,
      cpu_system_seconds_total: 50,
      cpu_cores: 8,
    }),
    hostStats(now, 'node-1', {
      cpu_user_seconds_total: 190,
      cpu_system_seconds_total: 80,
      cpu_cores: 8,
      memory_total_bytes: 1000,
      memory_available_bytes: 250,
      load1: 1.5,
      threads: 100,
      threads_limit: 1000,
      docker_root_size_bytes: 500,
      docker_root_available_bytes: 50,
    }),
    hostStats(now - 600 * second, 'node-2', { memory_total_bytes: 500, cpu_cores: 4 }),
  ]);
  await fixture.insert('collector_stats', [
    collectorStats(now - 70 * second, 'node-1', {
      log_lines_acknowledged_total: 1000,
      dropped_total: { rotated_away_bytes: 5 },
    }),
    collectorStats(now - 40 * second, 'node-1', {
      log_lines_acknowledged_total: 4000,
      dropped_total: { rotated_away_bytes: 9 },
    }),
    // Started again: it counts from nothing.
    collectorStats(now - 10 * second, 'node-1', {
      log_lines_acknowledged_total: 300,
      log_lag_bytes: 2048,
      log_lag_seconds: 1.5,
      dropped_total: { rotated_away_bytes: 2, too_long: 1 },
    }),
    collectorStats(now - 600 * second, 'node-2', { log_lag_bytes: 99, docker_status: 'absent' }),
    collectorStats(now - 5 * second, 'node-3', { docker_status: 'unreachable' }),
  ]);
  await fixture.insert('events', [
    event('kill-1', 'oom_kill', 300),
    event('kill-1', 'oom_kill', 300),
    event('die-1', 'container_die', 299, { severity: 'warning' }),
    event('kill-old', 'oom_kill', 700, containerLabels('calm-1')),
    event('node', 'docker_connected', 200, {
      ...containerLabels(''),
      container_id: '',
      host: 'node-2',
      severity: 'info',
    }),
  ]);
  const leak = (left: number) => ({
    evidence: JSON.stringify({
      series: [
        [now - 10_000, 1],
        [now, 2],
      ],
      unit: 'bytes',
      limit: 100,
      slope_per_second: 0.1,
      time_left_seconds: left,
      time_left_low_seconds: left / 2,
      time_left_high_seconds: left * 2,
      since: now - 3_600_000,
      confidence: 0.9,
    }),
  });
  await fixture.insert('alerts', [
    alert('memory_leak', 'leaky-1', leak(7300)),
    alert('memory_leak', 'leaky-2', leak(90_000)),
    alert('memory_near_limit', 'close-1', { state: 'pending' }),
    alert('oom_kill', 'killed-1', { severity: 'critical' }),
    alert('unhealthy', 'sick-1', { state: 'resolved', resolved_at: stamp(now - 1000) }),
    alert('disk_nearly_full', '', {
      severity: 'critical',
      labels: { host: 'node-1', mountpoint: '/var' },
      ...leak(3600),
    }),
    alert('cpu_throttled', 'foreign-1', { tenant: 'other' }),
  ]);
}
