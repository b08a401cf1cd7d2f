import type { HostSummary, Waterline } from '@plimsoll/model/api';
import type { Unit } from '../format/quantity.ts';

export interface HostLevel {
  key: 'cpu' | 'memory' | 'threads' | 'file_descriptors' | 'conntrack' | 'disk' | 'inodes';
  title: string;
  unit: Unit;
}

export const hostLevels: readonly HostLevel[] = [
  { key: 'cpu', title: 'CPU', unit: 'cores' },
  { key: 'memory', title: 'Memory', unit: 'bytes' },
  { key: 'disk', title: 'Disk', unit: 'bytes' },
  { key: 'inodes', title: 'Inodes', unit: 'count' },
  { key: 'threads', title: 'Threads', unit: 'count' },
  { key: 'file_descriptors', title: 'Open files', unit: 'count' },
  { key: 'conntrack', title: 'Connections', unit: 'count' },
];

/** Silent hosts first, then by what is fullest; names decide between equals. */
export function sortHosts(hosts: readonly HostSummary[]): HostSummary[] {
  return [...hosts].sort(
    (a, b) =>
      Number(b.silent) - Number(a.silent) ||
      Math.round(fullest(b) * 50) - Math.round(fullest(a) * 50) ||
      a.host.localeCompare(b.host),
  );
}

function fullest(host: HostSummary): number {
  return hostLevels.reduce((most, level) => Math.max(most, ratioOf(host[level.key]) ?? 0), 0);
}

export function ratioOf(level: Waterline): number | null {
  return level.ratio ?? (level.used !== null && level.limit > 0 ? level.used / level.limit : null);
}
