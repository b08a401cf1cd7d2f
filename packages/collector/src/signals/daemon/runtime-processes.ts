/**
 * The processes of the container runtime and what they use. Found by name among all processes,
 * rarely, and kept while they live. Where several daemons run, the one is meant that listens on
 * our socket: `/proc/<pid>/net/unix` has the inodes of listening sockets with their paths,
 * `/proc/<pid>/fd` says whose they are, and the path as the daemon sees it must be the same file.
 */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HostStatsValue } from '@plimsoll/model';
import type { Clock } from '@plimsoll/runtime';
import { DescriptorCounter } from '../../stats/process/descriptors.ts';
import { readKernelText } from '../kernel-text.ts';
import { parseProcStat, type ProcStat } from './proc-stat.ts';

export interface RuntimeProcessesOptions {
  readonly proc: string;
  readonly socketPath: string;
  readonly clock: Clock;
}

interface Found {
  pid: number;
  startTicks: number;
}

interface Candidate extends Found {
  parent: number;
}

type Values = Partial<Record<HostStatsValue, number>>;

/** All processes are looked at no more often than this while one is missing. */
const rescanMs = 60_000;
const sliceProcesses = 200;
/** `/proc/<pid>/net/unix`: sockets that listen have this flag (SO_ACCEPTCON). */
const listening = '00010000';

export class RuntimeProcesses {
  readonly #options: RuntimeProcessesOptions;
  readonly #descriptors: DescriptorCounter;
  #daemon: Found | undefined;
  #containerd: Found | undefined;
  #scannedAt = -Infinity;
  #daemonFiles = NaN;
  #containerdFiles = NaN;

  constructor(options: RuntimeProcessesOptions) {
    this.#options = options;
    this.#descriptors = new DescriptorCounter(options.proc);
  }

  /** Process ids of dockerd and containerd, as far as they are known. */
  pids(): number[] {
    return [this.#daemon, this.#containerd].flatMap((found) => (found ? [found.pid] : []));
  }

  /** Looks for processes that are not known or not there any more; counts descriptors. */
  async refresh(signal: AbortSignal): Promise<void> {
    if (this.#daemon && !this.#statOf(this.#daemon)) this.#daemon = undefined;
    if (this.#containerd && !this.#statOf(this.#containerd)) this.#containerd = undefined;
    const now = this.#options.clock.monotonic();
    if ((!this.#daemon || !this.#containerd) && now - this.#scannedAt >= rescanMs) {
      this.#scannedAt = now;
      await this.#scan(signal);
    }
    this.#daemonFiles = this.#daemon ? this.#descriptors.count([this.#daemon.pid]) : NaN;
    this.#containerdFiles = this.#containerd
      ? this.#descriptors.count([this.#containerd.pid])
      : NaN;
  }

  /** What they use now; without the values of one that is not there. */
  values(): Values {
    const daemon = this.#usageOf(this.#daemon);
    const containerd = this.#usageOf(this.#containerd);
    return {
      ...(daemon && {
        docker_daemon_cpu_seconds_total: daemon.stat.cpuSeconds,
        docker_daemon_threads: daemon.stat.threads,
        ...known('docker_daemon_memory_bytes', daemon.memoryBytes),
        ...known('docker_daemon_file_descriptors', this.#daemonFiles),
      }),
      ...(containerd && {
        containerd_cpu_seconds_total: containerd.stat.cpuSeconds,
        containerd_threads: containerd.stat.threads,
        ...known('containerd_memory_bytes', containerd.memoryBytes),
        ...known('containerd_file_descriptors', this.#containerdFiles),
      }),
    };
  }

  #usageOf(found: Found | undefined): { stat: ProcStat; memoryBytes: number } | undefined {
    const stat = found && this.#statOf(found);
    if (!stat) return undefined;
    const status = readKernelText(join(this.#options.proc, String(found.pid), 'status'));
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return { stat, memoryBytes: kibibytes === undefined ? NaN : Number(kibibytes) * 1024 };
  }

  /** Undefined when the process is gone, or its id was taken over by another. */
  #statOf({ pid, startTicks }: Found): ProcStat | undefined {
    const stat = parseProcStat(readKernelText(join(this.#options.proc, String(pid), 'stat')));
    return stat?.startTicks === startTicks ? stat : undefined;
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const daemons: Candidate[] = [];
    const containerds: Candidate[] = [];
    const pids = listPids(this.#options.proc);
    for (const [index, pid] of pids.entries()) {
      if (index % sliceProcesses === sliceProcesses - 1) await nextTurn();
      if (signal.aborted) return;
      const comm = readKernelText(join(this.#options.proc, String(pid), 'comm')).trimEnd();
      if (comm !== 'dockerd' && comm !== 'containerd') continue;
      const stat = parseProcStat(readKernelText(join(this.#options.proc, String(pid), 'stat')));
      if (!stat) continue;
      const candidate = { pid, startTicks: stat.startTicks, parent: stat.parent };
      (comm === 'dockerd' ? daemons : containerds).push(candidate);
    }
    this.#daemon ??= this.#chooseDaemon(daemons);
    this.#containerd ??= this.#chooseContainerd(containerds, daemons);
  }

  #chooseDaemon(candidates: readonly Candidate[]): Candidate | undefined {
    if (candidates.length <= 1) return candidates[0];
    return candidates.find(({ pid }) => this.#listensOn(pid, this.#options.socketPath));
  }

  /** The daemon's own child; else one that is nobody's child of that kind, if it is the only one. */
  #chooseContainerd(
    candidates: readonly Candidate[],
    daemons: readonly Candidate[],
  ): Candidate | undefined {
    const own = candidates.find(({ parent }) => parent === this.#daemon?.pid);
    if (own) return own;
    const free = candidates.filter(({ parent }) => !daemons.some(({ pid }) => pid === parent));
    if (free.length <= 1) return free[0];
    return free.find(({ pid }) => this.#listensOn(pid, '/run/containerd/containerd.sock'));
  }

  #listensOn(pid: number, socketPath: string): boolean {
    const directory = join(this.#options.proc, String(pid));
    const held = new Set(heldSockets(join(directory, 'fd')));
    const wanted = identityOf(socketPath);
    for (const { path, inode } of listeningSockets(readKernelText(join(directory, 'net/unix')))) {
      if (!held.has(inode)) continue;
      if (path === socketPath) return true;
      if (wanted !== undefined && identityOf(join(directory, 'root', path)) === wanted) return true;
    }
    return false;
  }
}

/** Lines are `<address>: refs protocol flags type state inode path`. */
export function listeningSockets(text: string): { path: string; inode: string }[] {
  const found: { path: string; inode: string }[] = [];
  for (const line of text.split('\n')) {
    const [, , , flags, , , inode, ...path] = line.split(/ +/);
    if (flags !== listening || inode === undefined || !path[0]?.startsWith('/')) continue;
    found.push({ inode, path: path.join(' ') });
  }
  return found;
}

function heldSockets(directory: string): string[] {
  try {
    return readdirSync(directory).flatMap((name) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(join(directory, name)))?.[1];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isSocket() ? `${stats.dev} ${stats.ino}` : undefined;
  } catch {
    return undefined;
  }
}

function listPids(proc: string): number[] {
  try {
    return readdirSync(proc)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function known(name: HostStatsValue, value: number): Values {
  return Number.isNaN(value) ? {} : { [name]: value };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
