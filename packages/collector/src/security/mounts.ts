/** What the host's folders that a container has mounted say of its isolation. */
import { isTrue, list, text } from '../discovery/json-fields.ts';

/** Folders of the host through which a container that may write to them can change the host. */
const sensitive = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib64',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  '/usr',
  '/var/lib/containerd',
  '/var/lib/docker',
  '/var/lib/kubelet',
  '/var/run',
  '/var/spool/cron',
];

/** Below sensitive folders, but made for one container. */
const ofContainers = ['/var/lib/kubelet/pods', '/var/lib/docker/volumes', '/dev/shm'];

const runtimeSockets = /\/(?:docker|containerd|crio|podman|dockershim|cri-dockerd)\.sock$/;
const maxListed = 50;

export function mountFindings(description: unknown): Record<string, string> {
  const binds = list(description, 'Mounts')
    .filter((mount) => text(mount, 'Type') === 'bind' || text(mount, 'Type') === '')
    .map((mount) => ({ source: plain(text(mount, 'Source')), isWritable: isTrue(mount, 'RW') }))
    .filter(({ source }) => source.startsWith('/'));
  const writable = binds
    .filter(({ source, isWritable }) => isWritable && isSensitive(source))
    .map(({ source }) => source);
  return {
    // Writing to a socket needs no mount that is writable.
    docker_socket_mounted: String(binds.some(({ source }) => holdsRuntimeSocket(source))),
    root_mounted: String(binds.some(({ source }) => source === '/')),
    host_mounts_writable: [...new Set(writable)].toSorted().slice(0, maxListed).join(','),
  };
}

function holdsRuntimeSocket(source: string): boolean {
  return runtimeSockets.test(source) || ['/', '/run', '/var', '/var/run'].includes(source);
}

function isSensitive(source: string): boolean {
  if (source === '/' || source === '/var' || source === '/var/lib') return true;
  if (runtimeSockets.test(source)) return true;
  return isWithin(source, sensitive) && !isWithin(source, ofContainers);
}

function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

/** Without a slash at its end. */
function plain(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}
