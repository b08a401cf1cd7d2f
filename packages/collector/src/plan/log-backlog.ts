/** How much of a log lies on the disk, and how much of that was not acknowledged yet. Reads no line. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CheckpointFile } from '../checkpoint/format.ts';
import { isSameInode } from '../tail/identity.ts';

export interface LogBacklog {
  /** Of the file and its rotated ones; null where there is none or it may not be looked at. */
  bytes: number | null;
  /** What would be read; null where `bytes` is. Compressed files are not read. */
  unreadBytes: number | null;
}

export interface BacklogOptions {
  /** Positions known, of any log. */
  checkpoint: readonly CheckpointFile[];
  startAt: 'beginning' | 'end';
  /** Whether rotated files never seen before are read. */
  readsHistory: boolean;
}

/** Files beside a log that are looked at. */
const maxRotated = 1000;

/** @param path as it is here, with `roots.host` */
export function logBacklog(path: string, options: BacklogOptions): LogBacklog {
  const known = options.checkpoint.filter(({ followed }) => followed === path);
  const current = unreadOf(path, known);
  if (current === null) return { bytes: null, unreadBytes: null };
  const isNew = known.length === 0;
  const fromStart = options.startAt === 'beginning';
  let bytes = current.size;
  // Known before: whatever is new since then is read from its beginning.
  let unreadBytes = isNew && !fromStart ? 0 : current.unread;
  for (const rotated of rotatedFiles(path)) {
    const found = unreadOf(rotated, known);
    if (found === null) continue;
    bytes += found.size;
    const isRead = found.isKnown || (isNew && fromStart && options.readsHistory);
    if (isRead && !isCompressed(rotated)) unreadBytes += found.unread;
  }
  return { bytes, unreadBytes };
}

function unreadOf(
  path: string,
  known: readonly CheckpointFile[],
): { size: number; unread: number; isKnown: boolean } | null {
  try {
    const stat = statSync(path, { bigint: true });
    const size = Number(stat.size);
    const entry = known.find((each) =>
      isSameInode(
        { device: stat.dev, inode: stat.ino, birthtimeNs: stat.birthtimeNs },
        {
          device: BigInt(each.device),
          inode: BigInt(each.inode),
          birthtimeNs: BigInt(each.birthtime_ns),
        },
      ),
    );
    if (entry === undefined) return { size, unread: size, isKnown: false };
    // Shorter than the position: it was truncated, and is read from its beginning.
    const unread = size < entry.position ? size : size - entry.position;
    return { size, unread, isKnown: true };
  } catch {
    return null;
  }
}

function rotatedFiles(path: string): string[] {
  const folder = dirname(path);
  const name = basename(path);
  try {
    return readdirSync(folder)
      .filter((each) => each.startsWith(`${name}.`) || each.startsWith(`${name}-`))
      .slice(0, maxRotated)
      .map((each) => join(folder, each));
  } catch {
    return [];
  }
}

function isCompressed(path: string): boolean {
  return /\.(gz|bz2|xz|zst)$/.test(path);
}
