/**
 * What in the kernel log is worth an event. A table: the first pattern that matches wins. `$1`,
 * `$2` in a sentence are the groups of the pattern. OOM kills are not here, see oom-kills.ts.
 */
import type { EventSeverity } from '@plimsoll/model';

export interface KernelPattern {
  /** Stable word for filters and rules. */
  name: string;
  pattern: RegExp;
  severity: EventSeverity;
  /** What it means, for people who have not met it before. */
  sentence: string;
  /** Groups of the pattern that name the process that it is about. */
  process?: { name: number; pid: number };
}

export const kernelPatterns: readonly KernelPattern[] = [
  {
    name: 'pids_limit',
    pattern: /cgroup: fork rejected by pids controller in (\S+)/,
    severity: 'error',
    sentence: 'The pids limit of $1 was reached: new processes and threads were refused.',
  },
  {
    name: 'network_device_leak',
    pattern: /unregister_netdevice: waiting for (\S+) to become free\. Usage count/,
    severity: 'error',
    sentence: 'Network device $1 was not released: starting and stopping containers may hang.',
  },
  {
    name: 'hung_task',
    pattern: /task (.{1,64}):(\d+) blocked for more than (\d+) seconds/,
    severity: 'error',
    sentence: 'Process $1 (pid $2) was blocked in the kernel for more than $3 seconds.',
    process: { name: 1, pid: 2 },
  },
  {
    name: 'soft_lockup',
    pattern: /watchdog: BUG: soft lockup - CPU#(\d+) stuck for (\d+s)/,
    severity: 'error',
    sentence: 'Processor $1 was stuck in the kernel for $2 (soft lockup).',
  },
  {
    name: 'rcu_stall',
    // Before 4.19 without the prefix `rcu: `.
    pattern: /INFO: (rcu_\w+) (?:self-)?detected (?:expedited )?stalls?/,
    severity: 'error',
    sentence: 'A processor did not pass through the scheduler for too long ($1 stall).',
  },
  {
    name: 'hard_lockup',
    pattern: /Watchdog detected hard LOCKUP on cpu (\d+)/i,
    severity: 'error',
    sentence: 'Processor $1 was stuck in the kernel with interrupts off (hard lockup).',
  },
  {
    name: 'kernel_oops',
    pattern:
      /(BUG: unable to handle|BUG: kernel NULL pointer|kernel BUG at|Oops: |Unable to handle kernel|Kernel panic - not syncing)/,
    severity: 'error',
    sentence: 'The kernel itself failed ($1): restart this host before it is relied on.',
  },
  {
    name: 'oom_no_victim',
    pattern: /[Oo]ut of memory and no killable processes/,
    severity: 'error',
    sentence: 'Memory ran out and no process could be killed to free some.',
  },
  {
    name: 'ext4_error',
    pattern: /EXT4-fs error \(device ([^)]{1,64})\)/,
    severity: 'error',
    sentence: 'The ext4 filesystem on $1 has an error: check it before it turns read-only.',
  },
  {
    name: 'xfs_error',
    pattern: /XFS \(([^)]{1,64})\): .*?(corruption|shutdown|shutting down|metadata I\/O error)/i,
    severity: 'error',
    sentence: 'The XFS filesystem on $1 reported: $2.',
  },
  {
    name: 'btrfs_error',
    pattern: /BTRFS (?:error|critical) \(device ([^):]{1,64})/,
    severity: 'error',
    sentence: 'The Btrfs filesystem on $1 has an error.',
  },
  {
    name: 'overlayfs_error',
    pattern: /overlayfs: (.{0,200}?error.{0,200}|upperdir is in-use.{0,200})/,
    severity: 'warning',
    sentence: 'overlayfs, which container layers are on, reported: $1',
  },
  {
    name: 'filesystem_read_only',
    pattern: /Remounting filesystem read-only/,
    severity: 'error',
    sentence: 'A filesystem was turned read-only after an error.',
  },
  {
    name: 'io_error',
    pattern: /(?:I\/O error|critical \w+ error), dev (\S+?),/,
    severity: 'error',
    sentence: 'Device $1 failed to read or write.',
  },
  {
    name: 'nvme_timeout',
    pattern: /nvme (\S{1,32}): I\/O (?:tag )?\d+ .{0,40}(?:timeout|timed out)/,
    severity: 'error',
    sentence: 'Disk $1 did not answer in time.',
  },
  {
    name: 'conntrack_full',
    pattern: /nf_conntrack: (?:\S+: )?table full, dropping packet/,
    severity: 'error',
    sentence: 'The connection tracking table was full: new connections were dropped.',
  },
  {
    name: 'tcp_memory',
    pattern: /TCP: (?:.{0,64}: )?out of memory -- consider tuning tcp_mem/,
    severity: 'error',
    sentence: 'TCP ran out of memory: connections were cut (see net.ipv4.tcp_mem).',
  },
  {
    name: 'tcp_orphans',
    pattern: /TCP: too many orphaned sockets/,
    severity: 'warning',
    sentence: 'Too many closed TCP sockets were still waiting to be sent: some were cut.',
  },
  {
    name: 'syn_flood',
    pattern: /TCP: request_sock_TCP: Possible SYN flooding on port (\S+?)\.? /,
    severity: 'warning',
    sentence: 'The accept queue of port $1 overflowed: a flood of connections, or a slow server.',
  },
  {
    name: 'neighbour_overflow',
    pattern: /neighbou?r: (\w+): neighbor table overflow/,
    severity: 'error',
    sentence: 'The neighbour table $1 was full: hosts could not be reached (see gc_thresh3).',
  },
  {
    name: 'slab_exhausted',
    pattern: /SLUB: Unable to allocate memory/,
    severity: 'error',
    sentence: 'The kernel could not allocate memory for itself.',
  },
  {
    name: 'page_allocation_failure',
    pattern: /(\S{1,64}): page allocation failure: order:(\d+)/,
    severity: 'warning',
    sentence: 'Process $1 could not get 2^$2 pages in a row: memory is short or fragmented.',
  },
  {
    name: 'segfault',
    pattern: /(\S{1,64})\[(\d+)\]: segfault at /,
    severity: 'warning',
    sentence: 'Process $1 (pid $2) crashed on a bad memory address.',
    process: { name: 1, pid: 2 },
  },
  {
    name: 'protection_fault',
    pattern: /traps: (\S{1,64})\[(\d+)\] (general protection fault|trap [\w ]{1,32})/,
    severity: 'warning',
    sentence: 'Process $1 (pid $2) crashed: $3.',
    process: { name: 1, pid: 2 },
  },
  {
    name: 'hardware_error',
    pattern: /\[Hardware Error\]|EDAC \S+: \d+ (?:UE|CE)/,
    severity: 'error',
    sentence: 'The hardware reported an error of memory, processor or bus.',
  },
  {
    name: 'nfs_timeout',
    pattern: /nfs: server (\S+) not responding/,
    severity: 'warning',
    sentence: 'The NFS server $1 did not respond: processes that use it are waiting.',
  },
  {
    // What a number means is in gpu-xid.ts.
    name: 'gpu_error',
    pattern: /NVRM: Xid \(([^)]{1,64})\): (\d+)/,
    severity: 'error',
    sentence: 'The GPU at $1 reported Xid $2.',
  },
];

/** A match, with the sentence about it. */
export interface KernelFinding {
  pattern: KernelPattern;
  sentence: string;
  process: KernelProcess | undefined;
}

/** A process as the kernel names it. */
export interface KernelProcess {
  /** At most 15 bytes; empty when not known. */
  name: string;
  pid: number;
}

/** The first pattern that matches a record's text. */
export function matchKernelPattern(text: string): KernelFinding | undefined {
  for (const pattern of kernelPatterns) {
    const match = pattern.pattern.exec(text);
    if (!match) continue;
    const sentence = pattern.sentence.replaceAll(
      /\$(\d)/g,
      (_, group: string) => match[Number(group)] ?? '',
    );
    return { pattern, sentence, process: processOf(pattern, match) };
  }
  return undefined;
}

function processOf(pattern: KernelPattern, match: RegExpExecArray): KernelProcess | undefined {
  if (!pattern.process) return undefined;
  const pid = Number(match[pattern.process.pid]);
  return { name: match[pattern.process.name] ?? '', pid };
}
