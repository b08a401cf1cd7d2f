/**
 * Which containers have a control group now, as the kernel's folders say, without asking the
 * daemon: `docker/<id>`, `system.slice/docker-<id>.scope`, and beside any container that was put
 * under a parent of its own.
 */
import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseMemberships, pathOfContainer } from '../../stats/cgroup/container-cgroup.ts';
import type { CgroupLayout, CgroupMount } from '../../stats/cgroup/layout.ts';
import type { Target } from '../../target.ts';
import { readKernelText } from '../kernel-text.ts';

const folderOfContainer = /^(?:docker-)?([0-9a-f]{64})(?:\.scope)?$/;
const usualParents = ['/docker', '/system.slice'];
const maxParents = 100;

export class ContainerFolders {
  readonly #mount: CgroupMount | undefined;
  readonly #proc: string;
  /** Paths that have containers in them, by the parent that the containers ask for. */
  readonly #parents = new Map<string, string>();

  constructor(layout: CgroupLayout, proc: string) {
    this.#proc = proc;
    this.#mount = layout.mounts.get('pids') ?? layout.unified;
  }

  /** Ids of the containers that have a folder; empty without control groups. */
  list(targets: readonly Target[]): Set<string> {
    const found = new Set<string>();
    const mount = this.#mount;
    if (!mount) return found;
    for (const target of targets) this.#learn(target, mount);
    for (const parent of new Set([...usualParents, ...this.#parents.values()])) {
      for (const name of folderNames(join(mount.directory, parent))) {
        const id = folderOfContainer.exec(name)?.[1];
        if (id !== undefined) found.add(id);
      }
    }
    return found;
  }

  #learn({ dockerId, pid, cgroup }: Target, mount: CgroupMount): void {
    const { parent } = cgroup;
    if (parent === '' || pid === 0 || this.#parents.has(parent)) return;
    if (this.#parents.size >= maxParents) return;
    const { v1, unified } = parseMemberships(
      readKernelText(join(this.#proc, String(pid), 'cgroup')),
    );
    const path = pathOfContainer((mount.version === 1 ? v1.get('pids') : unified) ?? '', dockerId);
    if (path !== undefined) this.#parents.set(parent, posix.dirname(path));
  }
}

function folderNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
