/**
 * Every failure of this package that a caller may have to tell apart. The list is closed: a new
 * code needs a row in the README and a test.
 */
export const storageErrorCodes = [
  /** Another process holds the data folder. */
  'locked',
  /** The data folder cannot be created or written. */
  'not_writable',
  /** No space left below the data folder, or on the server. */
  'disk_full',
  /** The insert came after `notAfterMs`: nothing more of it is stored. Renew the lease, try again. */
  'lease_expired',
  /** Merges are behind: the table takes no rows until they have caught up. */
  'too_many_parts',
  /** The table takes no rows: its replica has lost Keeper, or the server was made read-only. */
  'read_only',
  /** Keeper or other replicas did not answer; whether the rows are stored may be unknown. */
  'replication',
  /** The server runs as many queries, or has as many connections, as it takes. */
  'overloaded',
  /** The server cannot be reached or refused the credentials. */
  'unreachable',
  /** The engine is closed or closing. */
  'closed',
  /** Every connection is in use and the waiting queue is full. */
  'busy',
  /** The caller's AbortSignal fired. */
  'aborted',
  /** The statement ran longer than its limit, or the server was silent for too long. */
  'timeout',
  /** The statement needed more memory than its limit. */
  'memory_limit',
  /** More rows than the caller allowed. */
  'result_too_large',
  /** The text is not a statement, or names what does not exist. */
  'invalid_query',
  /** An ad-hoc statement reaches for something outside its allowance. */
  'forbidden',
  /**
   * Rows that can never be stored: the engine could not parse or convert them. The only code of an
   * insert that is final; every other one may pass when the insert is tried again.
   */
  'bad_data',
  /** A migration differs from what was applied, or the database is newer than this version. */
  'migration_mismatch',
  /** Anything else the engine said; may pass when tried again. */
  'engine',
] as const;
export type StorageErrorCode = (typeof storageErrorCodes)[number];

export interface StorageErrorOptions {
  cause?: unknown;
  /** ClickHouse's own number, such as 62 for a syntax error. */
  clickhouseCode?: number;
  /** Where in the user's text: UTF-16 offset from 0, line and column from 1. */
  position?: TextPosition;
}

export interface TextPosition {
  offset: number;
  line: number;
  column: number;
}

export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  readonly clickhouseCode: number | undefined;
  readonly position: TextPosition | undefined;

  constructor(code: StorageErrorCode, message: string, options: StorageErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.clickhouseCode = options.clickhouseCode;
    this.position = options.position;
  }
}
