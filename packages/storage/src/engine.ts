/**
 * The one seam to ClickHouse, embedded or server. Nothing outside this package opens an engine.
 *
 * Queries are text with `{name:Type}` parameters; a value never becomes part of the text.
 */
export interface Engine {
  readonly kind: 'embedded' | 'server';
  readonly database: string;

  /** Inserts bytes already in a format of ClickHouse; resolves when they are stored. */
  insert(request: InsertRequest): Promise<InsertSummary>;

  /** A result small enough to hold: at most `maxRows` (default 100,000), else StorageError `result_too_large`. */
  select<Row>(sql: string, options?: SelectOptions): Promise<Row[]>;

  /** A result of any size as it comes, in batches of rows. Ending the loop early cancels the query. */
  stream<Row>(sql: string, options?: SelectOptions): AsyncIterable<Row[]>;

  /** Statements without a result: DDL, ALTER, OPTIMIZE. */
  command(sql: string, options?: SelectOptions): Promise<void>;

  /** Text a user wrote: read-only in truth, on a connection of its own, under every limit. */
  adhoc(sql: string, limits: AdhocLimits, signal?: AbortSignal): Promise<AdhocResult>;

  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface InsertRequest {
  table: string;
  columns: readonly string[];
  format: 'RowBinary' | 'TabSeparated' | 'CSV' | 'JSONEachRow' | 'JSONCompactEachRow';
  /** One buffer, or several that stand one after another. */
  data: Buffer | readonly Buffer[];
  /**
   * What the data is compressed with: the engine decompresses it. A stream that ends too early is an
   * error in RowBinary only; in text formats it may pass for its first rows.
   */
  compression?: 'zstd';
  /** insert_deduplication_token: a repeat of the same token and bytes adds nothing. */
  token?: string;
  /**
   * `performance.now()` after which the engine must refuse the rows (`lease_expired`), by its own
   * clock: also those of a request that a paused process sends late, or that waited on its way.
   */
  notAfterMs?: number;
  signal?: AbortSignal;
}

export interface InsertSummary {
  elapsedMs: number;
}

export type SqlParameter = string | number | boolean | readonly string[] | readonly number[];

export interface SelectOptions {
  params?: Readonly<Record<string, SqlParameter>>;
  maxRows?: number;
  maxExecutionMs?: number;
  signal?: AbortSignal;
}

export interface AdhocLimits {
  maxExecutionMs: number;
  maxMemoryBytes: number;
  maxRows: number;
  maxResultBytes: number;
}

export interface AdhocResult {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  truncated: boolean;
  limit: 'rows' | 'bytes' | null;
  elapsedMs: number;
  readRows: number;
  readBytes: number;
}
