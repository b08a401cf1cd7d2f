/** `/proc` of a simulated host, as far as it is read. See proc(5). */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostStatsValues } from '@plimsoll/model';
import type { HostPlan } from '../fleet/plan.ts';
import { pressureText } from './cgroup-files.ts';
import type { HostFolder } from './host-folder.ts';
import { deviceTable } from './process-files.ts';

/** What stays as it is while the host runs. */
export function makeHostFiles(folder: HostFolder, plan: HostPlan): void {
  const { proc } = folder;
  // The one filesystem is that of this machine: its space is asked for by path.
  const mounts = `22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw\n`;
  write(join(proc, 'self/mountinfo'), mounts);
  write(join(proc, '1/mountinfo'), mounts);
  write(join(proc, 'sys/kernel/random/boot_id'), `${plan.bootId}\n`);
  write(join(proc, 'sys/kernel/osrelease'), '6.12.8-demo\n');
  write(join(proc, 'version'), 'Linux version 6.12.8-demo\n');
  write(join(proc, 'sys/kernel/pid_max'), '32768\n');
  write(join(proc, 'sys/kernel/threads-max'), '512000\n');
  write(join(proc, 'sys/net/netfilter/nf_conntrack_max'), '262144\n');
  write(join(folder.cgroup, 'cgroup.controllers'), 'cpuset cpu io memory hugetlb pids rdma misc\n');
  write(join(folder.cgroup, 'cgroup.stat'), 'nr_descendants 40\nnr_dying_descendants 0\n');
  write(folder.kmsg, '');
  mkdirSync(join(proc, '1/ns'), { recursive: true });
  symlinkSync('net:[4026531840]', join(proc, '1/ns/net'));
}

export function writeHostFiles(folder: HostFolder, values: HostStatsValues): void {
  const { proc } = folder;
  const value = (name: keyof HostStatsValues): number => Math.round(values[name] ?? 0);
  const ticks = (name: keyof HostStatsValues): number => Math.round((values[name] ?? 0) * 100);
  write(join(proc, 'meminfo'), meminfo(value));
  write(join(proc, 'stat'), stat(value, ticks));
  const load = [values.load1, values.load5, values.load15].map((one) => (one ?? 0).toFixed(2));
  const running = value('processes_running');
  write(join(proc, 'loadavg'), `${load.join(' ')} ${running}/${value('threads')} 31000\n`);
  write(join(proc, 'vmstat'), `pgmajfault 0\noom_kill ${value('oom_kills_total')}\n`);
  write(join(proc, 'sys/fs/file-nr'), `${value('file_descriptors')}\t0\t1048576\n`);
  const conntrack = join(proc, 'sys/net/netfilter/nf_conntrack_count');
  write(conntrack, `${value('conntrack_entries')}\n`);
  for (const name of ['cpu', 'memory', 'io']) {
    const waitingUs = Math.round(
      (value('cpu_user_seconds_total') % 1e6) * (name === 'cpu' ? 9000 : 600),
    );
    write(join(proc, 'pressure', name), `${pressureText(waitingUs, Math.round(waitingUs / 3))}\n`);
  }
  write(
    join(proc, '1/net/dev'),
    deviceTable('eth0', {
      receiveBytes: value('network_receive_bytes_total'),
      receivePackets: Math.round(value('network_receive_bytes_total') / 700),
      transmitBytes: value('network_transmit_bytes_total'),
      transmitPackets: Math.round(value('network_transmit_bytes_total') / 900),
    }),
  );
}

function meminfo(value: (name: keyof HostStatsValues) => number): string {
  const rows: [string, keyof HostStatsValues][] = [
    ['MemTotal', 'memory_total_bytes'],
    ['MemFree', 'memory_free_bytes'],
    ['MemAvailable', 'memory_available_bytes'],
    ['Buffers', 'memory_buffers_bytes'],
    ['Cached', 'memory_cached_bytes'],
    ['Shmem', 'memory_shmem_bytes'],
    ['Dirty', 'memory_dirty_bytes'],
    ['SReclaimable', 'memory_slab_reclaimable_bytes'],
    ['SUnreclaim', 'memory_slab_unreclaimable_bytes'],
    ['KernelStack', 'memory_kernel_stack_bytes'],
    ['PageTables', 'memory_page_tables_bytes'],
    ['Percpu', 'memory_percpu_bytes'],
    ['SwapTotal', 'swap_total_bytes'],
    ['SwapFree', 'swap_free_bytes'],
  ];
  return rows
    .map(([name, column]) => `${`${name}:`.padEnd(16)}${Math.round(value(column) / 1024)} kB\n`)
    .join('');
}

type Read = (name: keyof HostStatsValues) => number;

function stat(value: Read, ticks: Read): string {
  const total = [
    ticks('cpu_user_seconds_total'),
    0,
    ticks('cpu_system_seconds_total'),
    ticks('cpu_idle_seconds_total'),
    ticks('cpu_iowait_seconds_total'),
    0,
    0,
    0,
    0,
    0,
  ];
  const cores = value('cpu_cores');
  const share = total.map((sum) => Math.round(sum / cores)).join(' ');
  const lines = [`cpu  ${total.join(' ')}`];
  for (let core = 0; core < cores; core++) lines.push(`cpu${core} ${share}`);
  lines.push(
    `ctxt ${value('context_switches_total')}`,
    `btime ${value('boot_time_seconds')}`,
    `processes ${value('forks_total')}`,
    `procs_running ${value('processes_running')}`,
    'procs_blocked 0',
  );
  return `${lines.join('\n')}\n`;
}

function write(path: string, text: string): void {
  writeFileSync(path, text);
}
