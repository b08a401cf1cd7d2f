import { PlimsollError } from '@plimsoll/runtime';
import type { ErrorCode } from '@plimsoll/runtime';
import { StorageError } from '@plimsoll/storage';
import type { StorageErrorCode } from '@plimsoll/storage';

const codes: Partial<Record<StorageErrorCode, ErrorCode>> = {
  locked: 'data_dir_locked',
  not_writable: 'data_dir_unusable',
  disk_full: 'data_dir_unusable',
  unreachable: 'storage_unavailable',
  migration_mismatch: 'migration_failed',
  engine: 'storage_unavailable',
};

/** An error of storage as one of the command, whose message already says what to do. */
export function toCodedError(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error;
  const code = codes[error.code] ?? 'storage_unavailable';
  return new PlimsollError(code, error.message, { cause: error.cause, hint: null });
}
