/**
 * The one seam to ClickHouse, embedded or server. Nothing outside this package opens an engine.
 *
 * Queries are text with `{name:Type}` parameters; a value never becomes part of the text.
 */
export interface Engine {
  readonly kind: 'embedded' | 'server';
  readonly database: string;

  /** Inserts bytes already in a ClickHouse text format; resolves when they are stored. */
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
  /** CSV for large values: the engine scans a quoted value fastest. */
  format: 'TabSeparated' | 'CSV' | 'JSONEachRow' | 'JSONCompactEachRow';
  data: Buffer;
  /** insert_deduplication_token: a repeat of the same token and bytes adds nothing. */
  token?: string;
  signal?: AbortSignal;
}

export interface InsertSummary {
  /** Rows of the request, where the engine counts them (it does not for CSV: then 0). */
  rows: number;
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
