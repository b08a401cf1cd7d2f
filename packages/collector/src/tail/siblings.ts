/** The files around a followed path: itself, and what rotation left beside it. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { toFileStat, type FileStat } from './identity.ts';

export interface SeenFile extends FileStat {
  path: string;
  isCurrent: boolean;
  /** Compressed by rotation: `size` is not its content's. */
  isPacked: boolean;
}

/** Rotated files that are not log bytes any more, and names that are still being written. */
const unreadable = /\.(?:bz2|xz|zst|lz4|zip|tmp|swp)$/;
const packed = /\.gz$/;

export function isPackedName(path: string): boolean {
  return packed.test(path);
}

/** Names looked at in one folder, so that a folder of a million files does not stop the collector. */
const maxNames = 1000;

const maxAttempts = 5;

/**
 * What there is of a followed path, oldest first, its current file last. Order: dated names by
 * date, then numbered ones (`.2`, `.1`), whose numbers rotation itself keeps in order.
 * Of a compressed file only where what it was made of is gone: before, it is being written.
 * Looks twice, and again while a rotation under way makes the looks differ.
 */
export function listChain(path: string): SeenFile[] {
  let chain = listOnce(path);
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const again = listOnce(path);
    const isStable =
      again.length === chain.length &&
      again.every((seen, index) => seen.inode === chain[index]?.inode);
    if (isStable) return again;
    chain = again;
  }
  return chain;
}

function listOnce(path: string): SeenFile[] {
  const dated: SeenFile[] = [];
  const numbered: { seen: SeenFile; number: number }[] = [];
  for (const name of rotatedNames(path)) {
    const seen = statFile(join(dirname(path), name), false);
    if (!seen) continue;
    const number = /\.(\d{1,6})(?:\.gz)?$/.exec(name)?.[1];
    if (number === undefined) dated.push(seen);
    else numbered.push({ seen, number: Number(number) });
  }
  sortDated(dated);
  numbered.sort((a, b) => b.number - a.number);
  const chain = [...dated, ...numbered.map(({ seen }) => seen)];
  const current = statFile(path, true);
  return current ? [...chain, current] : chain;
}

/** By name when all dates are written alike: compression changes the time of change. */
function sortDated(dated: SeenFile[]): void {
  const dates = dated.map(({ path }) => path.replace(packed, ''));
  const isAlike = new Set(dates.map((date) => date.replaceAll(/\d/g, '0'))).size <= 1;
  const byName = (a: SeenFile, b: SeenFile): number => (a.path < b.path ? -1 : 1);
  dated.sort(isAlike ? byName : (a, b) => a.mtimeMs - b.mtimeMs);
}

function rotatedNames(path: string): string[] {
  const base = basename(path);
  try {
    const names = readdirSync(dirname(path)).filter(
      (name) =>
        name.length > base.length &&
        name.startsWith(base) &&
        /^[.-]/.test(name.slice(base.length)) &&
        !unreadable.test(name),
    );
    const isBeside = new Set(names);
    return names
      .filter((name) => !isPackedName(name) || !isBeside.has(name.replace(packed, '')))
      .slice(0, maxNames);
  } catch {
    return [];
  }
}

/** Null when there is no regular file of this name. */
function statFile(path: string, isCurrent: boolean): SeenFile | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat?.isFile()) return null;
  return { ...toFileStat(stat), path, isCurrent, isPacked: !isCurrent && isPackedName(path) };
}

export interface PathKnowledge {
  /** Something of this path was followed before, now or in an earlier run. */
  isKnown: boolean;
  /** A path never seen before is read from its oldest rotated file on. */
  readsHistory: boolean;
  /** Latest change of any file that was followed. */
  newestMtimeMs: number;
  /** Position in the chain of the newest file that is known; -1 when none is there any more. */
  newestIndex: number;
  /** True for a file that is known or was read to its end before. */
  isFamiliar: (seen: SeenFile) => boolean;
}

/**
 * The files of a chain that must be read from their beginning, because rotation made them since
 * the path was looked at last. Several rotations between two looks leave several.
 */
export function selectFresh(chain: readonly SeenFile[], knowledge: PathKnowledge): SeenFile[] {
  if (!knowledge.isKnown) {
    return chain.filter((seen) => seen.isCurrent || knowledge.readsHistory);
  }
  const newer =
    knowledge.newestIndex >= 0
      ? chain.slice(knowledge.newestIndex + 1)
      : chain.filter((seen) => seen.isCurrent || seen.mtimeMs >= knowledge.newestMtimeMs);
  return newer.filter((seen) => !knowledge.isFamiliar(seen));
}
