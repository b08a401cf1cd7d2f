import type { AlertEvidence, FleetTank, HostSummary, SeriesPoint } from '@plimsoll/model/api';

interface Span {
  from: number;
  to: number;
  points: number;
}

type Wave = (ms: number) => number;

/** Smooth and repeatable: the same time always has the same value. */
const wobble: Wave = (ms) =>
  Math.sin(ms / 610_000) * 0.5 + Math.sin(ms / 171_000) * 0.3 + Math.sin(ms / 43_000) * 0.2;

export function containerSeries(tank: FleetTank, span: Span): Record<string, SeriesPoint[]> {
  const limit = tank.mem_limit;
  const share = memoryShare(tank, span.to);
  const base = limit === 0 ? tank.mem / 0.5 : limit;
  const anon: Wave = (ms) => base * share(ms) * 0.86;
  const throttled: Wave = (ms) =>
    Math.max(0, tank.throttled + wobble(ms) * 0.08 * (tank.throttled > 0.1 ? 1 : 0.1));
  const cpu: Wave = (ms) => Math.max(0.01, tank.cpu * (1 + wobble(ms + 9000) * 0.18));
  const waves: Record<string, Wave> = {
    memory_anon_bytes: anon,
    memory_shmem_bytes: () => base * 0.018,
    memory_kernel_bytes: (ms) => base * (0.03 + wobble(ms) * 0.003),
    memory_file_bytes: (ms) => base * (0.11 + wobble(ms / 3) * 0.02),
    memory_unreclaimable_bytes: (ms) => anon(ms) + base * 0.05,
    memory_usage_bytes: (ms) => anon(ms) + base * 0.16,
    memory_working_set_bytes: (ms) => anon(ms) + base * 0.08,
    memory_limit_bytes: () => limit,
    cpu_cores: cpu,
    cpu_user_cores: (ms) => cpu(ms) * 0.8,
    cpu_system_cores: (ms) => cpu(ms) * 0.2,
    cpu_limit_cores: () => tank.cpu_limit,
    throttled_ratio: throttled,
    pids_current: (ms) => Math.round(tank.pids + wobble(ms) * 3),
    threads: (ms) => Math.round(tank.pids + 4 + wobble(ms) * 4),
    processes: () => 3,
    pids_limit: () => tank.pids_limit,
    file_descriptors: (ms) => Math.round(tank.pids * 9 + wobble(ms) * 30),
    file_descriptors_limit: () => 4096,
    sockets_in_use: (ms) => Math.round(tank.pids * 3 + wobble(ms) * 10),
    network_receive_bytes_per_second: (ms) => cpu(ms) * 480_000 * (1 + wobble(ms * 1.7) * 0.3),
    network_transmit_bytes_per_second: (ms) => cpu(ms) * 1_240_000 * (1 + wobble(ms * 1.3) * 0.3),
    tcp_retransmitted_segments_per_second: (ms) => Math.max(0, wobble(ms * 2) * 2),
    io_read_bytes_per_second: (ms) => Math.max(0, wobble(ms * 3)) * 900_000,
    io_write_bytes_per_second: (ms) => (1.1 + wobble(ms * 2)) * 240_000,
    cpu_pressure_waiting_ratio: (ms) => throttled(ms) * 0.5,
    memory_pressure_waiting_ratio: (ms) => Math.max(0, (share(ms) - 0.7) * 0.4),
    memory_pressure_stalled_ratio: (ms) => Math.max(0, (share(ms) - 0.85) * 0.3),
    io_pressure_waiting_ratio: (ms) => Math.max(0, wobble(ms * 2) * 0.03),
  };
  return sample(waves, span);
}

/** Share of the limit over time: a leak climbs, an OOM loop is a saw, the rest only breathes. */
function memoryShare(tank: FleetTank, now: number): Wave {
  const at = tank.mem_limit === 0 ? 0.5 : tank.mem / tank.mem_limit;
  if (tank.state === 'leaking')
    return (ms) => Math.max(0.1, at - ((now - ms) / 3_600_000) * 0.045 + wobble(ms) * 0.012);
  if (tank.state === 'over') return (ms) => 0.3 + (((ms / 1000) % 540) / 540) * 0.68;
  return (ms) => at * (1 + wobble(ms) * 0.06);
}

