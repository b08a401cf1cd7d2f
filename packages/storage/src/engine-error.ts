import { StorageError, storageErrorCodes, type StorageErrorCode } from './storage-error.ts';

/**
 * What ClickHouse's error numbers mean to a caller. Source: src/Common/ErrorCodes.cpp. Numbers
 * not named here are `engine`: they may pass when tried again.
 *
 * Ingest sets `bad_data` aside for good, so only what the rows themselves are guilty of may be it:
 * never what load, a disk, the network, memory, Keeper or a half-done migration could bring about. So
 * 53 (TYPE_MISMATCH), 70 (CANNOT_CONVERT_TYPE) and 108 (NO_DATA_TO_INSERT)
 * are not it: rows that are wrong have other numbers.
 */
const numbersByCode: Partial<Readonly<Record<StorageErrorCode, readonly number[]>>> = {
  bad_data: [
    6, // CANNOT_PARSE_TEXT
    7, // INCORRECT_NUMBER_OF_COLUMNS
    16, // NO_SUCH_COLUMN_IN_TABLE
    25, // CANNOT_PARSE_ESCAPE_SEQUENCE
    26, // CANNOT_PARSE_QUOTED_STRING
    27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    32, // ATTEMPT_TO_READ_AFTER_EOF: a row that is cut off
    33, // CANNOT_READ_ALL_DATA: compressed data that is cut off
    38, // CANNOT_PARSE_DATE
    41, // CANNOT_PARSE_DATETIME
    69, // ARGUMENT_OUT_OF_BOUND
    72, // CANNOT_PARSE_NUMBER
    117, // INCORRECT_DATA
    128, // TOO_LARGE_ARRAY_SIZE
    130, // CANNOT_READ_ARRAY_FROM_TEXT
    131, // TOO_LARGE_STRING_SIZE
    321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
    349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
    376, // CANNOT_PARSE_UUID
    407, // DECIMAL_OVERFLOW
    467, // CANNOT_PARSE_BOOL
    469, // VIOLATED_CONSTRAINT; the constraint `lease` is told apart below
    546, // NO_ROW_DELIMITER
    561, // ZSTD_DECODER_FAILED
  ],
  // A statement that can never run.
  invalid_query: [
    36, // BAD_ARGUMENTS
    42, // NUMBER_OF_ARGUMENTS_DOESNT_MATCH
    43, // ILLEGAL_TYPE_OF_ARGUMENT
    44, // ILLEGAL_COLUMN
    46, // UNKNOWN_FUNCTION
    47, // UNKNOWN_IDENTIFIER
    50, // UNKNOWN_TYPE
    60, // UNKNOWN_TABLE
    62, // SYNTAX_ERROR
    81, // UNKNOWN_DATABASE
    115, // UNKNOWN_SETTING
    179, // MULTIPLE_EXPRESSIONS_FOR_ALIAS
    184, // ILLEGAL_AGGREGATION
    215, // NOT_AN_AGGREGATE
    386, // NO_COMMON_TYPE
    403, // INVALID_JOIN_ON_EXPRESSION
    427, // CANNOT_COMPILE_REGEXP
    456, // UNKNOWN_QUERY_PARAMETER
    457, // BAD_QUERY_PARAMETER
    701, // CLUSTER_DOESNT_EXIST
  ],
  result_too_large: [
    158, // TOO_MANY_ROWS
    396, // TOO_MANY_ROWS_OR_BYTES
  ],
  timeout: [
    159, // TIMEOUT_EXCEEDED
    160, // TOO_SLOW
    209, // SOCKET_TIMEOUT
  ],
  memory_limit: [
    173, // CANNOT_ALLOCATE_MEMORY
    241, // MEMORY_LIMIT_EXCEEDED
    777, // MEMORY_RESERVATION_KILLED
    778, // MEMORY_RESERVATION_FAILED
  ],
  aborted: [394], // QUERY_WAS_CANCELLED
  forbidden: [
    164, // READONLY: of the user, not of the table
    291, // DATABASE_ACCESS_DENIED
    452, // SETTING_CONSTRAINT_VIOLATION
    497, // ACCESS_DENIED
  ],
  too_many_parts: [252], // TOO_MANY_PARTS
  read_only: [
    242, // TABLE_IS_READ_ONLY
    774, // TABLE_IS_PERMANENTLY_READ_ONLY
  ],
  replication: [
    225, // NO_ZOOKEEPER
    244, // UNEXPECTED_ZOOKEEPER_ERROR
    254, // NO_ACTIVE_REPLICAS
    279, // ALL_CONNECTION_TRIES_FAILED
    285, // TOO_FEW_LIVE_REPLICAS
    286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
    319, // UNKNOWN_STATUS_OF_INSERT
    369, // ALL_REPLICAS_ARE_STALE
    416, // REPLICA_STATUS_CHANGED
    999, // KEEPER_EXCEPTION
  ],
  overloaded: [
    201, // QUOTA_EXCEEDED
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    203, // NO_FREE_CONNECTION
    364, // RECEIVED_ERROR_TOO_MANY_REQUESTS
    439, // CANNOT_SCHEDULE_TASK
    745, // SERVER_OVERLOADED
    749, // TCP_CONNECTION_LIMIT_REACHED
    762, // HTTP_CONNECTION_LIMIT_REACHED
  ],
  disk_full: [243], // NOT_ENOUGH_SPACE
  unreachable: [
    198, // DNS_ERROR
    210, // NETWORK_ERROR
    516, // AUTHENTICATION_FAILED
  ],
};

