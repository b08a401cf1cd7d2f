import { StorageError, type StorageErrorCode } from './storage-error.ts';

/**
 * What ClickHouse's error numbers mean to a caller. Source: src/Common/ErrorCodes.cpp. Numbers
 * not named here are `engine`: they may pass when tried again.
 */
const codeByNumber: Readonly<Record<number, StorageErrorCode>> = {
  // Data that can never be stored.
  6: 'bad_data', // CANNOT_PARSE_TEXT
  7: 'bad_data', // INCORRECT_NUMBER_OF_COLUMNS
  16: 'bad_data', // NO_SUCH_COLUMN_IN_TABLE
  25: 'bad_data', // CANNOT_PARSE_ESCAPE_SEQUENCE
  26: 'bad_data', // CANNOT_PARSE_QUOTED_STRING
  27: 'bad_data', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  33: 'bad_data', // CANNOT_READ_ALL_DATA
  38: 'bad_data', // CANNOT_PARSE_DATE
  41: 'bad_data', // CANNOT_PARSE_DATETIME
  53: 'bad_data', // TYPE_MISMATCH
  69: 'bad_data', // ARGUMENT_OUT_OF_BOUND
  70: 'bad_data', // CANNOT_CONVERT_TYPE
  72: 'bad_data', // CANNOT_PARSE_NUMBER
  108: 'bad_data', // NO_DATA_TO_INSERT
  117: 'bad_data', // INCORRECT_DATA
  128: 'bad_data', // TOO_LARGE_ARRAY_SIZE
  130: 'bad_data', // CANNOT_READ_ARRAY_FROM_TEXT
  131: 'bad_data', // TOO_LARGE_STRING_SIZE
  321: 'bad_data', // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349: 'bad_data', // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  561: 'bad_data', // ZSTD_DECODER_FAILED
  // A statement that can never run.
  36: 'invalid_query', // BAD_ARGUMENTS
  42: 'invalid_query', // NUMBER_OF_ARGUMENTS_DOESNT_MATCH
  43: 'invalid_query', // ILLEGAL_TYPE_OF_ARGUMENT
  44: 'invalid_query', // ILLEGAL_COLUMN
  46: 'invalid_query', // UNKNOWN_FUNCTION
  47: 'invalid_query', // UNKNOWN_IDENTIFIER
  50: 'invalid_query', // UNKNOWN_TYPE
  60: 'invalid_query', // UNKNOWN_TABLE
  62: 'invalid_query', // SYNTAX_ERROR
  81: 'invalid_query', // UNKNOWN_DATABASE
  115: 'invalid_query', // UNKNOWN_SETTING
  179: 'invalid_query', // MULTIPLE_EXPRESSIONS_FOR_ALIAS
  184: 'invalid_query', // ILLEGAL_AGGREGATION
  215: 'invalid_query', // NOT_AN_AGGREGATE
  386: 'invalid_query', // NO_COMMON_TYPE
  403: 'invalid_query', // INVALID_JOIN_ON_EXPRESSION
  427: 'invalid_query', // CANNOT_COMPILE_REGEXP
  456: 'invalid_query', // UNKNOWN_QUERY_PARAMETER
  457: 'invalid_query', // BAD_QUERY_PARAMETER
  // Limits.
  158: 'result_too_large', // TOO_MANY_ROWS
  396: 'result_too_large', // TOO_MANY_ROWS_OR_BYTES
  159: 'timeout', // TIMEOUT_EXCEEDED
  160: 'timeout', // TOO_SLOW
  241: 'memory_limit', // MEMORY_LIMIT_EXCEEDED
  394: 'aborted', // QUERY_WAS_CANCELLED
  164: 'forbidden', // READONLY
  497: 'forbidden', // ACCESS_DENIED
  // Surroundings.
  243: 'disk_full', // NOT_ENOUGH_SPACE
  210: 'unreachable', // NETWORK_ERROR
  516: 'unreachable', // AUTHENTICATION_FAILED
};

/** Turns whatever a driver threw into a StorageError; one that is already a StorageError stays. */
export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const text = messageOf(error);
  const number = /\bCode: (\d+)\./.exec(text)?.[1] ?? driverCode(error);
  if (number === undefined) return withoutNumber(error, text);
  const clickhouseCode = Number(number);
  const code = /errno: 28\b|No space left on device/.test(text)
    ? 'disk_full'
    : (codeByNumber[clickhouseCode] ?? 'engine');
  return new StorageError(code, withoutPrefixes(text), { cause: error, clickhouseCode });
}

function withoutNumber(error: unknown, text: string): StorageError {
  if (/ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EPIPE|socket hang up|Timeout error/.test(text)) {
    return new StorageError('unreachable', text, { cause: error });
  }
  return new StorageError('engine', text, { cause: error });
}

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
