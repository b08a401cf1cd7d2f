import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMountinfo } from '../../stats/cgroup/mountinfo.ts';

/**
 * Folder of what a container wrote over its image, as the host names it: the upper directory of the
 * overlay that its init process has for a root. Empty for another kind of root.
 */
export function readWritableLayer(proc: string, pid: number): string {
  try {
    return parseUpperDirectory(readFileSync(join(proc, String(pid), 'mountinfo'), 'utf8'));
  } catch {
    return '';
  }
}

export function parseUpperDirectory(mountinfo: string): string {
  const root = parseMountinfo(mountinfo).findLast(({ mountpoint }) => mountpoint === '/');
  if (root?.fstype !== 'overlay') return '';
  const option = root.superOptions.find((each) => each.startsWith('upperdir='));
  const directory = option?.slice('upperdir='.length) ?? '';
  return directory.startsWith('/') ? directory : '';
}
