/** Capabilities of Linux by number (`include/uapi/linux/capability.h`), without `CAP_`. */
export const capabilityNames = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;

/** What Docker gives a container that asks for nothing. */
export const dockerDefaultCapabilities: readonly string[] = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

export const everyCapability = 'ALL';

/** A mask as `/proc/<pid>/status` writes it, in alphabetical order; null when it is none. */
export function decodeCapabilities(hex: string): string[] | null {
  if (!/^[0-9a-f]{1,16}$/i.test(hex)) return null;
  const mask = BigInt(`0x${hex}`);
  const names: string[] = [];
  for (let number = 0; number < 64; number += 1) {
    if ((mask >> BigInt(number)) % 2n === 1n) names.push(capabilityNames[number] ?? String(number));
  }
  return names.toSorted();
}

/** Names as Docker takes them (`net_admin`, `CAP_NET_ADMIN`), in one form and order. */
export function normalizeCapabilities(names: readonly string[]): string[] {
  const plain = names.map((name) => name.trim().toUpperCase().replace(/^CAP_/, ''));
  return [...new Set(plain)].filter((name) => name !== '').toSorted();
}

/** What a container may hold by its declaration: defaults, and what is added, without what is dropped. */
export function allowedCapabilities(
  added: readonly string[],
  dropped: readonly string[],
): ReadonlySet<string> {
  const base = dropped.includes(everyCapability) ? [] : dockerDefaultCapabilities;
  const begin = added.includes(everyCapability) ? capabilityNames : base;
  const allowed = new Set<string>([...begin, ...added]);
  for (const name of dropped) {
    if (!added.includes(name)) allowed.delete(name);
  }
  return allowed;
}
