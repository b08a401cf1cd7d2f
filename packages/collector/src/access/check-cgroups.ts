import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@plimsoll/runtime';
import { detectCgroupLayout, type CgroupMount, type CgroupRoots } from '../stats/cgroup/layout.ts';
import { fine, type Finding } from './finding.ts';

const subject = 'control groups';
const lost = 'memory, CPU, I/O and limits of containers';

/** Whether the host's control groups are seen, and all of them. */
export function checkCgroups(roots: CgroupRoots): Finding {
  const layout = detectCgroupLayout(roots);
  const mount = layout.mounts.get('memory') ?? layout.unified;
  if (mount === undefined) {
    const message = `none are mounted (looked at ${roots.proc}/self/mountinfo and ${roots.sys}/fs/cgroup)`;
    const remedy = 'mount the host’s /sys/fs/cgroup and set collector.roots.cgroup';
    return { subject, level: 'warn', message, lost, remedy };
  }
  const where = `${layout.mode} at ${mount.directory}`;
  try {
    readdirSync(mount.directory);
  } catch (error) {
    const message = `${where} cannot be read (${codeOf(error) ?? String(error)})`;
    return { subject, level: 'warn', message, lost, remedy: 'give read access to that folder' };
  }
  if (isWhole(mount)) return fine(subject, where);
  return {
    subject,
    level: 'warn',
    message: `${where} shows only those of this container`,
    lost,
    remedy:
      'run with --cgroupns=host, or mount the host’s /sys/fs/cgroup and set collector.roots.cgroup',
  };
}

/**
 * The root of a hierarchy lacks what its children have, and the other way round
 * (Documentation/admin-guide/cgroup-v1/cgroups.rst, cgroup-v2.rst).
 */
function isWhole({ version, directory, root }: CgroupMount): boolean {
  if (version === 2) return !existsSync(join(directory, 'cgroup.events'));
  // Recorded trees have no file of their root at all.
  const isRecorded = !existsSync(join(directory, 'cgroup.procs'));
  return isRecorded || (root === '/' && existsSync(join(directory, 'release_agent')));
}
