import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Container ids within control group paths of the kernel log: `/docker/<id>`,
 * `/system.slice/docker-<id>.scope`, `/kubepods.slice/…/cri-containerd-<id>.scope`,
 * `/kubepods/burstable/pod…/<id>`.
 */
const containerId = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/** The ids a path names, innermost first; none for the host's own groups. */
export function containerIdsOf(path: string): string[] {
  return [...path.matchAll(containerId)].map(([id]) => id).toReversed();
}

/** Longest name of a process that the kernel keeps, in bytes. */
const maxNameLength = 15;

/**
 * The container that a process is in, by its control group; `directory` is its folder of procfs.
 * Undefined when it is in none, or is not (or no longer) the process of that name.
 */
export function containerOfProcess(directory: string, name: string): string | undefined {
  try {
    const comm = readFileSync(join(directory, 'comm'), 'utf8').trimEnd();
    if (name !== '' && comm !== name.slice(0, maxNameLength)) return undefined;
    return containerIdsOf(readFileSync(join(directory, 'cgroup'), 'utf8'))[0];
  } catch {
    return undefined;
  }
}
