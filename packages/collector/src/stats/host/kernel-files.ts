/** Values of the host from single files below `/proc`; each function takes the text of one file. */
import type { HostStatsValue } from '@plimsoll/model';
import { type Bytes, nextLine, parseNumber, skipBlanks, skipWord } from '../parse/bytes.ts';
import { compileKeys, parseKeyed } from '../parse/keyed.ts';
import type { HostValues } from './host-values.ts';

const kibibyte = 1024;
/** USER_HZ, the unit of /proc/stat. */
const ticksPerSecond = 100;
/** The kernel's default for the number of files is the largest long: no limit. */
const unlimitedFiles = 2 ** 60;

type KeyedFile = (bytes: Bytes, values: HostValues) => void;

/** `MemTotal:       24684084 kB` */
export const readMeminfo = keyedFile(
  {
    MemTotal: 'memory_total_bytes',
    MemFree: 'memory_free_bytes',
    MemAvailable: 'memory_available_bytes',
    Buffers: 'memory_buffers_bytes',
    Cached: 'memory_cached_bytes',
    Shmem: 'memory_shmem_bytes',
    Dirty: 'memory_dirty_bytes',
    SReclaimable: 'memory_slab_reclaimable_bytes',
    SUnreclaim: 'memory_slab_unreclaimable_bytes',
    KernelStack: 'memory_kernel_stack_bytes',
    PageTables: 'memory_page_tables_bytes',
    Percpu: 'memory_percpu_bytes',
    SwapTotal: 'swap_total_bytes',
    SwapFree: 'swap_free_bytes',
  },
  kibibyte,
);

const readVmstatCounters = keyedFile(
  {
    oom_kill: 'oom_kills_total',
    pgmajfault: 'major_page_faults_total',
    compact_stall: 'memory_compaction_stalls_total',
  },
  1,
);

/** One counter for each memory zone that the kernel may have. */
const allocationStalls = compileKeys(
  ['normal', 'movable', 'dma', 'dma32', 'device', 'highmem'].map((zone) => `allocstall_${zone}`),
);
const stallsByZone = new Float64Array(allocationStalls.keys.length);

export function readVmstat(bytes: Bytes, values: HostValues): void {
  readVmstatCounters(bytes, values);
  parseKeyed(bytes, allocationStalls, stallsByZone);
  const known = stallsByZone.filter((stalls) => !Number.isNaN(stalls));
  if (known.length === 0) return;
  values.set(
    'memory_allocation_stalls_total',
    known.reduce((sum, stalls) => sum + stalls, 0),
  );
}

/** `memory	9	59	1`: name, hierarchy, number of control groups, enabled. */
export function readCgroups(bytes: Bytes, values: HostValues): void {
  for (const line of textOf(bytes).split('\n')) {
    const [name, , count] = line.split('\t');
    if (name === 'memory') values.set('cgroups', decimal(count));
  }
}

const readStatCounters = keyedFile(
  {
    ctxt: 'context_switches_total',
    btime: 'boot_time_seconds',
    processes: 'forks_total',
    procs_running: 'processes_running',
    procs_blocked: 'processes_blocked',
  },
  1,
);

const cpuColumns = [
  'cpu_user_seconds_total',
  'cpu_nice_seconds_total',
  'cpu_system_seconds_total',
  'cpu_idle_seconds_total',
  'cpu_iowait_seconds_total',
  'cpu_irq_seconds_total',
  'cpu_softirq_seconds_total',
  'cpu_steal_seconds_total',
] as const satisfies readonly HostStatsValue[];

/** The first line is the sum over the processors, one line for each of them follows. */
export function readStat(bytes: Bytes, values: HostValues): void {
  readStatCounters(bytes, values);
  let cores = 0;
  for (let at = 0; at < bytes.length && isCpuLine(bytes, at); at = nextLine(bytes, at)) {
    if (at > 0) {
      cores++;
      continue;
    }
    let field = skipBlanks(bytes, skipWord(bytes, at));
    for (const column of cpuColumns) {
      values.set(column, parseNumber(bytes, field) / ticksPerSecond);
      field = skipBlanks(bytes, skipWord(bytes, field));
    }
  }
  if (cores > 0) values.set('cpu_cores', cores);
}

function isCpuLine(bytes: Bytes, at: number): boolean {
  return bytes.data[at] === 0x63 && bytes.data[at + 1] === 0x70 && bytes.data[at + 2] === 0x75;
}

/** `0.17 0.16 0.15 1/128 9992`: the fourth field is running and all threads. */
export function readLoadavg(bytes: Bytes, values: HostValues): void {
  const [load1, load5, load15, tasks] = textOf(bytes).split(' ');
  values.set('load1', decimal(load1));
  values.set('load5', decimal(load5));
  values.set('load15', decimal(load15));
  values.set('threads', decimal(tasks?.split('/')[1]));
}

/** `687	0	2466170`: allocated, a field that is always 0, and the most there may be. */
export function readFileNr(bytes: Bytes, values: HostValues): void {
  const [allocated, , limit] = textOf(bytes).split(/\s+/);
  const most = decimal(limit);
  values.set('file_descriptors', decimal(allocated));
  values.set('file_descriptors_limit', most >= unlimitedFiles ? Infinity : most);
}

/** Hexadecimal columns, one line per processor; the second is packets dropped. */
export function readSoftnet(bytes: Bytes, values: HostValues): void {
  values.set('softnet_dropped_total', sumHexadecimal(textOf(bytes).split('\n'), 1));
}

/** A header of names, then a line of hexadecimal numbers per processor. */
export function readConntrack(bytes: Bytes, values: HostValues): void {
  const [header, ...lines] = textOf(bytes).split('\n');
  const names = (header ?? '').trim().split(/\s+/);
  const sum = (name: string): number => {
    const column = names.indexOf(name);
    return column < 0 ? NaN : sumHexadecimal(lines, column);
  };
  values.set('conntrack_drops_total', sum('drop'));
  values.set('conntrack_insert_failures_total', sum('insert_failed'));
  values.set('conntrack_early_drops_total', sum('early_drop'));
}

/** A header, then one line per neighbour. */
export function readArp(bytes: Bytes, values: HostValues): void {
  const lines = textOf(bytes).split('\n');
  values.set('arp_entries', lines.filter((line) => line !== '').length - 1);
}

function sumHexadecimal(lines: readonly string[], column: number): number {
  let sum = 0;
  for (const line of lines) {
    const field = line.trim().split(/\s+/)[column];
    const value = field === undefined || field === '' ? 0 : Number.parseInt(field, 16);
    if (Number.isFinite(value)) sum += value;
  }
  return sum;
}

function keyedFile(columns: Readonly<Record<string, HostStatsValue>>, unit: number): KeyedFile {
  const table = compileKeys(Object.keys(columns));
  const names = Object.values(columns);
  const out = new Float64Array(names.length);
  return (bytes, values) => {
    parseKeyed(bytes, table, out);
    for (const [index, name] of names.entries()) values.set(name, (out[index] ?? NaN) * unit);
  };
}

function decimal(text: string | undefined): number {
  return text === undefined || text.trim() === '' ? NaN : Number(text);
}

function textOf(bytes: Bytes): string {
  return Buffer.from(bytes.data.buffer, bytes.data.byteOffset, bytes.length).toString('latin1');
}
