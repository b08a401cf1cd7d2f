/**
 * What the kernel itself says of a container, read by the plainest means: whole files, split into
 * lines. It shares no code with the collector, so that the two can be compared.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const noLimit = 9_223_372_036_854_771_712;

/** Values by the column names of container_stats. Only those that stand still or only grow. */
export function kernelTruth(pid: number): Record<string, number> {
  const v1 = existsSync('/sys/fs/cgroup/memory');
  return { ...(v1 ? truthV1(pid) : truthV2(pid)), ...networkTruth(pid) };
}

function truthV1(pid: number): Record<string, number> {
  const memory = controllerFolder(pid, 'memory');
  const cpu = controllerFolder(pid, 'cpu');
  const cpuacct = controllerFolder(pid, 'cpuacct');
  const pids = controllerFolder(pid, 'pids');
  const stat = keyed(join(memory, 'memory.stat'));
  const throttling = keyed(join(cpu, 'cpu.stat'));
  const limit = number(join(memory, 'memory.limit_in_bytes'));
  const quota = number(join(cpu, 'cpu.cfs_quota_us'));
  return {
    memory_usage_bytes: number(join(memory, 'memory.usage_in_bytes')),
    memory_anon_bytes: stat['total_rss'] ?? NaN,
    memory_file_bytes: stat['total_cache'] ?? NaN,
    memory_shmem_bytes: stat['total_shmem'] ?? NaN,
    memory_kernel_bytes: number(join(memory, 'memory.kmem.usage_in_bytes')),
    memory_limit_bytes: limit >= noLimit ? 0 : limit,
    memory_peak_bytes: number(join(memory, 'memory.max_usage_in_bytes')),
    memory_limit_hits_total:
      number(join(memory, 'memory.failcnt')) + orZero(join(memory, 'memory.memsw.failcnt')),
    memory_oom_kills_total: keyed(join(memory, 'memory.oom_control'))['oom_kill'] ?? NaN,
    memory_page_faults_total: stat['total_pgfault'] ?? NaN,
    cpu_usage_seconds_total: number(join(cpuacct, 'cpuacct.usage')) / 1e9,
    cpu_periods_total: throttling['nr_periods'] ?? NaN,
    cpu_throttled_periods_total: throttling['nr_throttled'] ?? NaN,
    cpu_throttled_seconds_total: (throttling['throttled_time'] ?? NaN) / 1e9,
    cpu_limit_cores: quota < 0 ? 0 : quota / number(join(cpu, 'cpu.cfs_period_us')),
    pids_current: number(join(pids, 'pids.current')),
    pids_limit: orNoLimit(join(pids, 'pids.max')),
  };
}

function truthV2(pid: number): Record<string, number> {
  const folder = controllerFolder(pid, '');
  const stat = keyed(join(folder, 'memory.stat'));
  const cpu = keyed(join(folder, 'cpu.stat'));
  const events = keyed(join(folder, 'memory.events'));
  const [quota = 'max', period = '100000'] = text(join(folder, 'cpu.max')).split(' ');
  return {
    memory_usage_bytes: number(join(folder, 'memory.current')),
    memory_anon_bytes: stat['anon'] ?? NaN,
    memory_file_bytes: stat['file'] ?? NaN,
    memory_shmem_bytes: stat['shmem'] ?? NaN,
    memory_kernel_bytes: stat['kernel'] ?? NaN,
    memory_limit_bytes: orNoLimit(join(folder, 'memory.max')),
    memory_limit_hits_total: events['max'] ?? NaN,
    memory_oom_kills_total: events['oom_kill'] ?? NaN,
    memory_page_faults_total: stat['pgfault'] ?? NaN,
    cpu_usage_seconds_total: (cpu['usage_usec'] ?? NaN) / 1e6,
    cpu_periods_total: cpu['nr_periods'] ?? NaN,
    cpu_throttled_periods_total: cpu['nr_throttled'] ?? NaN,
    cpu_throttled_seconds_total: (cpu['throttled_usec'] ?? NaN) / 1e6,
    cpu_limit_cores: quota === 'max' ? 0 : Number(quota) / Number(period),
    pids_current: number(join(folder, 'pids.current')),
    pids_limit: orNoLimit(join(folder, 'pids.max')),
  };
}

/** Sum over all interfaces but loopback, in the container's own network namespace. */
function networkTruth(pid: number): Record<string, number> {
  const totals = { receive: 0, receivePackets: 0, transmit: 0, transmitPackets: 0 };
  for (const line of text(`/proc/${pid}/net/dev`).split('\n').slice(2)) {
    const [name, values = ''] = line.split(':');
    if (name?.trim() === 'lo') continue;
    const fields = values.trim().split(/\s+/).map(Number);
    totals.receive += fields[0] ?? 0;
    totals.receivePackets += fields[1] ?? 0;
    totals.transmit += fields[8] ?? 0;
    totals.transmitPackets += fields[9] ?? 0;
  }
  return {
    network_receive_bytes_total: totals.receive,
    network_receive_packets_total: totals.receivePackets,
    network_transmit_bytes_total: totals.transmit,
    network_transmit_packets_total: totals.transmitPackets,
  };
}

/** Where one controller (v1) or the unified hierarchy ('') keeps this process's cgroup. */
function controllerFolder(pid: number, controller: string): string {
  for (const line of text(`/proc/${pid}/cgroup`).split('\n')) {
    const [, controllers = '', path = ''] = line.split(':');
    if (controller === '' && controllers === '') return join('/sys/fs/cgroup', path);
    if (controller !== '' && controllers.split(',').includes(controller)) {
      return join('/sys/fs/cgroup', controller, path);
    }
  }
  throw new Error(`process ${pid} is in no cgroup of ${controller || 'the unified hierarchy'}`);
}

function text(file: string): string {
  return readFileSync(file, 'utf8').trim();
}

function number(file: string): number {
  return Number(text(file));
}

function orZero(file: string): number {
  return existsSync(file) ? number(file) : 0;
}

function orNoLimit(file: string): number {
  const value = text(file);
  return value === 'max' ? 0 : Number(value);
}

function keyed(file: string): Record<string, number> {
  return Object.fromEntries(
    text(file)
      .split('\n')
      .map((line) => line.split(' '))
      .map(([key = '', value = '']) => [key, Number(value)]),
  );
}
