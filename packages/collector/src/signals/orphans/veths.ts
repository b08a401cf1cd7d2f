/**
 * Virtual Ethernet pairs of which one end is on the host, and whether the other end is in a network
 * namespace that a process uses.
 *
 * `iflink` of the end on the host is the index of the other end, within the other namespace.
 * `/proc/<pid>/net/{igmp,dev_mcast,if_inet6}` list the indexes there without entering it, in some
 * 40 µs. Docker makes both ends on the host, so indexes differ from container to container; CNI
 * makes them inside, where all may be 2 or 3. Then there are as many ends as namespaces with that
 * index; if there are more, the containers' own sysfs says which ends are theirs.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseMountinfo } from '../../stats/cgroup/mountinfo.ts';
import { readKernelText } from '../kernel-text.ts';

export interface Veth {
  name: string;
  index: number;
  /** Index of the other end, in the namespace that it is in. */
  peer: number;
}

/** Interfaces of one network namespace. */
export interface InsideIndexes {
  /** A process of it. */
  pid: number;
  indexes: ReadonlySet<number>;
}

const maxVeths = 20_000;

/** Ends on the host; undefined when the folder of interfaces cannot be read. */
export function listVeths(sys: string): Veth[] | undefined {
  const names = folderNames(join(sys, 'class/net'));
  return names
    ?.filter((name) => name.startsWith('veth'))
    .slice(0, maxVeths)
    .flatMap((name) => {
      const directory = join(sys, 'class/net', name);
      const index = numberIn(join(directory, 'ifindex'));
      const peer = numberIn(join(directory, 'iflink'));
      return index === undefined || peer === undefined ? [] : [{ name, index, peer }];
    });
}

/** Names of the interfaces in `/proc/<pid>/net/dev`. */
export function parseDeviceNames(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const name = /^\s*([^\s:]+(?::\d+)?):/.exec(line)?.[1];
    return name === undefined ? [] : [name];
  });
}

/** Indexes of the interfaces in the namespace of a process; empty when it is gone. */
export function readIndexes(proc: string, pid: number): Set<number> {
  const directory = join(proc, String(pid), 'net');
  const text = (name: string): string => readKernelText(join(directory, name));
  return parseIndexes({
    igmp: text('igmp'),
    multicast: text('dev_mcast'),
    inet6: text('if_inet6'),
  });
}

export interface IndexTables {
  /** `/proc/net/igmp`: `2<tab>eth0      :     1      V3`, lines of groups indented. */
  igmp: string;
  /** `/proc/net/dev_mcast`: `2    eth0            1     0     01005e000001`. */
  multicast: string;
  /** `/proc/net/if_inet6`: `<address> 02 40 20 80 eth0`, the index in hexadecimal. */
  inet6: string;
}

export function parseIndexes({ igmp, multicast, inet6 }: IndexTables): Set<number> {
  const found = new Set<number>();
  const add = (index: number): void => {
    // 1 is the loopback interface of every namespace.
    if (index > 1 && index <= 0x7f_ff_ff_ff) found.add(index);
  };
  for (const text of [igmp, multicast]) {
    for (const match of text.matchAll(/^(\d{1,10})[\t ]/gm)) add(Number(match[1]));
  }
  for (const match of inet6.matchAll(/^[0-9a-f]{32} ([0-9a-f]{1,8}) /gm)) {
    add(Number.parseInt(match[1] ?? '', 16));
  }
  return found;
}

/**
 * Ends whose other end is in none of the namespaces. `peersOf` reads the indexes on the host that
 * a namespace's interfaces are linked to; it is asked only where the indexes leave a doubt.
 */
export function findOrphanVeths(
  veths: readonly Veth[],
  inside: readonly InsideIndexes[],
  peersOf: (pid: number) => ReadonlySet<number> | undefined,
): Veth[] {
  return [...Map.groupBy(veths, ({ peer }) => peer)].flatMap(([peer, ends]) => {
    const holders = inside.filter(({ indexes }) => indexes.has(peer));
    if (holders.length === 0) return ends;
    if (ends.length <= holders.length) return [];
    const claimed = new Set(holders.flatMap(({ pid }) => [...(peersOf(pid) ?? [])]));
    const rest = ends.filter(({ index }) => !claimed.has(index));
    // One namespace that could not be read would make a good end an orphan.
    return rest.length === ends.length - holders.length ? rest : [];
  });
}

/**
 * `iflink` of the interfaces in a container, from its own sysfs. Only where that is a sysfs other
 * than the host's and nothing is mounted into it: a container chooses what it has at that path.
 */
export function readPeers(
  { proc, sys }: { proc: string; sys: string },
  pid: number,
): Set<number> | undefined {
  const mounts = parseMountinfo(readKernelText(join(proc, String(pid), 'mountinfo')));
  const device = sysfsDevice(mounts, '/sys');
  const own = sysfsDevice(parseMountinfo(readKernelText(join(proc, 'self/mountinfo'))), sys);
  if (device === undefined || device === own) return undefined;
  const directory = join(proc, String(pid), 'root/sys/class/net');
  const links = folderNames(directory)?.map((name) => numberIn(join(directory, name, 'iflink')));
  return links && new Set(links.filter((link) => link !== undefined));
}

function sysfsDevice(
  mounts: ReturnType<typeof parseMountinfo>,
  mountpoint: string,
): string | undefined {
  const at = mounts.findLast((mount) => mount.mountpoint === mountpoint);
  const isCovered = mounts.some((mount) => mount.mountpoint.startsWith(`${mountpoint}/class`));
  return at?.fstype === 'sysfs' && at.root === '/' && !isCovered ? at.device : undefined;
}

function folderNames(directory: string): string[] | undefined {
  try {
    return readdirSync(directory);
  } catch {
    return undefined;
  }
}

function numberIn(path: string): number | undefined {
  const text = readKernelText(path).trim();
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
