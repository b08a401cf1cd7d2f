import { accessSync, constants, mkdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from '../storage-error.ts';

/** Less than this and the engine cannot even write its own start-up files. */
const minFreeBytes = 16 * 1024 * 1024;

/**
 * Creates the data folder and checks what the engine would report obscurely or on standard error.
 *
 * @returns whether this process has it open already
 * @throws {StorageError} `not_writable`, `disk_full`, `locked`
 */
export function prepareDataFolder(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true, mode: 0o750 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (hasCode(error, 'ENOSPC')) throw diskFull(path, 0);
    throw new StorageError(
      'not_writable',
      `data folder ${path}: expected a folder that this user may write (${reason(error)}); ` +
        'change its owner or set data_dir to another folder',
      { cause: error },
    );
  }
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize < minFreeBytes) throw diskFull(path, bavail * bsize);
  const holder = lockHolder(path);
  if (holder !== null && holder !== process.pid) throw locked(path, holder);
  return holder !== null;
}

/** What the engine's failure to open means, said so that a person knows what to do. */
export function explainOpenFailure(path: string, error: unknown): StorageError {
  const text = reason(error);
  if (/Cannot lock file|Another server instance/.test(text)) return locked(path, 0, error);
  if (/No space left on device|errno: 28\b/.test(text)) return diskFull(path, 0, error);
  if (/Permission denied|errno: 13\b|Read-only file system|errno: 30\b/.test(text)) {
    return new StorageError('not_writable', `data folder ${path}: ${text}`, { cause: error });
  }
  return new StorageError('engine', `the engine could not open ${path}: ${text}`, { cause: error });
}

/**
 * The process that holds the lock on the engine's `status` file: its id, 0 when it is not known,
 * null without a lock. Kernels list locks in /proc/locks as
 * `1: FLOCK ADVISORY WRITE <pid> <major>:<minor>:<inode> 0 EOF`, see proc(5).
 */
function lockHolder(path: string): number | null {
  try {
    const { ino } = statSync(join(path, 'status'));
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const match = /FLOCK\s+ADVISORY\s+WRITE\s+(-?\d+)\s+\S+:(\d+)\s/.exec(line);
      if (match && Number(match[2]) === ino) return Math.max(0, Number(match[1]));
    }
    return null;
  } catch {
    // No status file, or no /proc: the engine itself will say.
    return null;
  }
}

function locked(path: string, pid: number, cause?: unknown): StorageError {
  const who = pid === 0 ? 'another process' : `process ${pid}`;
  return new StorageError(
    'locked',
    `data folder ${path} is in use by ${who}; stop it (or set data_dir to another folder): ` +
      'one process at a time may open the embedded engine',
    { cause },
  );
}

function diskFull(path: string, freeBytes: number, cause?: unknown): StorageError {
  return new StorageError(
    'disk_full',
    `data folder ${path}: expected at least ${minFreeBytes} bytes free, got ${freeBytes}; ` +
      'free some space or shorten storage.retention',
    { cause },
  );
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