function sample(waves: Record<string, Wave>, span: Span): Record<string, SeriesPoint[]> {
  const count = Math.max(2, Math.min(span.points, 2000));
  const step = (span.to - span.from) / count;
  const series: Record<string, SeriesPoint[]> = {};
  for (const [name, wave] of Object.entries(waves)) {
    series[name] = Array.from({ length: count }, (_, index): SeriesPoint => {
      const ms = Math.round(span.from + index * step);
      // A collector restart: three points are missing, in every series alike.
      const missing = index >= Math.floor(count * 0.31) && index < Math.floor(count * 0.31) + 3;
      return [ms, missing ? null : wave(ms)];
    });
  }
  return series;
}

export function hostSeries(host: HostSummary, span: Span): Record<string, SeriesPoint[]> {
  const of =
    (used: number | null, sway: number): Wave =>
    (ms) =>
      (used ?? 0) * (1 + wobble(ms) * sway);
  return sample(
    {
      memory_total_bytes: () => host.memory.limit,
      memory_available_bytes: (ms) => host.memory.limit - of(host.memory.used, 0.05)(ms),
      memory_cached_bytes: of(host.memory.limit * 0.2, 0.1),
      cpu_cores: () => host.cpu.limit,
      cpu_user_cores: of((host.cpu.used ?? 0) * 0.7, 0.2),
      cpu_system_cores: of((host.cpu.used ?? 0) * 0.25, 0.2),
      cpu_iowait_cores: of(0.3, 0.8),
      cpu_steal_cores: () => 0.02,
      load1: of(host.load1, 0.2),
      threads: of(host.threads.used, 0.02),
      threads_limit: () => host.threads.limit,
      file_descriptors: of(host.file_descriptors.used, 0.02),
      file_descriptors_limit: () => host.file_descriptors.limit,
      conntrack_entries: of(host.conntrack.used, 0.1),
      conntrack_entries_limit: () => host.conntrack.limit,
      docker_root_size_bytes: () => host.disk.limit,
      docker_root_available_bytes: (ms) => host.disk.limit - of(host.disk.used, 0.002)(ms),
      disk_read_bytes_per_second: of(2_400_000, 0.7),
      disk_write_bytes_per_second: of(9_100_000, 0.5),
      network_receive_bytes_per_second: of(31_000_000, 0.3),
      network_transmit_bytes_per_second: of(64_000_000, 0.3),
      cpu_pressure_waiting_ratio: of(0.06, 0.6),
      memory_pressure_waiting_ratio: of(0.004, 0.6),
      io_pressure_waiting_ratio: of(0.02, 0.6),
    },
    span,
  );
}

export function leakEvidence(tank: FleetTank, now: number): AlertEvidence {
  const series =
    containerSeries(tank, { from: now - 12 * 3_600_000, to: now, points: 120 })[
      'memory_unreclaimable_bytes'
    ] ?? [];
  return {
    series,
    unit: 'bytes',
    limit: tank.mem_limit,
    slope_per_second: (tank.mem_limit * 0.045) / 3600,
    time_left_seconds: 20_400,
    time_left_low_seconds: 17_400,
    time_left_high_seconds: 23_400,
    since: now - 9 * 3_600_000,
    confidence: 0.98,
  };
}

export function plainEvidence(tank: FleetTank, name: string, now: number): AlertEvidence {
  const series = containerSeries(tank, { from: now - 3_600_000, to: now, points: 90 })[name] ?? [];
  const isMemory = name.startsWith('memory');
  return {
    series,
    unit: isMemory ? 'bytes' : 'ratio',
    limit: isMemory ? tank.mem_limit : 0.25,
    slope_per_second: null,
    time_left_seconds: null,
    time_left_low_seconds: null,
    time_left_high_seconds: null,
    since: now - 2 * 3_600_000,
    confidence: null,
  };
}
