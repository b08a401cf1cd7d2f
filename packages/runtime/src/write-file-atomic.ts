import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

let counter = 0;

export interface WriteFileAtomicOptions {
  /** Permissions of a new file; default 0o644. */
  mode?: number;
}

/**
 * Replaces a file as a whole, durably: a temporary file beside it, fsync, rename, fsync of the
 * folder. After a crash at any moment the old or the new content is there. When writing fails, the
 * temporary file is taken away and the old one is untouched.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: WriteFileAtomicOptions = {},
): Promise<void> {
  counter += 1;
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${counter}.tmp`);
  try {
    // 'w', not 'wx': inside a container the process id is the same after a crash, and so is the name.
    const file = await open(temporary, 'w', options.mode ?? 0o644);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes renames and unlinks inside a folder durable. */
export async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
