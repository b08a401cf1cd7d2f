import type { SchemaDialect } from './migrations/schema-dialect.ts';

/**
 * The one seam to ClickHouse, embedded or server. Nothing outside this package opens an engine.
 *
 * Queries are text with `{name:Type}` parameters; a value never becomes part of the text.
 */
export interface Engine {
  readonly kind: 'embedded' | 'server';
  /** What queries read. */
  readonly database: string;
  /** How migrations are written for it, and where their tables are. */
  readonly schema: SchemaDialect;

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

  /** Resolves when one endpoint at least answers; of several, says which do not, and why. */
  ping(): Promise<void>;
  /** The servers behind this engine, as last seen; none when it is embedded. */
  endpoints(): EndpointStatus[];
  close(): Promise<void>;
}

export interface EndpointStatus {
  /** Without credentials. */
  url: string;
  /** Used while it works. */
  isCurrent: boolean;
  /** Why it is not used; null when nothing is known against it. */
  reason: string | null;
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
  /**
   * Name of the partition that the rows come from (`Batch.partition`). A cluster of several shards
   * stores them in the shard of that partition, so that each try of an insert goes to the same one;
   * without it in the first shard.
   */
  partition?: string;
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
  /**
   * Asks for rows of `table` that inserts of this partition stored: in the shard that has them, once
   * the replica asked has caught up with all that was acknowledged. For reads that decide what to
   * insert: by default a replica may answer without the rows of the last moments.
   */
  ofPartition?: { partition: string; table: string };
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
