/**
 * Which namespaces live processes are in, whoever they belong to: Docker, Kubernetes, LXC, a
 * person. Whatever one of them uses is no left-over. Two links are read per process, in slices.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@plimsoll/runtime';

export interface Namespaces {
  /** One process of each network namespace, by its inode; the host's is not among them. */
  network: ReadonlyMap<string, number>;
  /** One process of each mount namespace, by its inode. */
  mount: ReadonlyMap<string, number>;
  /** Inode of the host's own network namespace; empty when not known. */
  hostNetwork: string;
  /** Processes that may not be looked at: their namespaces are not known. */
  hidden: readonly number[];
}

const sliceProcesses = 100;
/** The kernel's limit is 4 million; a host that is used has some thousands. */
const maxProcesses = 200_000;

/** @throws when `proc` cannot be listed. */
export async function readNamespaces(proc: string, signal: AbortSignal): Promise<Namespaces> {
  const network = new Map<string, number>();
  const mount = new Map<string, number>();
  const hidden: number[] = [];
  const pids = listPids(proc);
  for (const [index, pid] of pids.entries()) {
    if (index % sliceProcesses === sliceProcesses - 1) await nextTurn();
    signal.throwIfAborted();
    const links = linksOf(join(proc, String(pid)));
    if (links === 'hidden') hidden.push(pid);
    if (typeof links !== 'object') continue;
    if (!network.has(links.network)) network.set(links.network, pid);
    if (!mount.has(links.mount)) mount.set(links.mount, pid);
  }
  const hostNetwork = hostNetworkOf(proc);
  network.delete(hostNetwork);
  // The first process is of the host, also where it hides.
  return { network, mount, hostNetwork, hidden: hidden.filter((pid) => pid !== 1) };
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function hostNetworkOf(proc: string): string {
  for (const pid of ['1', 'self']) {
    const links = linksOf(join(proc, pid));
    if (typeof links === 'object') return links.network;
  }
  return '';
}

function linksOf(directory: string): { network: string; mount: string } | 'hidden' | 'gone' {
  try {
    return {
      network: inodeOf(readlinkSync(join(directory, 'ns/net'))),
      mount: inodeOf(readlinkSync(join(directory, 'ns/mnt'))),
    };
  } catch (error) {
    const code = codeOf(error);
    return code === 'EACCES' || code === 'EPERM' ? 'hidden' : 'gone';
  }
}

/** The link is `net:[4026531833]`. */
function inodeOf(link: string): string {
  return /\[(\d+)\]/.exec(link)?.[1] ?? link;
}

function listPids(proc: string): number[] {
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .slice(0, maxProcesses)
    .map(Number);
}
