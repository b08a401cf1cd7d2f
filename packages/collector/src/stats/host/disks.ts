/**
 * Whole disks of `/proc/diskstats`, summed (Documentation/admin-guide/iostats.rst). Left out, so
 * that nothing is counted twice: partitions, devices in memory or on files (loop, ram, zram), and
 * devices made of other devices (device mapper, md), whose work the disks below them count.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { HostValues } from './host-values.ts';

/** Of every disk, whatever its real sector size. */
const sectorBytes = 512;
const inMemory = /^(?:loop|ram|zram|sr|fd)\d+$/;
const partition = /^(?:(?:sd|hd|vd|xvd)[a-z]+\d+|(?:nvme\d+n\d+|mmcblk\d+|nbd\d+|rbd\d+)p\d+)$/;

/** True for the devices that are summed. `sys` lists whole devices; by name where it is absent. */
export function isWholeDisk(sys: string, name: string): boolean {
  if (inMemory.test(name)) return false;
  const block = join(sys, 'block');
  if (!existsSync(block)) return !partition.test(name) && !/^(?:dm-|md)\d+$/.test(name);
  // A device such as cciss/c0d0 has its slash written as an exclamation mark there.
  const device = join(block, name.replaceAll('/', '!'));
  return existsSync(device) && !isStacked(join(device, 'slaves'));
}

function isStacked(slaves: string): boolean {
  try {
    return readdirSync(slaves).length > 0;
  } catch {
    return false;
  }
}

/** `254 0 vda reads merged sectors ms writes merged sectors ms in-flight io-ms …` */
export function readDiskstats(
  text: string,
  isSummed: (name: string) => boolean,
  values: HostValues,
): void {
  const sums = { reads: 0, readSectors: 0, writes: 0, writeSectors: 0, ioMs: 0 };
  for (const line of text.split('\n')) {
    const [, , name, ...fields] = line.trim().split(/\s+/);
    if (name === undefined || fields.length < 10 || !isSummed(name)) continue;
    const numbers = fields.map(Number);
    sums.reads += numbers[0] ?? 0;
    sums.readSectors += numbers[2] ?? 0;
    sums.writes += numbers[4] ?? 0;
    sums.writeSectors += numbers[6] ?? 0;
    sums.ioMs += numbers[9] ?? 0;
  }
  values.set('disk_reads_total', sums.reads);
  values.set('disk_read_bytes_total', sums.readSectors * sectorBytes);
  values.set('disk_writes_total', sums.writes);
  values.set('disk_write_bytes_total', sums.writeSectors * sectorBytes);
  values.set('disk_io_seconds_total', sums.ioMs / 1000);
}
