/**
 * The containers of pods that have a control group: those that run, whatever runtime made them.
 *
 * A look costs one `stat` for each folder of a pod, because listing one would cost ten times as
 * much (a control group has some fifty files). A folder is listed when the number of its folders
 * changed, when the caller knows that something happened to its pod, and all are once in a while.
 */
import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { CgroupLayout, CgroupMount } from '../../stats/cgroup/layout.ts';
import { folderVersion } from './folder-version.ts';
import {
  isKubepodsFolder,
  parseContainerGroup,
  parseFlatGroup,
  parsePodGroup,
  type PodGroup,
} from './kubepods-names.ts';

export interface ContainerGroup extends PodGroup {
  readonly id: string;
  readonly isDocker: boolean;
  /** Within the hierarchy, such as `kubepods.slice/…/cri-containerd-<id>.scope`. */
  readonly path: string;
  /** Where it is seen here. */
  readonly directory: string;
}

interface Folder {
  version: string;
  readonly containers: ContainerGroup[];
  readonly folders: readonly string[];
  /** Set for the folder of a pod. */
  readonly pod: PodGroup | null;
}

/** Where the folders of pods are looked for, beside the root: kubelets with `--cgroup-root`. */
const roots = ['', 'kubelet.slice', 'kubelet', 'system.slice', 'system.slice/containerd.service'];
const maxFolders = 5000;

export class KubepodsTree {
  readonly #mounts: readonly CgroupMount[];
  #mount: CgroupMount | undefined;
  #folders = new Map<string, Folder>();

  constructor(layout: CgroupLayout) {
    const mounts = [...layout.mounts.values(), ...(layout.unified ? [layout.unified] : [])];
    const seen = new Map(mounts.map((mount) => [mount.directory, mount]));
    this.#mounts = [...seen.values()];
  }

  /** Whether there are folders of pods. */
  get isPresent(): boolean {
    return this.#folders.size > 0;
  }

  *containers(): Iterable<ContainerGroup> {
    for (const { containers } of this.#folders.values()) yield* containers;
  }

  /**
   * @param changedPods uids of pods that something happened to
   * @returns whether a container came or went
   */
  look(isWhole: boolean, changedPods: ReadonlySet<string>): boolean {
    const mount = this.#mount;
    if (isWhole || !mount || !this.isPresent) return this.#lookAtAll();
    const changed: { path: string; folder: Folder; isGone: boolean }[] = [];
    for (const [path, folder] of this.#folders) {
      const isAsked = folder.pod !== null && changedPods.has(folder.pod.podUid);
      const version = folderVersion(join(mount.directory, path));
      if (version !== folder.version || isAsked) changed.push({ path, folder, isGone: !version });
    }
    for (const { path, folder, isGone } of changed) {
      if (isGone) this.#forget(path);
      else this.#readAgain(mount, path, folder);
    }
    return changed.length > 0;
  }

  #lookAtAll(): boolean {
    const before = this.#ids();
    for (const mount of this.#mounts) {
      this.#folders = new Map();
      this.#mount = mount;
      for (const root of roots) this.#readRoot(mount, root);
      if (this.isPresent) break;
    }
    const after = this.#ids();
    return after.size !== before.size || !after.isSubsetOf(before);
  }

  #ids(): Set<string> {
    return new Set([...this.containers()].map(({ id }) => id));
  }

  #readRoot(mount: CgroupMount, root: string): void {
    const flat: ContainerGroup[] = [];
    for (const name of foldersIn(join(mount.directory, root))) {
      const path = posix.join(root, name);
      const container = parseFlatGroup(name);
      if (container) flat.push(groupAt(mount, path, { ...container, isDocker: false }));
      else if (isKubepodsFolder(name)) this.#read(mount, path, null);
    }
    if (flat.length === 0) return;
    const version = folderVersion(join(mount.directory, root));
    this.#folders.set(root, { version, containers: flat, folders: [], pod: null });
  }

  #readAgain(mount: CgroupMount, path: string, before: Folder): void {
    this.#folders.delete(path);
    this.#read(mount, path, before.pod);
    const left = new Set(this.#folders.get(path)?.folders);
    for (const child of before.folders) if (!left.has(child)) this.#forget(child);
  }

  /** With what lies in it, as far as that is not known. */
  #read(mount: CgroupMount, path: string, pod: PodGroup | null): void {
    if (this.#folders.size >= maxFolders) return;
    const directory = join(mount.directory, path);
    // Before the list: what comes in between is seen by the next look.
    const version = folderVersion(directory);
    const containers: ContainerGroup[] = [];
    const folders: string[] = [];
    for (const name of foldersIn(directory)) {
      const child = posix.join(path, name);
      const container = pod && parseContainerGroup(name);
      if (container) containers.push(groupAt(mount, child, { ...pod, ...container }));
      else if (!pod) folders.push(child);
    }
    this.#folders.set(path, { version, containers, folders, pod });
    for (const child of folders) {
      if (this.#folders.has(child)) continue;
      const childPod = parsePodGroup(posix.basename(child), posix.basename(path));
      if (childPod || isQosFolder(posix.basename(child))) this.#read(mount, child, childPod);
    }
  }

  #forget(path: string): void {
    const folder = this.#folders.get(path);
    this.#folders.delete(path);
    for (const child of folder?.folders ?? []) this.#forget(child);
  }
}

function groupAt(
  mount: CgroupMount,
  path: string,
  group: PodGroup & { id: string; isDocker: boolean },
): ContainerGroup {
  const { podUid, qosClass, id, isDocker } = group;
  return { podUid, qosClass, id, isDocker, path, directory: join(mount.directory, path) };
}

function isQosFolder(name: string): boolean {
  return name === 'burstable' || name === 'besteffort' || isKubepodsFolder(name);
}

function foldersIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
