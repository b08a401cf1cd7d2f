/** Makes a fault and undoes it, and says what shows that it was there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultSurface, Role } from '../pipeline.ts';
import type { PlannedFault } from './fault.ts';
import { processState } from './process-state.ts';

/**
 * Resolves when the fault is over, earlier when the signal aborts.
 *
 * @returns what shows that it took effect; null when nothing does
 */
export async function inflict(
  fault: PlannedFault,
  surface: FaultSurface,
  signal: AbortSignal,
): Promise<string | null> {
  const lasting = (): Promise<void> =>
    sleep(fault.durationMs, undefined, { signal }).catch(() => undefined);
  switch (fault.kind) {
    case 'kill':
      return kill(find(surface.roles, fault.role), lasting);
    case 'restart':
      return restart(find(surface.roles, fault.role), lasting);
    case 'pause':
      return pause(find(surface.roles, fault.role), lasting);
    case 'partition': {
      const link = find(surface.links, fault.link);
      link.break(fault.fault);
      await lasting();
      return counted(link.heal(), 'pieces of traffic hit');
    }
    case 'disk_full': {
      const disk = find(surface.disks, fault.disk);
      const left = await disk.fill();
      await lasting();
      const leftLater = disk.freeBytes();
      disk.free();
      // What is removed meanwhile makes room again, which is then used again.
      return left < 1024 * 1024 ? `${left} bytes free at first, ${leftLater} at last` : null;
    }
    case 'store': {
      const front = find(surface.stores, fault.front);
      front.misbehave(fault.fault);
      await lasting();
      return counted(front.behave(), 'requests hit');
    }
    default:
      return fault satisfies never;
  }
}

type Lasting = () => Promise<void>;

async function kill(role: Role, lasting: Lasting): Promise<string | null> {
  const pid = role.pid();
  const ended = pid === null ? null : await role.end('SIGKILL');
  await lasting();
  await role.start();
  return pid !== null && ended === 'SIGKILL' ? `process ${pid} was killed` : null;
}

async function restart(role: Role, lasting: Lasting): Promise<string | null> {
  const pid = role.pid();
  const ended = pid === null ? null : await role.end('SIGTERM');
  await lasting();
  await role.start();
  return ended === null ? null : `process ${pid} ended with ${ended}`;
}

async function pause(role: Role, lasting: Lasting): Promise<string | null> {
  const pid = role.pid();
  if (pid === null) return null;
  signalTo(pid, 'SIGSTOP');
  try {
    await sleep(50);
    const wasStopped = processState(pid) === 'T';
    await lasting();
    const isStopped = processState(pid) === 'T';
    return wasStopped && isStopped ? `process ${pid} was stopped` : null;
  } finally {
    signalTo(pid, 'SIGCONT');
  }
}

/** One that is gone needs no signal. */
function signalTo(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function counted(effects: number, what: string): string | null {
  return effects > 0 ? `${effects} ${what}` : null;
}

function find<T extends { name: string }>(list: readonly T[], name: string): T {
  const found = list.find((each) => each.name === name);
  if (!found) throw new Error(`expected ${name} to be there`);
  return found;
}
