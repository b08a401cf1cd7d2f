import { Session } from 'chdb';
import type {
  AdhocLimits,
  AdhocResult,
  EndpointStatus,
  Engine,
  InsertRequest,
  InsertSummary,
  SelectOptions,
} from '../engine.ts';
import { collectAdhoc, type ReadProgress } from '../adhoc/collect-adhoc.ts';
import { checkStatement, withPositionOfName } from '../adhoc/check-statement.ts';
import { toStorageError } from '../engine-error.ts';
import type { StorageLogger } from '../logger.ts';
import { plainDialect, type SchemaDialect } from '../migrations/schema-dialect.ts';
import { Pool } from '../pool.ts';
import { rowBatches } from '../row-batches.ts';
import { StorageError } from '../storage-error.ts';
import { explainOpenFailure, prepareDataFolder } from './data-folder.ts';
import { DeduplicationLogs, forgetUnfinished } from './deduplication-logs.ts';
import { DiskGuard, type DiskSpace, type ExpiredPart } from './disk-guard.ts';
import { AdhocConnections } from './adhoc-connections.ts';
import { progressFormat, withoutProgress } from './progress-rows.ts';
import { EmbeddedRawAccess } from './embedded-raw-access.ts';
import {
  EmbeddedConnection,
  killStatement,
  type Settings,
  type Statement,
} from './embedded-connection.ts';
import {
  commonSettings,
  engineArguments,
  insertSettings,
  readSettings,
} from './embedded-settings.ts';

export interface EmbeddedEngineOptions {
  path: string;
  database: string;
  /** Inserts at once. */
  insertConnections: number;
  /** Selects and streams at once. */
  readConnections: number;
  /** Ad-hoc statements at once. */
  adhocConnections: number;
  /** Callers that may wait for a connection of one kind. */
  maxWaiting: number;
  logger: StorageLogger;
  /** In the place of the file system that holds `path`. */
  diskSpace?: () => DiskSpace;
}

const defaultMaxRows = 100_000;

const expiredParts = `SELECT table, name FROM system.parts
  WHERE active AND database = {database:String}
    AND delete_ttl_info_max > toDateTime(0) AND delete_ttl_info_max < now()`;
const defaultMaxExecutionMs = 30_000;

/** ClickHouse in this process: the lock on the folder, and one pool of connections per use. */
export class EmbeddedEngine implements Engine {
  readonly kind = 'embedded';
  readonly database: string;
  readonly schema: SchemaDialect;
  /** See `rawAccessOf`. */
  readonly raw: EmbeddedRawAccess;
  readonly disk: DiskGuard;
  readonly #keeper: Session;
  readonly #tokens: DeduplicationLogs;
  readonly #connections: EmbeddedConnection[] = [];
  readonly #inserts: Pool<EmbeddedConnection>;
  readonly #reads: Pool<EmbeddedConnection>;
  readonly #commands: Pool<EmbeddedConnection>;
  readonly #adhoc: AdhocConnections;
  #closing: Promise<void> | undefined;

