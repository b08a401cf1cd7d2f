import { StorageError, type StorageErrorCode } from '@plimsoll/storage';
import { QueryError, type ErrorCode } from './http/api-error.ts';

const codes: Readonly<Record<StorageErrorCode, ErrorCode>> = {
  locked: 'storage_unavailable',
  not_writable: 'storage_unavailable',
  disk_full: 'storage_unavailable',
  lease_expired: 'storage_unavailable',
  too_many_parts: 'storage_unavailable',
  read_only: 'storage_unavailable',
  replication: 'storage_unavailable',
  overloaded: 'storage_unavailable',
  unreachable: 'storage_unavailable',
  closed: 'storage_unavailable',
  busy: 'too_many_requests',
  aborted: 'cancelled',
  timeout: 'timeout',
  memory_limit: 'memory_limit',
  result_too_large: 'result_too_large',
  invalid_query: 'internal',
  forbidden: 'internal',
  bad_data: 'internal',
  migration_mismatch: 'storage_unavailable',
  engine: 'internal',
};

/** ClickHouse's CANNOT_COMPILE_REGEXP: what RE2 refuses and re2js did not. */
const cannotCompileRegexp = 427;

/** What a failure of our own statements means to the client. */
export function toQueryError(error: unknown): QueryError {
  if (error instanceof QueryError) return error;
  if (error instanceof StorageError) return fromStorage(error);
  if (error instanceof Error && error.name === 'AbortError') {
    return new QueryError('cancelled', 'the request was cancelled', { cause: error });
  }
  return new QueryError('internal', 'an unexpected failure; see the log of this process', {
    cause: error,
  });
}

/** What a failure of a statement that the user wrote means: it is the user's to mend. */
export function toSqlError(error: unknown): QueryError {
  if (!(error instanceof StorageError)) return toQueryError(error);
  if (!['invalid_query', 'forbidden', 'bad_data', 'engine'].includes(error.code)) {
    return fromStorage(error);
  }
  const { cause, position } = { cause: error, position: error.position?.offset };
  return new QueryError('invalid_sql', error.message.slice(0, 2000), { cause, position });
}

function fromStorage(error: StorageError): QueryError {
  if (error.clickhouseCode === cannotCompileRegexp) {
    return new QueryError('invalid_regex', `regex: ${error.message.slice(0, 300)}`, {
      cause: error,
    });
  }
  const code = codes[error.code];
  if (code === 'internal') {
    return new QueryError(code, 'the store refused a statement; see the log of this process', {
      cause: error,
    });
  }
  const options =
    code === 'too_many_requests' ? { cause: error, retryAfterSeconds: 1 } : { cause: error };
  return new QueryError(code, advice[code] ?? error.message.slice(0, 500), options);
}

const advice: Partial<Record<ErrorCode, string>> = {
  timeout: 'the query ran longer than query.max_execution_time; ask for a shorter time range',
  memory_limit: 'the query needed more memory than its limit; ask for a shorter time range',
  cancelled: 'the request was cancelled',
};
