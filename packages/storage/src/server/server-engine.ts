import { Readable } from 'node:stream';
import {
  ClickHouseLogLevel,
  createClient,
  type ClickHouseClient,
  type ClickHouseSettings,
} from '@clickhouse/client';
import { redactUrl } from '@plimsoll/runtime';
import { checkStatement, withPositionOfName } from '../adhoc/check-statement.ts';
import { collectAdhoc } from '../adhoc/collect-adhoc.ts';
import type {
  AdhocLimits,
  AdhocResult,
  Engine,
  InsertRequest,
  InsertSummary,
  SelectOptions,
} from '../engine.ts';
import { toStorageError } from '../engine-error.ts';
import { checkParametersGiven } from '../parameters.ts';
import { Pool } from '../pool.ts';
import { rowBatches } from '../row-batches.ts';
import { StorageError } from '../storage-error.ts';

/** Errors are thrown; the client would also print them, with their stacks. */
const quiet = { level: ClickHouseLogLevel.OFF };

export interface ServerEngineOptions {
  url: string;
  username: string;
  password: string;
  database: string;
  insertConnections: number;
  readConnections: number;
  adhocConnections: number;
  maxWaiting: number;
}

const defaultMaxRows = 100_000;
const defaultMaxExecutionMs = 30_000;
/** Added to a statement's own limit before the HTTP request itself is given up. */
const requestGraceMs = 10_000;
/** For statements without a limit of their own: DDL, inserts, streams. */
const longestRequestMs = 3_600_000;

interface ChunksRequest {
  format: 'JSONEachRow' | 'JSONCompactEachRowWithNamesAndTypes';
  options: SelectOptions;
  settings: ClickHouseSettings;
  onSummary?: (read: { rows: number; bytes: number }) => void;
}

/** ClickHouse over HTTP. Every setting travels with its request, so nothing stays behind. */
export class ServerEngine implements Engine {
  readonly kind = 'server';
  readonly database: string;
  readonly #client: ClickHouseClient;
  readonly #slots: Record<'insert' | 'read' | 'command' | 'adhoc', Pool<number>>;
  #closing: Promise<void> | undefined;

