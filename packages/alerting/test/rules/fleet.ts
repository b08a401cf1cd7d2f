/** One fleet with a positive and a negative case of each rule, side by side. */
import { at, container, samples, tenant } from '../rows.ts';

const MiB = 1024 * 1024;
export const limit = 512 * MiB;

/** Every case of the container rules in one table, as a fleet has them side by side. */
export function containerStats() {
  return [
    ...samples({
      name: 'full',
      from: 600,
      values: (ago) => ({
        memory_unreclaimable_bytes: Math.round((ago > 300 ? 0.5 : 0.95) * limit),
        memory_usage_bytes: limit,
        memory_limit_bytes: limit,
        pids_current: 95,
        pids_limit: 100,
      }),
    }),
    ...samples({
      name: 'page-cache',
      from: 600,
      values: () => ({
        memory_unreclaimable_bytes: 20 * MiB,
        memory_usage_bytes: limit,
        memory_working_set_bytes: limit,
        memory_limit_bytes: limit,
        pids_current: 5,
        pids_limit: 100,
      }),
    }),
    ...samples({
      name: 'unlimited',
      from: 600,
      values: () => ({
        memory_unreclaimable_bytes: 100 * limit,
        memory_limit_bytes: 0,
        pids_current: 100_000,
        pids_limit: 0,
      }),
    }),
    ...samples({
      name: 'was-full',
      from: 600,
      values: (ago) => ({
        memory_unreclaimable_bytes: Math.round((ago > 30 ? 0.99 : 0.4) * limit),
        memory_limit_bytes: limit,
      }),
    }),
    ...samples({
      name: 'gone',
      from: 600,
      to: 200,
      values: () => ({ memory_unreclaimable_bytes: limit, memory_limit_bytes: limit }),
    }),
    ...samples({
      name: 'unmeasured',
      from: 600,
      values: () => ({ memory_unreclaimable_bytes: null, memory_limit_bytes: limit }),
    }),
    ...throttling('throttled', 0.6),
    // As seldom as statistics may be taken: no minute has two samples.
    ...throttling('throttled-seldom-looked-at', 0.6, { step: 60 }),
    ...throttling('free', 0.1),
    // Runs in ten periods an hour, all of them throttled: too few to say anything.
    ...samples({
      name: 'idle',
      from: 600,
      values: (ago) => ({
        cpu_periods_total: Math.floor((1000 - ago) / 60),
        cpu_throttled_periods_total: Math.floor((1000 - ago) / 60),
        cpu_throttled_seconds_total: 1,
        cpu_limit_cores: 0.5,
      }),
    }),
    // Restarted a minute ago: its counters began anew, and must not be read as one life.
    ...throttling('restarted', 0, { from: 300, to: 70, started: 4000, offset: 1_000_000 }),
    ...throttling('restarted', 0, { from: 60, started: 61 }),
    ...samples({
      name: 'killed-by-counter',
      from: 900,
      values: (ago) => ({ memory_oom_kills_total: ago < 200 ? 7 : 5 }),
    }),
    ...samples({
      name: 'killed-long-ago',
      from: 1200,
      values: () => ({ memory_oom_kills_total: 5 }),
    }),
    ...samples({
      name: 'new-life',
      from: 100,
      started: 110,
      values: () => ({ memory_oom_kills_total: 1 }),
    }),
    ...[500, 400, 300, 200].flatMap((started, i) =>
      samples({
        name: 'looping-by-counter',
        from: started - 5,
        to: started - 60,
        started,
        values: () => ({ restarts_total: 10 + i }),
      }),
    ),
    // 400 KiB a second, through a rotation; and the same long ago.
    ...samples({
      name: 'floods',
      from: 900,
      values: (ago) => ({ log_bytes: ((900 - ago) * 400 * 1024) % (150 * MiB) }),
    }),
    ...samples({
      name: 'flooded',
      from: 900,
      values: (ago) => ({ log_bytes: Math.min(900 - ago, 500) * 400 * 1024 }),
    }),
    ...samples({ name: 'sick', from: 60, values: () => ({ pids_current: 1 }) }),
    ...samples({ name: 'recovered', from: 60, values: () => ({ pids_current: 1 }) }),
  ];
}

interface Throttling {
  /** Seconds before now. */
  from: number;
  to: number;
  started: number;
  step: number;
  /** Of its counters. */
  offset: number;
}

const long: Throttling = { from: 900, to: 5, started: 100_000, step: 10, offset: 0 };

function throttling(name: string, share: number, changes: Partial<Throttling> = {}) {
  const { offset, ...times } = { ...long, ...changes };
  return samples({
    name,
    ...times,
    values: (ago) => {
      const periods = offset + (times.from - ago) * 10;
      return {
        cpu_periods_total: periods,
        cpu_throttled_periods_total: Math.floor(periods * share),
        cpu_throttled_seconds_total: periods * share * 0.05,
        cpu_limit_cores: 0.5,
      };
    },
  });
}

function event(name: string, kind: string, when: number | [number, Record<string, string>]) {
  const [ago, attributes] = typeof when === 'number' ? [when, {}] : when;
  const event_id = `${name}-${kind}-${ago}`;
  const labels = container(name);
  return { ...labels, time: at(ago), event_id, kind, severity: 'error', message: kind, attributes };
}

