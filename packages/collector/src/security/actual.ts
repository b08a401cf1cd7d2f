/**
 * The isolation that the kernel gives a process, from `/proc/<pid>`: what a container really has,
 * whatever was declared for it.
 *
 *     status              Seccomp, NoNewPrivs, CapEff, CapBnd
 *     uid_map             whether root in the container is root of the host
 *     attr/current        AppArmor profile
 *     ns/*                namespaces, the host's or its own; reading links needs CAP_SYS_PTRACE
 *     mountinfo           whether its root is read-only
 */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@plimsoll/runtime';
import { capabilityNames, decodeCapabilities, everyCapability } from './capabilities.ts';

/** What was found; a key that could not be read is absent. */
export interface ActualSecurity {
  seccomp?: 'disabled' | 'strict' | 'filter';
  noNewPrivileges?: boolean;
  /** Held now. */
  capabilities?: readonly string[];
  /** Held, or to be had by running another program. */
  capabilityBounds?: readonly string[];
  userNamespace?: 'host' | 'remapped';
  apparmor?: string;
  isRootReadOnly?: boolean;
  /** By namespace: the host's, or another. */
  namespaces: Readonly<Partial<Record<NamespaceKind, 'host' | 'own'>>>;
}

export const namespaceKinds = ['pid', 'net', 'ipc', 'mnt', 'uts', 'user', 'cgroup'] as const;
export type NamespaceKind = (typeof namespaceKinds)[number];
export type Namespaces = Readonly<Partial<Record<NamespaceKind, string>>>;

export interface ReadProblem {
  /** File below `/proc/<pid>`. */
  file: string;
  code: string;
}

export interface ActualReading {
  actual: ActualSecurity;
  problems: readonly ReadProblem[];
}

/** Null when the process is not there, or belongs to another container by now. */
export function readActualSecurity(
  proc: string,
  process: { pid: number; containerId: string },
  host: Namespaces,
): ActualReading | null {
  const problems: ReadProblem[] = [];
  const folder = join(proc, String(process.pid));
  const read = (file: string): string | null => {
    try {
      return readFileSync(join(folder, file), 'utf8');
    } catch (error) {
      problems.push({ file, code: codeOf(error) ?? 'unknown' });
      return null;
    }
  };
  const cgroup = read('cgroup');
  if (cgroup !== null && isOfAnother(cgroup, process.containerId)) return null;
  const status = read('status');
  const uidMap = read('uid_map');
  const mounts = read('mountinfo');
  const profile = appArmorProfile(readQuietly(folder));
  const own = readNamespaces(folder);
  if ('code' in own) problems.push({ file: 'ns', code: own.code });
  if (problems.length > 0 && !existsSync(join(folder, 'status'))) return null;
  return {
    actual: {
      ...(status !== null && parseStatus(status)),
      ...(uidMap !== null && parseUidMap(uidMap)),
      ...(mounts !== null && parseRootMount(mounts)),
      ...(profile !== '' && { apparmor: profile }),
      namespaces: compareNamespaces('code' in own ? {} : own.found, host),
    },
    problems,
  };
}

/**
 * Namespaces of the host: those of its first process, or, where that one may not be looked at, of
 * the kernel's own thread 2, which is in the same.
 */
export function hostNamespaces(proc: string): Namespaces | null {
  const first = readNamespaces(join(proc, '1'));
  if (!('code' in first)) return first.found;
  if (!isKernelThread(proc)) return null;
  const thread = readNamespaces(join(proc, '2'));
  return 'code' in thread ? null : thread.found;
}

function isKernelThread(proc: string): boolean {
  try {
    return readFileSync(join(proc, '2/comm'), 'utf8').trim() === 'kthreadd';
  } catch {
    return false;
  }
}

/** A kind that the kernel does not have is absent; the code is why none could be read. */
function readNamespaces(folder: string): { found: Namespaces } | { code: string } {
  const found: Partial<Record<NamespaceKind, string>> = {};
  let code = '';
  for (const kind of namespaceKinds) {
    try {
      found[kind] = readlinkSync(join(folder, 'ns', kind));
    } catch (error) {
      code = codeOf(error) ?? 'unknown';
    }
  }
  return Object.keys(found).length > 0 ? { found } : { code };
}

