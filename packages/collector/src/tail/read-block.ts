import { readv, readvSync } from 'node:fs';
import { promisify } from 'node:util';
import { isFingerprintOf, readRange } from './identity.ts';
import type { LogFile } from './log-file.ts';

const readvLater = promisify(readv);

/**
 * Blocks up to this size were written a moment ago and are in the page cache: reading them in this
 * thread costs 3 µs, by way of the thread pool 15. Larger ones may have to come from a disk.
 */
const maxSyncBytes = 64 * 1024;

/**
 * Reads from the file's position into `target`, and in the same system call the bytes before the
 * position. They must be the marker; if they are not, the file was written anew since the last
 * read even though it is not shorter. Lines may all end alike, and so may the marker be there by
 * chance: for those `checksBeginning` compares the fingerprint too.
 *
 * @returns the bytes read, 0 at the end of the file; null when the content is another.
 */
export async function readBlock(
  file: LogFile,
  target: Buffer,
  checksBeginning: boolean,
): Promise<number | null> {
  const { marker, position, descriptor } = file;
  const seen = Buffer.allocUnsafe(marker.length);
  const views = marker.length > 0 ? [seen, target] : [target];
  const start = position - marker.length;
  const isSmall = Math.min(target.length, file.unreadBytes) <= maxSyncBytes;
  const read = isSmall
    ? readvSync(descriptor, views, start)
    : (await readvLater(descriptor, views, start)).bytesRead;
  if (read < marker.length || !seen.equals(marker)) return null;
  if (checksBeginning && position > 0 && !hasBeginning(file)) return null;
  return read - marker.length;
}

function hasBeginning({ descriptor, fingerprint }: LogFile): boolean {
  if (fingerprint === null) return true;
  return isFingerprintOf(readRange(descriptor, 0, fingerprint.bytes), fingerprint);
}
