/**
 * The init process of a control group. `cgroup.procs` is sorted by pid, and pids wrap: so it is the
 * process that started first, by the 22nd field of `/proc/<pid>/stat` (proc_pid_stat(5)).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface InitProcess {
  readonly pid: number;
  /** Clock ticks after the host was started. */
  readonly startTicks: number;
}

export type InitLookup =
  | { readonly kind: 'found'; readonly process: InitProcess }
  /** No process, or none that can be read: the container just begins or ends. */
  | { readonly kind: 'none' }
  /** The kernel shows processes of other pid namespaces as 0. */
  | { readonly kind: 'hidden' };

/** Processes looked at: a container has one when it begins. */
const maxProcesses = 1024;
/** Where systemd runs inside, processes are in groups below. */
const maxDepth = 3;
const maxGroups = 64;
/** USER_HZ, which is 100 wherever Linux runs. */
const ticksPerSecond = 100;

export function findInitProcess(directory: string, proc: string): InitLookup {
  const pids = listPids(directory);
  if (pids.length === 0) return { kind: 'none' };
  if (pids.every((pid) => pid === 0)) return { kind: 'hidden' };
  let oldest: InitProcess | null = null;
  for (const pid of pids.slice(0, maxProcesses)) {
    const startTicks = pid === 0 ? null : readStartTicks(proc, pid);
    if (startTicks === null) continue;
    if (!oldest || startTicks < oldest.startTicks) oldest = { pid, startTicks };
  }
  return oldest ? { kind: 'found', process: oldest } : { kind: 'none' };
}

/** When the host was started, in milliseconds since 1970; 0 when not known. */
export function readBootTimeMs(proc: string): number {
  const seconds = /^btime (\d+)$/m.exec(readText(join(proc, 'stat')))?.[1];
  return seconds === undefined ? 0 : Number(seconds) * 1000;
}

export function startTimeMs(bootTimeMs: number, { startTicks }: InitProcess): number {
  return bootTimeMs === 0 ? 0 : bootTimeMs + (startTicks * 1000) / ticksPerSecond;
}

/** Name of the program; a pod's sandbox runs `pause`. */
export function readProgramName(proc: string, pid: number): string {
  return readText(join(proc, String(pid), 'comm')).trimEnd();
}

/** The 22nd field; the second, the program's name in parentheses, may hold anything. */
export function parseStartTicks(stat: string): number | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[19] ?? Number.NaN);
  return Number.isSafeInteger(ticks) && ticks >= 0 ? ticks : null;
}

function readStartTicks(proc: string, pid: number): number | null {
  const text = readText(join(proc, String(pid), 'stat'));
  return text === '' ? null : parseStartTicks(text);
}

/** Of the group; where it has none, of those below. */
function listPids(directory: string): number[] {
  let level = [directory];
  for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
    const pids = level.flatMap((each) => parsePids(readText(join(each, 'cgroup.procs'))));
    if (pids.length > 0) return pids;
    level = level.flatMap(groupsIn).slice(0, maxGroups);
  }
  return [];
}

function parsePids(text: string): number[] {
  return text
    .split('\n')
    .filter((line) => /^\d{1,10}$/.test(line))
    .map(Number);
}

function groupsIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(directory, entry.name));
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
