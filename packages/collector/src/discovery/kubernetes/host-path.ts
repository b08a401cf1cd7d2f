/**
 * Paths of the host, seen through a mount of its file system. A symbolic link with an absolute
 * destination (such as `/var/log/pods -> /mnt/disk/pods`) would lead out of the mount; so links are
 * followed here, step by step, below the root.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';

/** As the kernel has it: ELOOP above. */
const maxLinks = 40;

/**
 * The same place without symbolic links, as the host names it; what does not exist stays as it is.
 *
 * @param root where the host's file system is seen
 */
export function resolveHostPath(root: string, path: string): string {
  const left = posix.resolve('/', path).split('/').filter(Boolean);
  let resolved = '/';
  let links = 0;
  for (let folder = left.shift(); folder !== undefined; folder = left.shift()) {
    const next = posix.join(resolved, folder);
    const destination = links < maxLinks ? destinationOf(join(root, next)) : null;
    if (destination === null) {
      resolved = next;
      continue;
    }
    links += 1;
    const target = posix.resolve(resolved, destination);
    left.unshift(...target.split('/').filter(Boolean));
    resolved = '/';
  }
  return resolved;
}

function destinationOf(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null;
  }
}
