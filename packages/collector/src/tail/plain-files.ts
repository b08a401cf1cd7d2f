import { glob } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** Files followed by glob at most; what is beyond is reported, not followed. */
export const maxPlainFiles = 10_000;

export interface PlainFile {
  path: string;
  /** The patterns name its rotated files as well: they are wanted too. */
  readsHistory: boolean;
}

export interface PlainFiles {
  files: PlainFile[];
  isTruncated: boolean;
}

/** The files that the patterns name now. */
export async function findPlainFiles(patterns: readonly string[]): Promise<PlainFiles> {
  const paths = new Set<string>();
  for await (const path of glob([...patterns])) {
    if (paths.size >= maxPlainFiles) return { files: withoutRotated(paths), isTruncated: true };
    paths.add(path);
  }
  return { files: withoutRotated(paths), isTruncated: false };
}

/**
 * A pattern such as `*.log*` names rotated files too. They belong to the path they were rotated
 * from, which follows them by inode; followed by name they would be read twice.
 */
export function withoutRotated(paths: ReadonlySet<string>): PlainFile[] {
  const owners = new Set<string>();
  const files: string[] = [];
  for (const path of paths) {
    const owner = ownerOf(path, paths);
    if (owner === null) files.push(path);
    else owners.add(owner);
  }
  return files.map((path) => ({ path, readsHistory: owners.has(path) }));
}

/** `app.log` for `app.log.1` and `app.log-20260131`, if it is among the paths. */
function ownerOf(path: string, paths: ReadonlySet<string>): string | null {
  const name = basename(path);
  for (const suffix of name.matchAll(/[.-]\d[\d.T:_-]*(?:\.(?:gz|bz2|xz|zst))?$/g)) {
    const stem = name.slice(0, suffix.index);
    const owner = path.startsWith('/') || path.includes('/') ? `${dirname(path)}/${stem}` : stem;
    if (stem !== '' && paths.has(owner)) return owner;
  }
  return null;
}
