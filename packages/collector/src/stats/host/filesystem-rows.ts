import type { FilesystemStatsRow, TargetLabels } from '@plimsoll/model';
import { formatTime } from '../rows.ts';
import type { Filesystem, FilesystemSpace } from './filesystems.ts';

export const filesystemStatsColumns = [
  'time',
  'tenant',
  'host',
  'mountpoint',
  'device',
  'fstype',
  'size_bytes',
  'available_bytes',
  'inodes',
  'inodes_free',
] as const satisfies readonly (keyof FilesystemStatsRow)[];

/** A row of filesystem_stats as JSON. */
export function filesystemStatsLine(
  labels: TargetLabels,
  timeMs: number,
  filesystem: Filesystem & FilesystemSpace,
): string {
  const row: FilesystemStatsRow = {
    time: formatTime(timeMs),
    tenant: labels.tenant,
    host: labels.host,
    mountpoint: filesystem.mountpoint,
    device: filesystem.device,
    fstype: filesystem.fstype,
    size_bytes: filesystem.sizeBytes,
    available_bytes: filesystem.availableBytes,
    inodes: filesystem.inodes,
    inodes_free: filesystem.inodesFree,
  };
  return JSON.stringify(filesystemStatsColumns.map((column) => row[column]));
}
