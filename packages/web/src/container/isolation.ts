/** What keeps a container from its host: as declared, and as the kernel gives it. */
export interface IsolationRow {
  name: string;
  value: string;
  /** Less is kept from it than from an ordinary container. */
  isOpen: boolean;
}

const actualPrefix = 'actual_';

export function isolationRows(security: Readonly<Record<string, string>>): {
  declared: IsolationRow[];
  actual: IsolationRow[];
} {
  const rows = Object.entries(security).filter(([, value]) => value !== '');
  const isActual = ([key]: [string, string]): boolean => key.startsWith(actualPrefix);
  return {
    declared: rows.filter((row) => !isActual(row)).map(([key, value]) => rowOf(key, value)),
    actual: rows
      .filter(isActual)
      .map(([key, value]) => rowOf(key.slice(actualPrefix.length), value)),
  };
}

function rowOf(key: string, value: string): IsolationRow {
  return { name: key.replaceAll('_', ' '), value, isOpen: isOpen(key, value) };
}

/** Root of the container is root of the host with most installations: that alone is no mark. */
const ordinaryHostKeys: ReadonlySet<string> = new Set([
  'user_namespace',
  'root_user',
  'cgroup_namespace',
]);
const openWhenTrue: ReadonlySet<string> = new Set([
  'privileged',
  'docker_socket_mounted',
  'root_mounted',
]);
const listsOfOpenings: ReadonlySet<string> = new Set([
  'capabilities_added',
  'devices',
  'host_mounts_writable',
]);

function isOpen(key: string, value: string): boolean {
  if (openWhenTrue.has(key)) return value === 'true';
  if (listsOfOpenings.has(key)) return true;
  if (key === 'masked_paths') return value === 'false';
  if (key === 'memory_limit' || key === 'pids_limit') return value === 'none';
  if (value === 'unconfined' || value === 'disabled') return true;
  return value === 'host' && !ordinaryHostKeys.has(key);
}