  private constructor(options: ServerEngineOptions) {
    this.database = options.database;
    this.#client = createClient({
      url: options.url,
      username: options.username,
      password: options.password,
      database: options.database,
      application: 'plimsoll',
      log: quiet,
      request_timeout: longestRequestMs,
      max_open_connections:
        options.insertConnections + options.readConnections + options.adhocConnections + 2,
      clickhouse_settings: {
        async_insert: 0,
        session_timezone: 'UTC',
        output_format_json_quote_64bit_integers: 0,
        cancel_http_readonly_queries_on_client_close: 1,
      },
    });
    const slots = (name: string, count: number): Pool<number> =>
      new Pool(name, [...Array(count).keys()], options.maxWaiting);
    this.#slots = {
      insert: slots('insert', options.insertConnections),
      read: slots('read', options.readConnections),
      command: slots('command', 1),
      adhoc: slots('ad-hoc', options.adhocConnections),
    };
  }

  /** @throws {StorageError} `unreachable` */
  static async open(options: ServerEngineOptions): Promise<ServerEngine> {
    await createDatabase(options);
    return new ServerEngine(options);
  }

  async insert(request: InsertRequest): Promise<InsertSummary> {
    const started = performance.now();
    return this.#slots.insert.use(async () => {
      const columns = request.columns.map((column) => `\`${column}\``).join(', ');
      const settings: ClickHouseSettings = {
        throw_on_max_partitions_per_insert_block: false,
        materialize_skip_indexes_on_insert: false,
        deduplicate_blocks_in_dependent_materialized_views: 1,
        wait_end_of_query: 1,
        ...(request.token === undefined ? {} : { insert_deduplication_token: request.token }),
      };
      const result = await this.#driver(request.signal, async () =>
        this.#client.exec({
          query: `INSERT INTO \`${request.table}\` (${columns}) FORMAT ${request.format}`,
          values: Readable.from(Buffer.isBuffer(request.data) ? [request.data] : request.data, {
            objectMode: false,
          }),
          ...(request.compression && { http_headers: { 'Content-Encoding': request.compression } }),
          clickhouse_settings: settings,
          ...abortSignal(request.signal),
        }),
      );
      await drain(result.stream);
      return { elapsedMs: performance.now() - started };
    }, request.signal);
  }

  async select<Row>(sql: string, options: SelectOptions = {}): Promise<Row[]> {
    const rows: Row[] = [];
    const limits = {
      maxRows: options.maxRows ?? defaultMaxRows,
      maxExecutionMs: options.maxExecutionMs ?? defaultMaxExecutionMs,
    };
    for await (const batch of this.stream<Row>(sql, { ...options, ...limits })) rows.push(...batch);
    return rows;
  }

  async *stream<Row>(
    sql: string,
    options: SelectOptions = {},
  ): AsyncGenerator<Row[], void, undefined> {
    const slot = await this.#slots.read.acquire(options.signal);
    try {
      const chunks = this.#chunks(sql, {
        format: 'JSONEachRow',
        options,
        settings: {
          max_result_rows: String(options.maxRows ?? 0),
          result_overflow_mode: 'throw',
        },
      });
      yield* rowBatches<Row>(chunks);
    } finally {
      this.#slots.read.release(slot);
    }
  }

  async command(sql: string, options: SelectOptions = {}): Promise<void> {
    checkParametersGiven(sql, options.params ?? {});
    await this.#slots.command.use(
      async () =>
        this.#driver(options.signal, async () =>
          this.#client.command({
            query: sql,
            clickhouse_settings: settingsOf(options),
            query_params: { ...options.params },
            ...abortSignal(options.signal),
          }),
        ),
      options.signal,
    );
  }

  async adhoc(sql: string, limits: AdhocLimits, signal?: AbortSignal): Promise<AdhocResult> {
    const options = signal ? { signal } : {};
    const checked = await checkStatement(sql, {
      database: this.database,
      select: async (text, params) => this.select(text, { params, ...options }),
      explain: async (text) => this.#explain(text, signal),
    });
    let read = { rows: 0, bytes: 0 };
    const chunks = this.#chunks(checked, {
      format: 'JSONCompactEachRowWithNamesAndTypes',
      options: { ...options, maxExecutionMs: limits.maxExecutionMs },
      settings: {
        readonly: '1',
        max_memory_usage: String(limits.maxMemoryBytes),
        max_result_rows: String(limits.maxRows + 1),
        result_overflow_mode: 'break',
        output_format_json_quote_64bit_integers: 1,
        output_format_json_quote_denormals: 1,
        output_format_json_quote_decimals: 1,
      },
      onSummary: (summary) => {
        read = summary;
      },
    });
    try {
      return await this.#slots.adhoc.use(
        async () => collectAdhoc(chunks, { limits, progress: async () => read }),
        signal,
      );
    } catch (error) {
      throw withPositionOfName(toStorageError(error), sql);
    }
  }

  async ping(): Promise<void> {
    const result = await this.#client.ping();
    if (!result.success) throw toStorageError(result.error);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all(Object.values(this.#slots).map(async (slots) => slots.close()));
    await this.#client.close();
  }

  async #explain(sql: string, signal: AbortSignal | undefined): Promise<string> {
    const result = await this.#driver(signal, async () =>
      this.#client.exec({
        query: sql,
        clickhouse_settings: { default_format: 'TabSeparatedRaw' },
        ...abortSignal(signal),
      }),
    );
    const chunks: Buffer[] = [];
    for await (const chunk of result.stream) chunks.push(asBuffer(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }

  async *#chunks(sql: string, request: ChunksRequest): AsyncGenerator<Buffer, void, undefined> {
    const { format, options, settings, onSummary } = request;
    checkParametersGiven(sql, options.params ?? {});
    const result = await this.#driver(options.signal, async () =>
      this.#client.exec({
        query: sql,
        // Not in the text: behind EXPLAIN it would belong to the explained statement.
        clickhouse_settings: { ...settingsOf(options), ...settings, default_format: format },
        query_params: { ...options.params },
        ...abortSignal(options.signal),
      }),
    );
    onSummary?.({
      rows: Number(result.summary?.read_rows ?? 0),
      bytes: Number(result.summary?.read_bytes ?? 0),
    });
    try {
      for await (const chunk of result.stream) yield asBuffer(chunk);
    } catch (error) {
      throw this.#translate(error, options.signal);
    } finally {
      result.stream.destroy();
    }
  }

  async #driver<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#translate(error, signal);
    }
  }

  #translate(error: unknown, signal: AbortSignal | undefined): StorageError {
    if (signal?.aborted) {
      return new StorageError('aborted', 'the query was cancelled', { cause: signal.reason });
    }
    return toStorageError(error);
  }
}

async function createDatabase(options: ServerEngineOptions): Promise<void> {
  const client = createClient({
    url: options.url,
    username: options.username,
    password: options.password,
    request_timeout: requestGraceMs,
    log: quiet,
  });
  try {
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS \`${options.database}\`` });
  } catch (error) {
    const known = toStorageError(error);
    throw new StorageError(
      known.code === 'engine' ? 'unreachable' : known.code,
      `ClickHouse at ${redactUrl(options.url)}: ${known.message}; check storage.url, username and password`,
      { cause: error },
    );
  } finally {
    await client.close();
  }
}

function settingsOf(options: SelectOptions): ClickHouseSettings {
  return { max_execution_time: (options.maxExecutionMs ?? 0) / 1000 };
}

function abortSignal(signal: AbortSignal | undefined): { abort_signal?: AbortSignal } {
  return signal ? { abort_signal: signal } : {};
}

function asBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  return Buffer.from(String(chunk));
}

async function drain(stream: Readable): Promise<void> {
  stream.resume();
  await new Promise<void>((resolve, reject) => {
    stream.once('end', resolve).once('error', reject).once('close', resolve);
  });
}
