import { Readable } from 'node:stream';
import { zstdCompress, constants as zlib } from 'node:zlib';
import { promisify } from 'node:util';
import type { ClickHouseSettings } from '@clickhouse/client';
import { blockSettings } from '../block-settings.ts';
import { checkStatement, withPositionOfName } from '../adhoc/check-statement.ts';
import { collectAdhoc } from '../adhoc/collect-adhoc.ts';
import { clusterDialect } from '../cluster/cluster-dialect.ts';
import type { ClusterOptions } from '../cluster/cluster-options.ts';
import type {
  AdhocLimits,
  AdhocResult,
  EndpointStatus,
  Engine,
  InsertRequest,
  InsertSummary,
  SelectOptions,
} from '../engine.ts';
import { toStorageError } from '../engine-error.ts';
import { leaseComment } from '../lease.ts';
import { checkParametersGiven } from '../parameters.ts';
import { plainDialect, type SchemaDialect } from '../migrations/schema-dialect.ts';
import { Pool } from '../pool.ts';
import { rowBatches } from '../row-batches.ts';
import { StorageError } from '../storage-error.ts';
import { createDatabase } from './create-database.ts';
import { Deadline } from './deadline.ts';
import { Endpoints } from './endpoints.ts';
import {
  ServerEndpoint,
  asBuffer,
  textOf,
  type Request,
  type ServerEndpointOptions,
} from './server-endpoint.ts';
import { shardOf } from './shard-of.ts';
import { withoutException } from './exception-marker.ts';

export interface ServerEngineOptions extends Omit<ServerEndpointOptions, 'url' | 'maxSockets'> {
  /** Of each shard the replicas, in order of preference. Without a cluster one shard. */
  shards: readonly (readonly string[])[];
  database: string;
  cluster: ClusterOptions | null;
  insertTimeoutMs: number;
  insertConnections: number;
  readConnections: number;
  adhocConnections: number;
  maxWaiting: number;
}

const defaultMaxRows = 100_000;
const defaultMaxExecutionMs = 30_000;
/** Added to a statement's own limit before the HTTP request itself is given up. */
const requestGraceMs = 10_000;
/** For statements without a limit of their own: DDL, streams until they begin. */
const longestStatementMs = 3_600_000;
/** Smaller bodies are not worth a compressor's start. */
const minCompressedBytes = 16 * 1024;

type Shard = Endpoints<ServerEndpoint>;

interface ChunksRequest {
  format: 'JSONEachRow' | 'JSONCompactEachRowWithNamesAndTypes';
  options: SelectOptions;
  settings: ClickHouseSettings;
  onSummary?: (read: { rows: number; bytes: number }) => void;
}

/**
 * ClickHouse servers over HTTP: one, several replicas of the same data, or the shards of a cluster.
 *
 * An insert with a token, a read or DDL that a replica fails at is tried at the next one. For an
 * insert that is safe only where replicas share the tokens, which ReplicatedMergeTree does: several
 * endpoints without it are a fault of the configuration.
 */
export class ServerEngine implements Engine {
  readonly kind = 'server';
  readonly database: string;
  readonly schema: SchemaDialect;
  readonly #cluster: ClusterOptions | null;
  readonly #shards: readonly Shard[];
  readonly #first: Shard;
  readonly #insertTimeoutMs: number;
  readonly #isCompressed: boolean;
  readonly #slots: Record<'insert' | 'read' | 'command' | 'adhoc', Pool<number>>;
  #closing: Promise<void> | undefined;

