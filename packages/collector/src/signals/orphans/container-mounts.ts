/**
 * Mounts that a container runtime makes on the host, told by their paths:
 *
 * ```
 * <root>/overlay2/<layer>/merged                     Docker, root of a container
 * <root>/rootfs/overlayfs/<id>                       Docker with containerd's image store
 * <root>/overlay/<layer>/merged                      podman, CRI-O
 * /run/containerd/io.containerd.…/<ns>/<id>/rootfs   containerd
 * …/containers/<id>/mounts/shm, …/<id>/shm           memory shared between its processes
 * …/netns/<12 hex digits>, …/netns/cni-<uuid>        network namespaces kept alive (nsfs)
 * ```
 *
 * A root or shared memory is in use when its device is that of `/` or `/dev/shm` in the mount
 * namespace of any process; being listed there elsewhere means nothing, since a service with a
 * private namespace has copies of all mounts of the host. A network namespace is in use when a
 * process is in it. Networks of Swarm keep namespaces without processes; they have other names.
 */
import type { Mount } from '../../stats/cgroup/mountinfo.ts';

export interface ContainerMount {
  type: 'root' | 'shm' | 'network_namespace';
  mountpoint: string;
  /** `major:minor`, or the inode of a network namespace. */
  identity: string;
  /** Container that the path names; empty when it names a layer. */
  containerId: string;
}

const rootPath =
  /\/(?:overlay2?\/[0-9a-z]{8,64}\/merged|rootfs\/overlayfs\/[0-9a-f]{64}|io\.containerd\.[^/]+\/[^/]+\/[^/]+\/rootfs)$/;
const shmPath = /\/(?:containers|overlay-containers|sandboxes)\/[0-9a-f]{64}\/(?:[^/]+\/)?shm$/;
const networkPath = /\/netns\/(?:[0-9a-f]{12}|cni-[0-9a-f-]{36})$/;
/** `46 42 0:39 / /dev/shm rw,relatime …` */
const mountInUse = /^\d+ \d+ (\d+:\d+) \S+ (?:\/|\/dev\/shm) /gm;
const containerId = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;

/** Each once, although it may be listed in the namespaces of several processes. */
export function findContainerMounts(mounts: readonly Mount[]): ContainerMount[] {
  const found = new Map<string, ContainerMount>();
  for (const mount of mounts) {
    const known = classify(mount);
    if (known) found.set(known.mountpoint, known);
  }
  return [...found.values()];
}

/** Inodes of the network namespaces that are mounted somewhere, containers' or not. */
export function mountedNetworks(mounts: readonly Mount[]): string[] {
  return mounts.flatMap((mount) => networkInode(mount) ?? []);
}

/** Devices that a mount namespace has at `/` and `/dev/shm`, from its mountinfo. */
export function devicesInUse(mountinfo: string): string[] {
  return [...mountinfo.matchAll(mountInUse)].flatMap(([, device]) => device ?? []);
}

function classify(mount: Mount): ContainerMount | undefined {
  const { mountpoint, fstype, device } = mount;
  const id = containerId.exec(mountpoint)?.[0] ?? '';
  if (fstype === 'overlay' && rootPath.test(mountpoint)) {
    const isLayer = /\/overlay2?\//.test(mountpoint);
    return { type: 'root', mountpoint, identity: device, containerId: isLayer ? '' : id };
  }
  if (fstype === 'tmpfs' && shmPath.test(mountpoint)) {
    return { type: 'shm', mountpoint, identity: device, containerId: id };
  }
  const inode = networkInode(mount);
  if (inode === undefined || !networkPath.test(mountpoint)) return undefined;
  return { type: 'network_namespace', mountpoint, identity: inode, containerId: '' };
}

function networkInode({ root }: Mount): string | undefined {
  return /^net:\[(\d+)\]$/.exec(root)?.[1];
}