const codeByNumber: ReadonlyMap<number, StorageErrorCode> = new Map(
  storageErrorCodes.flatMap((code) =>
    (numbersByCode[code] ?? []).map((number): [number, StorageErrorCode] => [number, code]),
  ),
);

/** Turns whatever a driver threw into a StorageError; one that is already a StorageError stays. */
export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const text = messageOf(error);
  // The driver's own field first: behind it the text may quote rows, and rows may say anything.
  const number = driverCode(error) ?? /\bCode: (\d+)\./.exec(text)?.[1];
  if (number === undefined) return withoutNumber(error, text);
  const clickhouseCode = Number(number);
  const code = codeOf(clickhouseCode, text);
  return new StorageError(code, withoutPrefixes(text), { cause: error, clickhouseCode });
}

function codeOf(number: number, text: string): StorageErrorCode {
  const code = codeByNumber.get(number) ?? 'engine';
  if (number === violatedConstraint && /Constraint `?lease`? for table/.test(text)) {
    return 'lease_expired';
  }
  // zstd's own words for malloc that failed.
  if (number === zstdDecoderFailed && text.includes('Allocation error')) return 'memory_limit';
  if (code === 'engine' && /errno: 28\b|No space left on device/.test(text)) return 'disk_full';
  return code;
}

const violatedConstraint = 469;
const zstdDecoderFailed = 561;

function withoutNumber(error: unknown, text: string): StorageError {
  if (/No space left on device|ENOSPC/.test(text)) {
    return new StorageError('disk_full', text, { cause: error });
  }
  if (text.startsWith('Timeout error')) return new StorageError('timeout', text, { cause: error });
  if (unreachable.test(text)) {
    return new StorageError('unreachable', text, { cause: error });
  }
  return new StorageError('engine', text, { cause: error });
}

const unreachable =
  /ECONNREFUSED|ECONNRESET|ECONNABORTED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|socket hang up|aborted|Premature close|CERT_|certificate|SSL|TLS/;

/** `Code: 62. DB::Exception: text. (SYNTAX_ERROR) (version …)` → `text`. */
function withoutPrefixes(text: string): string {
  return text
    .trim()
    .replace(/^(?:Code: \d+\. )?(?:DB::Exception: )?(?:Code: \d+\. DB::Exception: )?/, '')
    .replace(/(?:\s*\((?:version [^)]*|[A-Z_]{3,})\))+\s*$/, '')
    .replace(/\.?\s*\([A-Z_]{3,}\)\s*\(version [^)]*\)/, '');
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node gives an empty message for a connection refused on every address of a name.
  if (error.message === '' && 'code' in error) return String(error.code);
  return error.message;
}

/** @clickhouse/client puts the number in `code` and takes it out of the message. */
function driverCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && /^\d+$/.test(String(error.code))) {
    return String(error.code);
  }
  return undefined;
}
