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