export function events() {
  return [
    // One kill, told by Docker and by the kernel, and Docker's event delivered twice.
    event('killed-and-gone', 'container_oom', 100),
    event('killed-and-gone', 'container_oom', 100),
    event('killed-and-gone', 'oom_kill', [101, { process: 'java' }]),
    event('killed-yesterday', 'container_oom', 86_400),
    ...[400, 300, 200, 100].map((ago) =>
      event('looping', 'container_die', [ago, { exit_code: '139' }]),
    ),
    ...[300, 100].map((ago) => event('died-twice', 'container_die', [ago, { exit_code: '0' }])),
    ...[4000, 3000, 2000, 100].map((ago) => event('dies-slowly', 'container_die', ago)),
  ];
}

function target(name: string, health: string, ago: number) {
  const seen = {
    time: at(ago),
    created_at: at(9000),
    started_at: at(9000),
    finished_at: at(90_000),
  };
  return {
    ...container(name),
    ...seen,
    state: 'running',
    health,
    health_failing_streak: health === 'unhealthy' ? 4 : 0,
    image_id: '',
    runtime: '',
    pid: 1,
    exit_code: 0,
    oom_killed: 0,
    restart_count: 0,
    labels: {},
    memory_limit_bytes: 0,
    cpu_limit_cores: 0,
    pids_limit: 0,
    log_driver: '',
    log_path: '',
    restart_policy: '',
    privileged: 0,
  };
}

export function targets() {
  return [
    target('sick', 'healthy', 7200),
    target('sick', 'unhealthy', 3600),
    target('recovered', 'unhealthy', 3600),
    target('recovered', 'healthy', 1800),
    target('not-sampled', 'unhealthy', 60),
  ];
}

const GiB = 1024 * MiB;

export function hostStats() {
  return [120, 60, 5].flatMap((ago) => [
    {
      time: at(ago),
      tenant,
      host: 'h1',
      docker_root_size_bytes: 200 * GiB,
      docker_root_available_bytes: 4 * GiB,
      docker_root_inodes: 1000,
      docker_root_inodes_free: 900,
    },
    {
      // The same disk as /data below.
      time: at(ago),
      tenant,
      host: 'h2',
      docker_root_size_bytes: 100 * GiB,
      docker_root_available_bytes: 5 * GiB,
      docker_root_inodes: 0,
      docker_root_inodes_free: 0,
    },
  ]);
}

function filesystem(mountpoint: string, row: Record<string, unknown>, ago: number) {
  const rest = { device: `/dev${mountpoint}`, fstype: 'ext4', inodes: 1000, inodes_free: 999 };
  return { time: at(ago), tenant, host: 'h2', mountpoint, ...rest, ...row };
}

export function filesystemStats() {
  const rows = [];
  for (let ago = 6 * 3600 - 60; ago >= 0; ago -= 60) {
    // Fills by 1 GiB an hour and has 5 GiB left.
    const available_bytes = Math.round(5 * GiB + (ago / 3600) * GiB);
    rows.push(filesystem('/data', { size_bytes: 100 * GiB, available_bytes }, ago));
    rows.push(
      filesystem(
        '/data/bind',
        { size_bytes: 100 * GiB, available_bytes, device: '/dev/data' },
        ago,
      ),
    );
  }
  return [
    ...rows,
    filesystem('/snap', { size_bytes: GiB, available_bytes: 0, fstype: 'squashfs' }, 5),
    filesystem('/roomy', { size_bytes: GiB, available_bytes: GiB / 2 }, 5),
    filesystem('/mail', { size_bytes: GiB, available_bytes: GiB / 2, inodes_free: 10 }, 5),
  ];
}

function heartbeat(host: string, ago: number, dropped_total: Record<string, number> = {}) {
  const zero = Object.fromEntries(
    [
      'containers_watched',
      'log_files_watched',
      'log_bytes_read_total',
      'log_lines_read_total',
      'log_bytes_acknowledged_total',
      'log_lines_acknowledged_total',
      'log_lag_bytes',
      'log_lag_seconds',
      'scrape_seconds',
      'cpu_seconds_total',
      'memory_rss_bytes',
    ].map((name) => [name, 0]),
  );
  const text = {
    version: '1',
    kernel: '6',
    cgroup_mode: 'v2',
    docker_version: '',
    docker_status: '',
  };
  return { time: at(ago), tenant, host, collector_id: host, ...text, ...zero, dropped_total };
}

export function collectorStats() {
  return [
    ...[30, 20, 10].map((ago) => heartbeat('h1', ago)),
    heartbeat('quiet', 90),
    heartbeat('left', 2 * 86_400),
    // Lost 4, was started anew, lost 2 more.
    heartbeat('loses', 50, { rotated_away_bytes: 100 }),
    heartbeat('loses', 40, { rotated_away_bytes: 104 }),
    heartbeat('loses', 30, {}),
    heartbeat('loses', 20, { rotated_away_bytes: 2 }),
    heartbeat('lost-before', 30, { rotated_away_bytes: 9 }),
    heartbeat('lost-before', 20, { rotated_away_bytes: 9 }),
  ];
}
