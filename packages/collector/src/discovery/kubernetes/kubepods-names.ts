/**
 * Names of the control groups that the kubelet and the runtimes make for pods:
 *
 * ```
 * systemd driver
 *   kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid, - as _>.slice/
 *     cri-containerd-<id>.scope    crio-<id>.scope    docker-<id>.scope
 * cgroupfs driver
 *   kubepods/burstable/pod<uid>/<id>                  kubepods/besteffort/pod<uid>/crio-<id>
 * kubelet with systemd, containerd without
 *   kubepods-burstable-pod<uid, - as _>.slice:cri-containerd:<id>
 * ```
 *
 * Guaranteed pods have no folder of their class. A kubelet with `--cgroup-root` puts its word
 * before `kubepods`, as in `kubelet-kubepods-burstable.slice`. A static pod's uid is a hash, which
 * has no dashes.
 */
export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

export interface PodGroup {
  readonly podUid: string;
  readonly qosClass: QosClass;
}

export interface ContainerGroupName {
  readonly id: string;
  /** Made through Docker, whose discovery describes it. */
  readonly isDocker: boolean;
}

const containerId = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;
/** The monitor of a container of CRI-O carries the id, too. */
const monitor = /(?:^|[-:])conmon-/;
const systemdPod = /(?:^|-)kubepods(?:-(burstable|besteffort))?-pod([^:]+)\.slice$/;
const plainPod = /^pod([^:_][^:]*)$/;
const plainParent = /(?:^|-)kubepods$|^burstable$|^besteffort$/;
const flatContainer = /^(.+\.slice):[^:]*:([0-9a-f]{64})$/;

/** Whether the folder, by its name, holds those of pods. */
export function isKubepodsFolder(name: string): boolean {
  return /(?:^|-)kubepods(?:-(?:burstable|besteffort))?(?:\.slice)?$/.test(name);
}

/** @param parent name of the folder that it lies in: without systemd it tells the class */
export function parsePodGroup(name: string, parent: string): PodGroup | null {
  const [, systemdClass, escaped] = systemdPod.exec(name) ?? [];
  if (escaped !== undefined) {
    return { podUid: escaped.replaceAll('_', '-'), qosClass: classOf(systemdClass) };
  }
  const uid = plainPod.exec(name)?.[1];
  if (uid === undefined || !plainParent.test(parent)) return null;
  return { podUid: uid, qosClass: classOf(parent) };
}

/** The container of a folder within a pod's. */
export function parseContainerGroup(name: string): ContainerGroupName | null {
  const id = containerId.exec(name)?.[0];
  if (id === undefined || monitor.test(name)) return null;
  return { id, isDocker: name.startsWith('docker-') };
}

/** Pod and container of a folder that names both. */
export function parseFlatGroup(name: string): (PodGroup & { readonly id: string }) | null {
  const [, slice, id] = flatContainer.exec(name) ?? [];
  if (slice === undefined || id === undefined) return null;
  const pod = parsePodGroup(slice, '');
  return pod && { ...pod, id };
}

function classOf(word: string | undefined): QosClass {
  if (word === 'burstable') return 'Burstable';
  return word === 'besteffort' ? 'BestEffort' : 'Guaranteed';
}