function compareNamespaces(own: Namespaces, host: Namespaces): ActualSecurity['namespaces'] {
  const found: Partial<Record<NamespaceKind, 'host' | 'own'>> = {};
  for (const kind of namespaceKinds) {
    const its = own[kind];
    const hosts = host[kind];
    if (its !== undefined && hosts !== undefined) found[kind] = its === hosts ? 'host' : 'own';
  }
  return found;
}

/** A pid is used again: a process whose group names containers, but not this one, is another's. */
function isOfAnother(cgroup: string, containerId: string): boolean {
  return /[0-9a-f]{64}/.test(cgroup) && !cgroup.includes(containerId);
}

const seccompModes = { '0': 'disabled', '1': 'strict', '2': 'filter' } as const;

export function parseStatus(status: string): Partial<ActualSecurity> {
  const fields = new Map(
    status.split('\n').map((line): [string, string] => {
      const end = line.indexOf(':');
      return [line.slice(0, Math.max(0, end)), line.slice(end + 1).trim()];
    }),
  );
  const seccomp = seccompModes[(fields.get('Seccomp') ?? '') as keyof typeof seccompModes];
  const held = decodeCapabilities(fields.get('CapEff') ?? '');
  const bounds = decodeCapabilities(fields.get('CapBnd') ?? '');
  const noNewPrivileges = fields.get('NoNewPrivs');
  return {
    ...(seccomp && { seccomp }),
    ...(held && { capabilities: held }),
    ...(bounds && { capabilityBounds: bounds }),
    ...((noNewPrivileges === '0' || noNewPrivileges === '1') && {
      noNewPrivileges: noNewPrivileges === '1',
    }),
  };
}

/** Lines of `inside outside length`: root is id 0 inside. */
export function parseUidMap(uidMap: string): Partial<ActualSecurity> {
  for (const line of uidMap.split('\n')) {
    const [inside, outside] = line.trim().split(/\s+/);
    if (inside === '0' && outside !== undefined && /^\d+$/.test(outside)) {
      return { userNamespace: outside === '0' ? 'host' : 'remapped' };
    }
  }
  return {};
}

/** The fifth field is the mount point, the sixth its options; a later mount hides one before. */
export function parseRootMount(mountinfo: string): Partial<ActualSecurity> {
  let options: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const fields = line.split(' ');
    if (fields[4] === '/') options = fields[5];
  }
  return options === undefined ? {} : { isRootReadOnly: options.split(',').includes('ro') };
}

/** Without an AppArmor in the kernel the file is absent, or cannot be read: no problem. */
function readQuietly(folder: string): string {
  for (const file of ['attr/apparmor/current', 'attr/current']) {
    try {
      return readFileSync(join(folder, file), 'utf8');
    } catch {
      // The other one, or none.
    }
  }
  return '';
}

/** `docker-default (enforce)`; SELinux writes a context of several colons into the same file. */
function appArmorProfile(current: string): string {
  const name = current
    .replaceAll('\0', '')
    .trim()
    .replace(/ \(\w+\)$/, '');
  return name.split(':').length > 3 ? '' : name;
}

/** As the keys of `targets.security`, each with `actual_` before it. */
export function actualFields(actual: ActualSecurity): Record<string, string> {
  const { seccomp, noNewPrivileges, capabilities, userNamespace, apparmor } = actual;
  const namespaces = Object.entries(actual.namespaces).map(([kind, whose]) => [
    `actual_${namespaceNames[kind as NamespaceKind]}_namespace`,
    whose,
  ]);
  return {
    ...(seccomp && { actual_seccomp: seccomp }),
    ...(noNewPrivileges !== undefined && { actual_no_new_privileges: String(noNewPrivileges) }),
    ...(capabilities && { actual_capabilities: capabilityText(capabilities) }),
    ...(userNamespace && { actual_root_user: userNamespace }),
    ...(apparmor !== undefined && { actual_apparmor: apparmor }),
    ...(actual.isRootReadOnly !== undefined && {
      actual_read_only_rootfs: String(actual.isRootReadOnly),
    }),
    ...(Object.fromEntries(namespaces) as Record<string, string>),
  };
}

const namespaceNames: Readonly<Record<NamespaceKind, string>> = {
  pid: 'pid',
  net: 'network',
  ipc: 'ipc',
  mnt: 'mount',
  uts: 'uts',
  user: 'user',
  cgroup: 'cgroup',
};

function capabilityText(names: readonly string[]): string {
  const isEvery = capabilityNames.every((name) => names.includes(name));
  return isEvery ? everyCapability : names.join(',');
}
