/** A container's control group (v2) as files. Formats: Documentation/admin-guide/cgroup-v2.rst. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerStatsValues } from '@plimsoll/model';
import type { SimulatedContainer } from '../simulation/container.ts';
import type { HostFolder } from './host-folder.ts';

function cgroupDirectory(folder: HostFolder, id: string): string {
  return join(folder.cgroup, 'docker', id);
}

/** Limits and identity: what stays through one life. */
export function makeCgroup(folder: HostFolder, container: SimulatedContainer): void {
  const { plan, pid } = container;
  const { service } = plan;
  const directory = cgroupDirectory(folder, plan.id);
  mkdirSync(directory, { recursive: true });
  const files: Record<string, string> = {
    'memory.max': `${service.memoryLimitBytes}`,
    'memory.swap.max': '0',
    'memory.high': 'max',
    'memory.low': '0',
    'cpu.max': `${Math.round(service.coresLimit * 100_000)} 100000`,
    'cpu.weight': '39',
    'pids.max': '512',
    'cgroup.procs': `${pid}`,
  };
  for (const [name, text] of Object.entries(files)) write(directory, name, text);
}

/** The group of a container that died goes with it, and its counters too. */
export function removeCgroup(folder: HostFolder, id: string): void {
  rmSync(cgroupDirectory(folder, id), { recursive: true, force: true });
}

/** What changes from moment to moment. */
export function writeCgroup(folder: HostFolder, container: SimulatedContainer): void {
  const { plan, pid } = container;
  const directory = cgroupDirectory(folder, plan.id);
  const values = container.values();
  const value = (name: keyof ContainerStatsValues): number => Math.round(values[name] ?? 0);
  const micros = (name: keyof ContainerStatsValues): number =>
    Math.round((values[name] ?? 0) * 1e6);
  write(directory, 'memory.current', `${value('memory_usage_bytes')}`);
  write(directory, 'memory.peak', `${value('memory_peak_bytes')}`);
  write(directory, 'memory.swap.current', '0');
  write(directory, 'memory.stat', memoryStat(value));
  write(
    directory,
    'memory.events',
    `low 0\nhigh 0\nmax ${value('memory_limit_hits_total')}\noom ${value('memory_oom_total')}\n` +
      `oom_kill ${value('memory_oom_kills_total')}`,
  );
  write(
    directory,
    'cpu.stat',
    `usage_usec ${micros('cpu_usage_seconds_total')}\nuser_usec ${micros('cpu_user_seconds_total')}\n` +
      `system_usec ${micros('cpu_system_seconds_total')}\nnr_periods ${value('cpu_periods_total')}\n` +
      `nr_throttled ${value('cpu_throttled_periods_total')}\n` +
      `throttled_usec ${micros('cpu_throttled_seconds_total')}`,
  );
  write(directory, 'pids.current', `${value('pids_current')}`);
  write(directory, 'pids.events', 'max 0');
  write(directory, 'cgroup.threads', threadIds(pid, container.threads));
  write(directory, 'cgroup.stat', 'nr_descendants 0\nnr_dying_descendants 0');
  write(
    directory,
    'io.stat',
    `259:0 rbytes=${value('io_read_bytes_total')} wbytes=${value('io_write_bytes_total')} ` +
      `rios=${value('io_reads_total')} wios=${value('io_writes_total')} dbytes=0 dios=0`,
  );
  for (const name of ['cpu', 'memory', 'io'] as const) {
    const waiting = micros(`${name}_pressure_waiting_seconds_total`);
    const stalled = micros(`${name}_pressure_stalled_seconds_total`);
    write(directory, `${name}.pressure`, pressureText(waiting, stalled));
  }
}

export function pressureText(waitingUs: number, stalledUs: number): string {
  return (
    `some avg10=0.00 avg60=0.00 avg300=0.00 total=${waitingUs}\n` +
    `full avg10=0.00 avg60=0.00 avg300=0.00 total=${stalledUs}`
  );
}

function memoryStat(value: (name: keyof ContainerStatsValues) => number): string {
  const file = value('memory_file_bytes');
  const inactive = value('memory_usage_bytes') - value('memory_working_set_bytes');
  const kernel = value('memory_kernel_bytes');
  const reclaimable = value('memory_slab_reclaimable_bytes');
  const unreclaimable = value('memory_slab_unreclaimable_bytes');
  return [
    `anon ${value('memory_anon_bytes')}`,
    `file ${file}`,
    `kernel ${kernel}`,
    `kernel_stack ${Math.round(kernel * 0.2)}`,
    `pagetables ${Math.round(kernel * 0.15)}`,
    'percpu 0',
    `sock ${value('memory_sock_bytes')}`,
    `shmem ${value('memory_shmem_bytes')}`,
    `file_mapped ${value('memory_mapped_file_bytes')}`,
    `inactive_anon 0`,
    `active_anon ${value('memory_anon_bytes')}`,
    `inactive_file ${inactive}`,
    `active_file ${Math.max(0, file - inactive)}`,
    `slab_reclaimable ${reclaimable}`,
    `slab_unreclaimable ${unreclaimable}`,
    `slab ${reclaimable + unreclaimable}`,
    'workingset_refault_anon 0',
    `workingset_refault_file ${value('memory_refaults_total')}`,
    `pgfault ${value('memory_page_faults_total')}`,
    `pgmajfault ${value('memory_major_page_faults_total')}`,
  ].join('\n');
}

/** The kernel lists one thread per line; which numbers they have does not matter here. */
function threadIds(pid: number, count: number): string {
  return Array.from({ length: count }, (_, index) => pid * 100 + index).join('\n');
}

function write(directory: string, name: string, text: string): void {
  writeFileSync(join(directory, name), `${text}\n`);
}
