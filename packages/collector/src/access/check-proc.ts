import { existsSync, readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@plimsoll/runtime';
import { fine, type Finding } from './finding.ts';
import type { OwnProcess } from './own-process.ts';

/** PROC_SUPER_MAGIC of linux/magic.h. */
const procMagic = 0x9fa0;
/** PROC_PID_INIT_INO of linux/proc_ns.h: the first pid namespace of the kernel. */
const firstPidNamespace = 'pid:[4026531836]';

/** Whether `roots.proc` shows the host's processes, and whether we may look into them. */
export function checkProc(proc: string, own: OwnProcess): Finding[] {
  const subject = 'processes';
  const lost = 'statistics of processes and of the host';
  let count: number;
  try {
    count = readdirSync(proc).filter((name) => /^\d+$/.test(name)).length;
  } catch (error) {
    const message = `${proc} cannot be read (${codeOf(error) ?? String(error)})`;
    const remedy = 'mount the host’s /proc and set collector.roots.proc';
    return [{ subject, level: 'fail', message, lost, remedy }];
  }
  if (!isHostProc(proc)) {
    return [
      {
        subject,
        level: 'warn',
        message: `${proc} shows ${count} processes of this container, not those of the host`,
        lost: `${lost}, and control groups by process`,
        remedy:
          'run with the host’s pid namespace, or mount its /proc and set collector.roots.proc',
      },
    ];
  }
  return [fine(subject, `${proc} is the host’s, with ${count} processes`), checkReach(proc, own)];
}

/** Kernel threads are in the first namespace alone; process 2 is their parent. */
function isHostProc(proc: string): boolean {
  if (!isProcfs(proc)) return existsSync(join(proc, '1'));
  if (read(join(proc, '2/comm')).trim() === 'kthreadd') return true;
  const namespaces = /^NSpid:\s+(.*)$/m.exec(read(join(proc, 'self/status')))?.[1] ?? '';
  const isOwnView = namespaces.trim().split(/\s+/).length === 1;
  return isOwnView && link(join(proc, 'self/ns/pid')) === firstPidNamespace;
}

/** A recorded or simulated tree is what its maker says it is. */
function isProcfs(proc: string): boolean {
  try {
    return statfsSync(proc).type === procMagic;
  } catch {
    return false;
  }
}

/**
 * Tried on processes that are root's and in the host's namespaces: the parent of kernel threads and
 * the first of all, which may be protected by itself.
 */
function checkReach(proc: string, own: OwnProcess): Finding {
  const subject = 'processes of others';
  const problems = ['2', '1'].map((pid) => reachProblem(join(proc, pid)));
  if (problems.includes(null)) {
    return fine(subject, 'their descriptors and namespaces can be read');
  }
  const code = problems.find((problem) => problem !== 'ENOENT');
  if (code === undefined) return fine(subject, 'there are none to try it on');
  return {
    subject,
    level: 'warn',
    message: `their descriptors and namespaces cannot be read (${code ?? ''})`,
    lost: 'descriptor counts, namespaces, sockets by state and actual security settings of containers of other users',
    remedy: reachRemedy(own),
  };
}

/** Null when a process can be looked into. */
function reachProblem(directory: string): string | null {
  try {
    readdirSync(join(directory, 'fd'));
    readlinkSync(join(directory, 'ns/net'));
    return null;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

function reachRemedy({ capabilities, confinement }: OwnProcess): string {
  if (!capabilities.has('SYS_PTRACE')) return 'give CAP_SYS_PTRACE, or run as root';
  const isConfined = confinement !== '' && !confinement.startsWith('unconfined');
  return isConfined
    ? `run without the AppArmor profile ${confinement} (--security-opt apparmor=unconfined)`
    : 'see what keeps this process from ptrace: kernel.yama.ptrace_scope, SELinux';
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
