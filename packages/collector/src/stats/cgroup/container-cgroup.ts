/**
 * Where a container's control groups are. `/proc/<pid>/cgroup` of its init process says it for
 * every driver and runtime:
 *
 * ```
 * 4:memory:/docker/<id>                                  v1, cgroupfs driver
 * 0::/system.slice/docker-<id>.scope                     v2, systemd driver
 * 0::/kubepods.slice/…/cri-containerd-<id>.scope         Kubernetes
 * 4:memory:/docker/<outer>/docker/<id>                   Docker in Docker
 * 0::/docker/<id>/init.scope                             systemd runs inside: above the id is ours
 * ```
 *
 * A path that does not name the container is not believed: the pid was taken over by another
 * process. Then, where the path is relative to a namespace of ours, and for recorded trees, the
 * usual places of the id are tried, and at last the hierarchy is looked through for it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { ContainerIndex } from './container-index.ts';
import { type CgroupLayout, type CgroupMount, type Controller, controllers } from './layout.ts';

/** What must be known of a container to find its control groups. */
export interface CgroupOwner {
  readonly dockerId: string;
  readonly pid: number;
  readonly cgroup: { readonly parent: string; readonly driver: string };
}

export interface CgroupDirectory {
  readonly version: 1 | 2;
  readonly directory: string;
  /** Root of the mount: effective limits are looked for from `directory` up to here, exclusive. */
  readonly mountDirectory: string;
}

export interface ContainerCgroup {
  readonly controllers: ReadonlyMap<Controller, CgroupDirectory>;
  readonly unified: CgroupDirectory | undefined;
}

export interface CgroupPlaces {
  readonly layout: CgroupLayout;
  readonly index: ContainerIndex;
  /** Root of the kernel's process files. */
  readonly proc: string;
}

/** The directories that exist; no controllers at all when the container has none (yet). */
export function findContainerCgroup(
  { layout, index, proc }: CgroupPlaces,
  owner: CgroupOwner,
): ContainerCgroup {
  const memberships = readMemberships(join(proc, String(owner.pid), 'cgroup'), owner.pid);
  const find = (mount: CgroupMount, path: string | undefined): CgroupDirectory | undefined =>
    findDirectory(mount, owner, path) ?? searched(mount, owner, index);
  const found = new Map<Controller, CgroupDirectory>();
  for (const controller of controllers) {
    const mount = layout.mounts.get(controller);
    if (!mount) continue;
    const path = mount.version === 1 ? memberships.v1.get(controller) : memberships.unified;
    const directory = find(mount, path);
    if (directory) found.set(controller, directory);
  }
  return {
    controllers: found,
    unified: layout.unified && find(layout.unified, memberships.unified),
  };
}

export interface Memberships {
  v1: ReadonlyMap<Controller, string>;
  unified: string | undefined;
}

/** Reads `N:controller,…:/path` and `0::/path` lines; others are left out. */
export function parseMemberships(text: string): Memberships {
  const v1 = new Map<Controller, string>();
  let unified: string | undefined;
  for (const line of text.split('\n')) {
    const first = line.indexOf(':');
    const second = line.indexOf(':', first + 1);
    if (first < 0 || second < 0) continue;
    const path = line.slice(second + 1);
    if (line.startsWith('0::')) unified = path;
    for (const name of line.slice(first + 1, second).split(',')) {
      const wanted = name === 'blkio' ? 'io' : name;
      const controller = controllers.find((known) => known === wanted);
      if (controller) v1.set(controller, path);
    }
  }
  return { v1, unified };
}

function readMemberships(path: string, pid: number): Memberships {
  if (pid <= 0) return parseMemberships('');
  try {
    return parseMemberships(readFileSync(path, 'utf8'));
  } catch {
    return parseMemberships('');
  }
}

function findDirectory(
  mount: CgroupMount,
  owner: CgroupOwner,
  membership: string | undefined,
): CgroupDirectory | undefined {
  const own = membership === undefined ? undefined : pathOfContainer(membership, owner.dockerId);
  const candidates = own === undefined ? [] : [withinMount(mount, own)];
  candidates.push(...knownPlaces(owner));
  for (const candidate of candidates) {
    const directory = join(mount.directory, candidate);
    if (existsSync(directory)) {
      return { version: mount.version, directory, mountDirectory: mount.directory };
    }
  }
  return undefined;
}

function searched(
  mount: CgroupMount,
  owner: CgroupOwner,
  index: ContainerIndex,
): CgroupDirectory | undefined {
  // Without a process there is nothing to be found.
  const path = owner.pid > 0 ? index.find(mount.directory, owner.dockerId) : undefined;
  if (path === undefined) return undefined;
  const { version, directory } = mount;
  return { version, directory: join(directory, path), mountDirectory: directory };
}

/** The path up to the last folder that names the container; undefined when none does. */
export function pathOfContainer(path: string, id: string): string | undefined {
  if (id === '') return undefined;
  const folders = posix.join('/', path).split('/');
  const index = folders.findLastIndex((folder) => folder.includes(id));
  return index < 0 ? undefined : folders.slice(0, index + 1).join('/');
}

function withinMount(mount: CgroupMount, path: string): string {
  if (mount.root !== '/' && (path === mount.root || path.startsWith(`${mount.root}/`))) {
    return path.slice(mount.root.length);
  }
  return path;
}

function knownPlaces(owner: CgroupOwner): string[] {
  const { dockerId: id } = owner;
  const { parent, driver } = owner.cgroup;
  const places = [`docker/${id}`, `system.slice/docker-${id}.scope`];
  if (parent !== '') {
    places.unshift(
      driver === 'systemd'
        ? posix.join(expandSlice(parent), `docker-${id}.scope`)
        : join(parent, id),
    );
  }
  return [...places, `machine.slice/libpod-${id}.scope`];
}

/** systemd nests slices by their dashes: `a-b.slice` lies in `a.slice/a-b.slice`. */
function expandSlice(slice: string): string {
  if (!slice.endsWith('.slice') || slice.includes('/')) return slice;
  const words = slice.slice(0, -'.slice'.length).split('-');
  return words.map((_, index) => `${words.slice(0, index + 1).join('-')}.slice`).join('/');
}