  private constructor(options: ServerEngineOptions) {
    const { insertConnections, readConnections, adhocConnections, maxWaiting } = options;
    this.database = options.database;
    this.#cluster = options.cluster;
    this.schema = options.cluster
      ? clusterDialect(options.database, options.cluster)
      : plainDialect(options.database);
    this.#insertTimeoutMs = options.insertTimeoutMs;
    this.#isCompressed = options.isCompressed;
    // One for a command, one for the clock and the ping.
    const maxSockets = insertConnections + readConnections + adhocConnections + 2;
    this.#shards = options.shards.map(
      (urls) =>
        new Endpoints(urls.map((url) => new ServerEndpoint({ ...options, url, maxSockets }))),
    );
    const [first] = this.#shards;
    if (!first) throw new Error('expected at least one shard');
    this.#first = first;
    const slots = (name: string, count: number): Pool<number> =>
      new Pool(name, [...Array(count).keys()], maxWaiting);
    this.#slots = {
      insert: slots('insert', insertConnections),
      read: slots('read', readConnections),
      command: slots('command', 1),
      adhoc: slots('ad-hoc', adhocConnections),
    };
  }

  /** @throws {StorageError} `unreachable` */
  static async open(options: ServerEngineOptions): Promise<ServerEngine> {
    const engine = new ServerEngine(options);
    try {
      await engine.#first.use(
        async (endpoint) => createDatabase(endpoint, options.database, options.cluster),
        true,
      );
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  async insert(request: InsertRequest): Promise<InsertSummary> {
    const started = performance.now();
    const body = await this.#body(request);
    await this.#slots.insert.use(async () => {
      try {
        await this.#insertOnce(request, body, 'current');
      } catch (error) {
        if (!(error instanceof StorageError) || error.code !== 'bad_data') throw error;
        // A body that the network mutilated, or a replica that is behind with a migration, must not
        // make dead letters of good rows: what is refused twice, by two replicas if there are, is refused.
        await this.#insertOnce(request, body, 'other');
      }
    }, request.signal);
    return { elapsedMs: performance.now() - started };
  }

  async select<Row>(sql: string, options: SelectOptions = {}): Promise<Row[]> {
    const rows: Row[] = [];
    const maxExecutionMs = options.maxExecutionMs ?? defaultMaxExecutionMs;
    const deadline = new Deadline(maxExecutionMs + requestGraceMs, options.signal);
    const limits = {
      maxRows: options.maxRows ?? defaultMaxRows,
      maxExecutionMs,
      signal: deadline.signal,
    };
    try {
      const batches = this.stream<Row>(sql, { ...options, ...limits });
      for await (const batch of batches) rows.push(...batch);
      return rows;
    } catch (error) {
      throw deadline.signal.aborted ? deadline.explain(error) : error;
    } finally {
      deadline.end();
    }
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
    const { params, maxExecutionMs, signal } = options;
    const limitMs =
      maxExecutionMs === undefined ? longestStatementMs : maxExecutionMs + requestGraceMs;
    await this.#slots.command.use(async () => {
      const request = {
        sql,
        database: this.schema.database,
        settings: { ...timeLimit(maxExecutionMs), wait_end_of_query: 1 as const },
        params: { ...params },
      };
      await this.#first.use(
        async (endpoint) =>
          within(limitMs, signal, async (limit) =>
            textOf((await endpoint.send(request, limit, true)).stream),
          ),
        true,
      );
    }, signal);
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
    for (const shard of this.#shards) await shard.probe(async (endpoint) => endpoint.ping());
  }

  endpoints(): EndpointStatus[] {
    return this.#shards.flatMap((shard) => shard.status());
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all(Object.values(this.#slots).map(async (slots) => slots.close()));
    for (const shard of this.#shards) {
      for (const endpoint of shard.all) await endpoint.close();
    }
  }

  /** Rows of text shrink to a seventh: compressed here where they cross a network. */
  async #body(request: InsertRequest): Promise<Body> {
    const { data, compression } = request;
    const parts = Buffer.isBuffer(data) ? [data] : data;
    if (compression) return { data: parts, encoding: compression };
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    if (!this.#isCompressed || bytes < minCompressedBytes) return { data: parts };
    return { data: [await compress(Buffer.concat(parts), fastest)], encoding: 'zstd' };
  }

  async #insertOnce(
    request: InsertRequest,
    { data, encoding }: Body,
    first: 'current' | 'other',
  ): Promise<void> {
    const columns = request.columns.map((column) => `\`${column}\``).join(', ');
    const isRepeatable = request.token !== undefined;
    await this.#shard(request.partition).use(
      async (endpoint) =>
        within(this.#insertTimeoutMs, request.signal, async (limit) => {
          const settings = await this.#insertSettings(request, endpoint, limit);
          const statement = {
            sql: `INSERT INTO \`${request.table}\` (${columns}) FORMAT ${request.format}`,
            database: this.schema.database,
            settings,
            body: () => Readable.from(data, { objectMode: false }),
            ...(encoding === undefined ? {} : { encoding }),
          };
          try {
            await textOf((await endpoint.send(statement, limit, isRepeatable)).stream);
          } catch (error) {
            const known = toStorageError(error);
            if (known.code === 'lease_expired') endpoint.clock.forget();
            throw known;
          }
        }),
      isRepeatable,
      first,
    );
  }

  async #insertSettings(
    { token, notAfterMs }: InsertRequest,
    endpoint: ServerEndpoint,
    signal: AbortSignal,
  ): Promise<ClickHouseSettings> {
    const lease =
      notAfterMs === undefined
        ? undefined
        : leaseComment(notAfterMs, await endpoint.clock.read(signal));
    const quorum = this.#cluster?.insertQuorum ?? 1;
    return {
      throw_on_max_partitions_per_insert_block: false,
      materialize_skip_indexes_on_insert: false,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      max_insert_threads: String(blockSettings.max_insert_threads),
      max_insert_block_size: String(blockSettings.max_insert_block_size),
      min_insert_block_size_rows: String(blockSettings.min_insert_block_size_rows),
      min_insert_block_size_bytes: String(blockSettings.min_insert_block_size_bytes),
      wait_end_of_query: 1,
      // Given up here, it should be given up there.
      ...timeLimit(this.#insertTimeoutMs),
      ...(token === undefined ? {} : { insert_deduplication_token: token }),
      ...(lease === undefined ? {} : { log_comment: lease }),
      ...(quorum === 1 ? {} : { insert_quorum: String(quorum) }),
    };
  }

  #shard(partition: string | undefined): Shard {
    if (partition === undefined) return this.#first;
    return this.#shards[shardOf(partition, this.#shards.length)] ?? this.#first;
  }

  async #explain(sql: string, signal: AbortSignal | undefined): Promise<string> {
    const request: Request = {
      sql,
      database: this.database,
      settings: { ...timeLimit(defaultMaxExecutionMs), default_format: 'TabSeparatedRaw' },
    };
    return this.#first.use(
      async (endpoint) =>
        within(defaultMaxExecutionMs + requestGraceMs, signal, async (limit) =>
          textOf((await endpoint.send(request, limit, true)).stream),
        ),
      true,
    );
  }

  async *#chunks(sql: string, request: ChunksRequest): AsyncGenerator<Buffer, void, undefined> {
    const { format, options, settings, onSummary } = request;
    checkParametersGiven(sql, options.params ?? {});
    const { ofPartition, maxExecutionMs, params, signal } = options;
    const limitMs =
      maxExecutionMs === undefined ? longestStatementMs : maxExecutionMs + requestGraceMs;
    const deadline = new Deadline(limitMs, signal);
    try {
      const { stream, summary } = await this.#shard(ofPartition?.partition).use(
        async (endpoint) => {
          if (ofPartition) await this.#catchUp(endpoint, ofPartition.table, deadline.signal);
          const statement: Request = {
            sql,
            database: ofPartition ? this.schema.database : this.database,
            settings: {
              ...timeLimit(maxExecutionMs),
              ...settings,
              // Not in the text: behind EXPLAIN it would belong to the explained statement.
              default_format: format,
              // Subqueries of distributed tables are worked out once, not by each shard for itself.
              ...(this.#cluster ? { distributed_product_mode: 'global' as const } : {}),
            },
            params: { ...params },
          };
          return endpoint.send(statement, deadline.signal, true);
        },
        true,
      );
      // From here on it is as fast as whoever reads it.
      deadline.lift();
      onSummary?.(summary);
      const onAbort = (): void => void stream.destroy(new Error('aborted'));
      deadline.signal.addEventListener('abort', onAbort, { once: true });
      try {
        for await (const chunk of withoutException(stream)) yield asBuffer(chunk);
      } finally {
        deadline.signal.removeEventListener('abort', onAbort);
        stream.destroy();
      }
    } catch (error) {
      throw deadline.explain(error);
    } finally {
      deadline.end();
    }
  }

  async #catchUp(endpoint: ServerEndpoint, table: string, signal: AbortSignal): Promise<void> {
    if (!this.#cluster) return;
    const sql = `SYSTEM SYNC REPLICA \`${this.schema.database}\`.\`${table}\` LIGHTWEIGHT`;
    const request = { sql, database: this.schema.database, settings: {} };
    await textOf((await endpoint.send(request, signal, true)).stream);
  }
}

interface Body {
  data: readonly Buffer[];
  encoding?: string;
}

const compress = promisify(zstdCompress);
const fastest = { params: { [zlib.ZSTD_c_compressionLevel]: 1 } };

function timeLimit(maxExecutionMs: number | undefined): ClickHouseSettings {
  return { max_execution_time: (maxExecutionMs ?? 0) / 1000 };
}

/** @throws {StorageError} `timeout` after `limitMs`, `aborted` */
async function within<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new Deadline(limitMs, signal);
  const onAbort = new Promise<never>((_resolve, reject) => {
    deadline.signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
  try {
    return await Promise.race([work(deadline.signal), onAbort]);
  } catch (error) {
    throw deadline.explain(error);
  } finally {
    deadline.end();
  }
}
