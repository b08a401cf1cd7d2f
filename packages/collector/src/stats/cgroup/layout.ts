/**
 * Which control group hierarchies this host has, and where. Three arrangements exist:
 *
 * ```
 * v1      one mount per controller                      /sys/fs/cgroup/memory, …/cpu, …
 * v2      one mount for all                             /sys/fs/cgroup
 * hybrid  v1 mounts, and a v2 mount beside them that    /sys/fs/cgroup/unified
 *         has pressure and cgroup.stat
 * ```
 *
 * A controller is bound to one hierarchy for the whole kernel, so each is looked up by itself: its
 * v1 mount if there is one, else the v2 mount. See Documentation/admin-guide/cgroup-v2.rst.
 */
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Mount, parseMountinfo } from './mountinfo.ts';

/** What we read, by what it accounts for; v1 calls `io` blkio. */
export const controllers = ['memory', 'cpu', 'cpuacct', 'pids', 'io'] as const;
export type Controller = (typeof controllers)[number];
/** `none`: no control groups are mounted, so containers have no values of theirs. */
export type CgroupMode = 'v1' | 'v2' | 'hybrid' | 'none';

export interface CgroupMount {
  readonly version: 1 | 2;
  readonly directory: string;
  /** Path within the hierarchy that `directory` shows; `/` unless mounted inside a container. */
  readonly root: string;
}

export interface CgroupLayout {
  readonly mode: CgroupMode;
  readonly mounts: ReadonlyMap<Controller, CgroupMount>;
  /** The v2 hierarchy: pressure and cgroup.stat are there in both v2 and hybrid mode. */
  readonly unified: CgroupMount | undefined;
}

/** CGROUP2_SUPER_MAGIC of linux/magic.h. */
const cgroup2Magic = 0x63677270;

export interface CgroupRoots {
  proc: string;
  sys: string;
  /** Folder of the hierarchies, or `auto`: as `<proc>/self/mountinfo` says. */
  cgroup: string;
}

export function detectCgroupLayout(roots: CgroupRoots): CgroupLayout {
  if (roots.cgroup !== 'auto') return layoutOfDirectory(roots.cgroup);
  const text = readText(join(roots.proc, 'self/mountinfo'));
  const layout = text === undefined ? undefined : layoutOfMounts(parseMountinfo(text));
  if (layout && layout.mode !== 'none') return layout;
  return layoutOfDirectory(join(roots.sys, 'fs/cgroup'));
}

/** The layout that a list of mounts describes. */
export function layoutOfMounts(mounts: readonly Mount[]): CgroupLayout {
  const found = new Map<Controller, CgroupMount>();
  let unified: CgroupMount | undefined;
  for (const mount of mounts) {
    if (mount.fstype === 'cgroup2') {
      unified = wider(unified, { version: 2, directory: mount.mountpoint, root: mount.root });
    } else if (mount.fstype === 'cgroup') {
      for (const controller of controllersOfV1(mount.superOptions)) {
        const candidate: CgroupMount = {
          version: 1,
          directory: mount.mountpoint,
          root: mount.root,
        };
        found.set(controller, wider(found.get(controller), candidate));
      }
    }
  }
  return compose(found, unified);
}

/** The layout of a tree of files, mounted or recorded. */
export function layoutOfDirectory(directory: string): CgroupLayout {
  if (!existsSync(directory)) return compose(new Map(), undefined);
  const found = new Map<Controller, CgroupMount>();
  const isV2 = existsSync(join(directory, 'cgroup.controllers')) || isCgroup2(directory);
  if (!isV2) {
    for (const entry of folderEntries(directory)) {
      for (const controller of controllersOfV1(entry.split(','))) {
        found.set(controller, { version: 1, directory: join(directory, entry), root: '/' });
      }
    }
  }
  if (found.size === 0) return compose(found, { version: 2, directory, root: '/' });
  const beside = join(directory, 'unified');
  return compose(
    found,
    existsSync(beside) ? { version: 2, directory: beside, root: '/' } : undefined,
  );
}

function compose(
  v1: ReadonlyMap<Controller, CgroupMount>,
  unified: CgroupMount | undefined,
): CgroupLayout {
  const mounts = new Map<Controller, CgroupMount>();
  for (const controller of controllers) {
    const mount = v1.get(controller) ?? unified;
    if (mount) mounts.set(controller, mount);
  }
  if (v1.size === 0) return { mode: unified ? 'v2' : 'none', mounts, unified };
  return { mode: unified ? 'hybrid' : 'v1', mounts, unified };
}

function controllersOfV1(words: readonly string[]): Controller[] {
  const found: Controller[] = [];
  for (const word of words) {
    const name = word === 'blkio' ? 'io' : word;
    const controller = controllers.find((known) => known === name);
    if (controller) found.push(controller);
  }
  return found;
}

/** Of two mounts of one hierarchy, the one that shows more of it. */
function wider(current: CgroupMount | undefined, candidate: CgroupMount): CgroupMount {
  return current && narrowness(current) <= narrowness(candidate) ? current : candidate;
}

/**
 * Within a cgroup namespace its own root is `/` and what lies above is `/..`, so that each step up
 * shows more; elsewhere a longer path shows less.
 */
function narrowness({ root }: CgroupMount): number {
  const above = root.split('/').filter((folder) => folder === '..').length;
  return above > 0 ? -above : root.length;
}

function isCgroup2(directory: string): boolean {
  try {
    return statfsSync(directory).type === cgroup2Magic;
  } catch {
    return false;
  }
}

function folderEntries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
