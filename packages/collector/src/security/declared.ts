/**
 * What a container's description says of its isolation, as the flat map of `targets.security`.
 *
 * Values: `true` and `false`; lists with commas in alphabetical order, '' for an empty one; `none`
 * for a limit that is not set; names and modes as Docker writes them. A key whose value cannot be
 * known is absent.
 */
import { at, isTrue, list, text, textList, textMap, whole } from '../discovery/json-fields.ts';
import { normalizeCapabilities } from './capabilities.ts';
import { mountFindings } from './mounts.ts';

/** @param daemonOptions `SecurityOptions` of the daemon's `/info`; null when not known */
export function declaredSecurity(
  description: unknown,
  daemonOptions: readonly string[] | null,
): Record<string, string> {
  const hostConfig = at(description, 'HostConfig');
  if (typeof hostConfig !== 'object' || hostConfig === null) return {};
  const isPrivileged = isTrue(hostConfig, 'Privileged');
  const options = optionsOf(hostConfig);
  const context = { hostConfig, isPrivileged, options, daemonOptions };
  return {
    privileged: String(isPrivileged),
    user: text(description, 'Config', 'User') || 'root',
    user_namespace: userNamespaceOf(context),
    seccomp: seccompOf(context),
    apparmor: appArmorOf(context, text(description, 'AppArmorProfile')),
    no_new_privileges: String(hasNoNewPrivileges(context)),
    capabilities_added: normalizeCapabilities(textList(hostConfig, 'CapAdd')).join(','),
    capabilities_dropped: normalizeCapabilities(textList(hostConfig, 'CapDrop')).join(','),
    pid_mode: text(hostConfig, 'PidMode') || 'private',
    network_mode: text(hostConfig, 'NetworkMode') || 'default',
    ipc_mode: text(hostConfig, 'IpcMode') || 'default',
    uts_mode: text(hostConfig, 'UTSMode') || 'private',
    ...mountFindings(description),
    devices: devicesOf(hostConfig),
    masked_paths: String(!isPrivileged && hasMaskedPaths(hostConfig)),
    read_only_rootfs: String(isTrue(hostConfig, 'ReadonlyRootfs')),
    memory_limit: limitOf(hostConfig, 'Memory'),
    pids_limit: limitOf(hostConfig, 'PidsLimit'),
    cpu_limit: whole(hostConfig, 'NanoCpus') || whole(hostConfig, 'CpuQuota') ? 'set' : 'none',
    storage_limit: textMap(hostConfig, 'StorageOpt')['size'] ?? 'none',
    ...logLimit(hostConfig),
  };
}

interface Context {
  hostConfig: unknown;
  isPrivileged: boolean;
  options: ReadonlyMap<string, string>;
  daemonOptions: readonly string[] | null;
}

/** `SecurityOpt`: `key=value`, once `key:value`, or a key alone. */
function optionsOf(hostConfig: unknown): ReadonlyMap<string, string> {
  return new Map(
    textList(hostConfig, 'SecurityOpt').map((option): [string, string] => {
      const end = option.search(/[=:]/);
      return end < 0 ? [option, 'true'] : [option.slice(0, end), option.slice(end + 1)];
    }),
  );
}

function hasDaemonOption({ daemonOptions }: Context, name: string): boolean {
  return daemonOptions?.some((option) => option.split(',')[0] === `name=${name}`) ?? false;
}

/** `remapped`: root in the container is not root of the host. */
function userNamespaceOf(context: Context): string {
  const mode = text(context.hostConfig, 'UsernsMode');
  if (mode === 'host') return 'host';
  const isRemapped =
    mode !== '' || hasDaemonOption(context, 'userns') || hasDaemonOption(context, 'rootless');
  return isRemapped ? 'remapped' : 'host';
}

/** A profile in JSON, or its path, is `custom`. */
function seccompOf(context: Context): string {
  const option = context.options.get('seccomp');
  if (option === 'unconfined') return 'unconfined';
  if (option !== undefined && option !== 'builtin') return 'custom';
  if (context.isPrivileged) return 'unconfined';
  const isKnown = context.daemonOptions !== null;
  if (isKnown && !hasDaemonOption(context, 'seccomp')) return 'unavailable';
  const isOff = context.daemonOptions?.includes('name=seccomp,profile=unconfined') ?? false;
  return isOff ? 'unconfined' : 'default';
}

/** `unavailable`: the host has no AppArmor, which the profile cannot tell from one not set. */
function appArmorOf(context: Context, profile: string): string {
  const option = context.options.get('apparmor');
  if (option !== undefined) return option;
  if (profile !== '') return profile;
  const isThere = hasDaemonOption(context, 'apparmor');
  if (!isThere) return 'unavailable';
  return context.isPrivileged ? 'unconfined' : 'docker-default';
}

function hasNoNewPrivileges(context: Context): boolean {
  const option = context.options.get('no-new-privileges');
  if (option !== undefined) return option !== 'false';
  return hasDaemonOption(context, 'no-new-privileges');
}

function devicesOf(hostConfig: unknown): string {
  const paths = list(hostConfig, 'Devices').map((device) => text(device, 'PathOnHost'));
  return paths
    .filter((path) => path !== '')
    .toSorted()
    .join(',');
}

/** `--security-opt systempaths=unconfined` leaves an empty list; a daemon that is old, none. */
function hasMaskedPaths(hostConfig: unknown): boolean {
  const masked = at(hostConfig, 'MaskedPaths');
  return !Array.isArray(masked) || masked.length > 0;
}

function limitOf(hostConfig: unknown, key: string): string {
  const limit = whole(hostConfig, key);
  return limit > 0 ? String(limit) : 'none';
}

/** Only for drivers that write on the host's disk; `local` has a limit of its own. */
function logLimit(hostConfig: unknown): Record<string, string> {
  const driver = text(hostConfig, 'LogConfig', 'Type');
  const written = textMap(hostConfig, 'LogConfig', 'Config')['max-size'];
  if (driver === 'json-file') return { log_max_size: written ?? 'none' };
  return driver === 'local' ? { log_max_size: written ?? 'default' } : {};
}
