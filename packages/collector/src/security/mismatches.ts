/**
 * Where the kernel gives a container less isolation than was declared for it. More isolation than
 * declared is no mismatch: a daemon that is confined itself confines all it starts.
 */
import type { ActualSecurity, NamespaceKind } from './actual.ts';
import { allowedCapabilities, everyCapability } from './capabilities.ts';

export interface SecurityMismatch {
  /** Key of `targets.security`. */
  name: string;
  declared: string;
  actual: string;
}

/** @param declared empty where nothing is known of it, as for containers of a pod */
export function securityMismatches(
  declared: Readonly<Record<string, string>>,
  actual: ActualSecurity,
): SecurityMismatch[] {
  if (declared['privileged'] === undefined) return [];
  const found = [
    seccompMismatch(declared, actual),
    booleanMismatch('no_new_privileges', declared, actual.noNewPrivileges),
    booleanMismatch('read_only_rootfs', declared, actual.isRootReadOnly),
    userMismatch(declared, actual),
    appArmorMismatch(declared, actual),
    capabilityMismatch(declared, actual),
    ...namespaceModes.map(([name, kind]) =>
      namespaceMismatch(name, declared, actual.namespaces[kind]),
    ),
  ];
  return found.filter((mismatch) => mismatch !== null);
}

type Declared = Readonly<Record<string, string>>;

const namespaceModes: readonly (readonly [string, NamespaceKind])[] = [
  ['pid_mode', 'pid'],
  ['network_mode', 'net'],
  ['ipc_mode', 'ipc'],
  ['uts_mode', 'uts'],
];

function seccompMismatch(declared: Declared, { seccomp }: ActualSecurity): SecurityMismatch | null {
  const profile = declared['seccomp'] ?? '';
  const isConfined = profile === 'default' || profile === 'custom';
  if (!isConfined || seccomp !== 'disabled') return null;
  return { name: 'seccomp', declared: profile, actual: seccomp };
}

function booleanMismatch(
  name: string,
  declared: Declared,
  actual: boolean | undefined,
): SecurityMismatch | null {
  if (declared[name] !== 'true' || actual !== false) return null;
  return { name, declared: 'true', actual: 'false' };
}

function userMismatch(
  declared: Declared,
  { userNamespace }: ActualSecurity,
): SecurityMismatch | null {
  if (declared['user_namespace'] !== 'remapped' || userNamespace !== 'host') return null;
  return { name: 'user_namespace', declared: 'remapped', actual: 'host' };
}

function appArmorMismatch(
  declared: Declared,
  { apparmor }: ActualSecurity,
): SecurityMismatch | null {
  const profile = declared['apparmor'] ?? '';
  const isConfined = profile !== '' && profile !== 'unconfined' && profile !== 'unavailable';
  if (!isConfined || apparmor !== 'unconfined') return null;
  return { name: 'apparmor', declared: profile, actual: apparmor };
}

/** Held, or to be had, beyond what was declared. */
function capabilityMismatch(
  declared: Declared,
  { capabilities, capabilityBounds }: ActualSecurity,
): SecurityMismatch | null {
  const added = names(declared['capabilities_added']);
  if (declared['privileged'] === 'true' || added.includes(everyCapability)) return null;
  const allowed = allowedCapabilities(added, names(declared['capabilities_dropped']));
  const had = [...new Set([...(capabilities ?? []), ...(capabilityBounds ?? [])])];
  const beyond = had.filter((name) => !allowed.has(name)).toSorted();
  if (beyond.length === 0) return null;
  return {
    name: 'capabilities',
    declared: [...allowed].toSorted().join(','),
    actual: had.toSorted().join(','),
  };
}

/** A container that joined another's namespace may share the host's through it. */
function namespaceMismatch(
  name: string,
  declared: Declared,
  actual: 'host' | 'own' | undefined,
): SecurityMismatch | null {
  const mode = declared[name] ?? 'host';
  if (actual !== 'host' || mode === 'host' || mode.startsWith('container:')) return null;
  return { name, declared: mode, actual: 'host' };
}

function names(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((name) => name !== '');
}
