/** Limits over all files that are followed: descriptors, and disk that only descriptors keep. */
import type { FollowedPath } from './followed-path.ts';
import type { LogFile } from './log-file.ts';

export interface FollowedFile {
  path: FollowedPath;
  file: LogFile;
}

/** Deleted files are kept by their descriptors, and so is the disk they use: up to a limit. */
export function boundHeldFiles(files: readonly FollowedFile[], maxBytes: number): void {
  let held = 0;
  for (const { path, file } of files.toReversed()) {
    if (file.links > 0 || !file.isOpen) continue;
    held += file.unreadBytes;
    if (held > maxBytes) path.giveUp(file);
  }
}

/** Closes what has been idle longest when too many are open; it is opened again when it grows. */
export function closeIdle(files: readonly FollowedFile[], maxOpen: number): void {
  const open = files.filter(({ file }) => file.isOpen);
  let excess = open.length - maxOpen;
  if (excess <= 0) return;
  const idle = open
    .filter(({ file }) => !file.isRetired && file.unreadBytes === 0)
    .sort((a, b) => a.file.changedAtMs - b.file.changedAtMs);
  for (const { file } of idle) {
    if (excess <= 0) return;
    file.close();
    excess -= 1;
  }
}