  private constructor(options: EmbeddedEngineOptions, opened: Opened) {
    this.database = options.database;
    this.schema = plainDialect(options.database);
    this.#tokens = new DeduplicationLogs(options.path);
    this.raw = new EmbeddedRawAccess(options.path, async () => this.#tokens.flush());
    this.#keeper = opened.keeper;
    this.#connections.push(...opened.inserts, ...opened.reads, opened.commands);
    this.#inserts = new Pool('insert', opened.inserts, options.maxWaiting);
    this.#reads = new Pool('read', opened.reads, options.maxWaiting);
    this.#commands = new Pool('command', [opened.commands], options.maxWaiting);
    this.#adhoc = new AdhocConnections({
      path: options.path,
      database: options.database,
      size: options.adhocConnections,
      maxWaiting: options.maxWaiting,
      kill: opened.kill,
    });
    this.disk = new DiskGuard({
      path: options.path,
      database: options.database,
      // By the connection that nobody waits for.
      run: async (sql) => {
        await opened.keeper.queryAsync(sql);
      },
      expiredParts: async () =>
        this.select<ExpiredPart>(expiredParts, { params: { database: options.database } }),
      logger: options.logger,
      ...(options.diskSpace ? { space: options.diskSpace } : {}),
    });
  }

  /** @throws {StorageError} `locked`, `not_writable`, `disk_full` */
  static async open(options: EmbeddedEngineOptions): Promise<EmbeddedEngine> {
    const isOpen = prepareDataFolder(options.path);
    const unfinished = isOpen ? 0 : await forgetUnfinished(options.path);
    if (unfinished > 0) {
      options.logger.info(
        { inserts: unfinished },
        'took up inserts that a crash had left unfinished',
      );
    }
    const keeper = openKeeper(options.path);
    const opened: EmbeddedConnection[] = [];
    try {
      await keeper.queryAsync(`CREATE DATABASE IF NOT EXISTS \`${options.database}\``);
      const kill = async (tag: string): Promise<void> => {
        await keeper.queryAsync(killStatement(tag));
      };
      const open = async (settings: Settings): Promise<EmbeddedConnection> => {
        const connection = await EmbeddedConnection.open(options.path, settings, kill);
        opened.push(connection);
        await connection.command(statement(`USE \`${options.database}\``));
        return connection;
      };
      const commands = await open(commonSettings);
      const inserts = await openMany(options.insertConnections, () => open(insertSettings));
      const reads = await openMany(options.readConnections, () => open(readSettings));
      return new EmbeddedEngine(options, { keeper, commands, inserts, reads, kill });
    } catch (error) {
      for (const connection of opened) await connection.close();
      keeper.close();
      throw explainOpenFailure(options.path, error);
    }
  }

  async insert(request: InsertRequest): Promise<InsertSummary> {
    const connection = await this.#inserts.acquire(request.signal);
    const done = connection
      .insert({ ...request, table: `${this.database}.${request.table}` })
      .finally(() => this.#inserts.release(connection))
      .then(async (summary) => {
        await this.#tokens.flush();
        return summary;
      });
    return untilAborted(done, request.signal);
  }

  async select<Row>(sql: string, options: SelectOptions = {}): Promise<Row[]> {
    const maxRows = options.maxRows ?? defaultMaxRows;
    const connection = await this.#reads.acquire(options.signal);
    const done = connection
      .query<Row>(
        statement(sql, options, {
          max_execution_time: (options.maxExecutionMs ?? defaultMaxExecutionMs) / 1000,
          max_result_rows: maxRows,
        }),
      )
      .finally(() => this.#reads.release(connection));
    return untilAborted(done, options.signal);
  }

  async *stream<Row>(
    sql: string,
    options: SelectOptions = {},
  ): AsyncGenerator<Row[], void, undefined> {
    const connection = await this.#reads.acquire(options.signal);
    try {
      const chunks = connection.stream(
        statement(sql, options, {
          max_execution_time: (options.maxExecutionMs ?? 0) / 1000,
          max_result_rows: options.maxRows ?? 0,
        }),
        'JSONEachRow',
      );
      yield* rowBatches<Row>(chunks);
    } finally {
      this.#reads.release(connection);
    }
  }

  async command(sql: string, options: SelectOptions = {}): Promise<void> {
    const connection = await this.#commands.acquire(options.signal);
    const done = this.disk
      .withMerges(async () =>
        connection.command(
          statement(sql, options, { max_execution_time: (options.maxExecutionMs ?? 0) / 1000 }),
        ),
      )
      .finally(() => {
        this.#tokens.forgetTables();
        this.#commands.release(connection);
      });
    return untilAborted(done, options.signal);
  }

  async adhoc(sql: string, limits: AdhocLimits, signal?: AbortSignal): Promise<AdhocResult> {
    const checked = await checkStatement(sql, {
      database: this.database,
      select: async (text, params) => this.select(text, { params, ...(signal ? { signal } : {}) }),
      explain: async (text) =>
        this.#reads.use(
          async (connection) =>
            connection.text(statement(text, signal ? { signal } : {}), 'TabSeparatedRaw'),
          signal,
        ),
    });
    const run = statement(checked, signal ? { signal } : {});
    let read: ReadProgress = { rows: 0, bytes: 0 };
    const onProgress = (progress: ReadProgress): void => {
      read = progress;
    };
    try {
      return await this.#adhoc.use(
        limits,
        async (connection) => {
          const chunks = connection.stream(run, progressFormat);
          const rows = withoutProgress(chunks, onProgress);
          return collectAdhoc(rows, { limits, progress: async () => read });
        },
        signal,
      );
    } catch (error) {
      throw withPositionOfName(toStorageError(error), sql);
    }
  }

  async ping(): Promise<void> {
    await this.select('SELECT 1', { maxExecutionMs: 5_000 });
  }

  endpoints(): EndpointStatus[] {
    return [];
  }

  /** Lets running statements end, then closes the connections one by one, the lock's owner last. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.disk.close();
    const pools = [this.#inserts, this.#reads, this.#commands, this.#adhoc];
    await Promise.all(pools.map(async (pool) => pool.close()));
    for (const connection of this.#connections) await connection.close();
    this.raw.close();
    this.#keeper.close();
  }
}

interface Opened {
  keeper: Session;
  commands: EmbeddedConnection;
  inserts: EmbeddedConnection[];
  reads: EmbeddedConnection[];
  kill: (tag: string) => Promise<void>;
}

/** The first connection of the process starts the engine and carries its configuration. */
function openKeeper(path: string): Session {
  try {
    return new Session(path, { connectionArgs: engineArguments() });
  } catch (error) {
    throw explainOpenFailure(path, error);
  }
}

async function openMany(
  count: number,
  open: () => Promise<EmbeddedConnection>,
): Promise<EmbeddedConnection[]> {
  const connections: EmbeddedConnection[] = [];
  for (let index = 0; index < count; index++) connections.push(await open());
  return connections;
}

function statement(
  sql: string,
  options: SelectOptions = {},
  settings: Statement['settings'] = {},
): Statement {
  return { sql, params: options.params ?? {}, settings, signal: options.signal };
}

/** The caller leaves at once; the connection goes back when the engine has really ended. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void =>
      reject(new StorageError('aborted', 'the query was cancelled', { cause: signal.reason }));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work
      .then(resolve, (error: unknown) => reject(toStorageError(error)))
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
