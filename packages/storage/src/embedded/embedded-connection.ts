/**
 * One connection to the engine in this process. It runs one statement at a time: the owner (a
 * Pool) sees to that.
 *
 * What must be known of it (chdb 3.4): settings and parameters are `SET` statements that stay on
 * the connection, so each is remembered here and sent again only when it changes; the driver's own
 * parameter binding is serialised over all connections, so parameters go by `SET param_…`; the
 * driver's abort only stops waiting, so a statement is tagged by a comment and killed by that tag; its
 * stream begins a statement in the calling thread, so results stream through a pipe.
 */
import {
  ClickHouseLogLevel,
  createClient,
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
} from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import type { InsertRequest, InsertSummary } from '../engine.ts';
import { toStorageError } from '../engine-error.ts';
import { hostClockMs, leaseComment } from '../lease.ts';
import {
  checkParametersGiven,
  parameterSettings,
  sqlString,
  type SqlParameters,
} from '../parameters.ts';
import { StorageError } from '../storage-error.ts';
import { openResultPipes, type ResultPipe } from './result-pipes.ts';
import { StagingFile } from './staging-file.ts';

type DriverConnection = NonNullable<ClickHouseClientConfigOptions['connection']>;
export type Settings = Readonly<Record<string, string | number>>;

export interface Statement {
  sql: string;
  params: SqlParameters;
  settings: Settings;
  signal: AbortSignal | undefined;
  /** Name of this run for `kill` and `system.processes`; made up when absent. */
  tag?: string;
}

/** Cancels a running statement by its tag; resolves once the engine was told. */
export type Kill = (tag: string) => Promise<void>;

const killRetryMs = 100;

export class EmbeddedConnection {
  readonly #connection: ReturnType<typeof createChdbConnection>;
  readonly #client: ClickHouseClient;
  readonly #kill: Kill;
  readonly #staging: StagingFile;
  readonly #path: string;
  #pipe: ResultPipe | undefined;
  readonly #current = new Map<string, string | number>();

  private constructor(path: string, kill: Kill) {
    this.#path = path;
    this.#staging = new StagingFile(path);
    this.#connection = createChdbConnection({ path });
    this.#client = createClient({
      // The client carries a second copy of the same declarations, so that the types differ in name.
      connection: this.#connection as unknown as DriverConnection,
      // Errors are thrown; the client would also print them, with their stacks.
      log: { level: ClickHouseLogLevel.OFF },
    });
    this.#kill = kill;
  }

  static async open(path: string, settings: Settings, kill: Kill): Promise<EmbeddedConnection> {
    const connection = new EmbeddedConnection(path, kill);
    try {
      await connection.apply(settings);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** Sends those settings that differ from what this connection has. */
  async apply(settings: Settings): Promise<void> {
    const changed = Object.entries(settings).filter(
      ([name, value]) => this.#current.get(name) !== value,
    );
    if (changed.length === 0) return;
    await this.#set(changed.map(([name, value]) => `${name} = ${settingText(value)}`));
    for (const [name, value] of changed) this.#current.set(name, value);
  }

  /** Runs a statement and returns what it printed in JSONEachRow. */
  async query<Row>(statement: Statement): Promise<Row[]> {
    return this.#run(statement, async (sql) => {
      const result = await this.#client.query({ query: sql, format: 'JSONEachRow' });
      return result.json<Row>();
    });
  }

  /** A small result as text, in a format that is no part of the statement. */
  async text(statement: Statement, format: string): Promise<string> {
    return this.#run(statement, async (sql) => {
      const result = await this.#connection.chdb.queryAsync(sql, { format });
      return result.text();
    });
  }

  async command(statement: Statement): Promise<void> {
    await this.#run(statement, async (sql) => {
      await this.#client.command({ query: sql });
    });
  }

  /** Raw bytes of a result, chunk by chunk; leaving the loop ends the query. */
  async *stream(statement: Statement, format: string): AsyncGenerator<Buffer, void, undefined> {
    if (!isStreamable(statement.sql)) {
      yield await this.#run(statement, async (sql) => {
        const result = await this.#connection.chdb.queryAsync(sql, { format });
        return asBuffer(result.bytes());
      });
      return;
    }
    await this.#prepare(statement);
    const tag = statement.tag ?? newTag();
    const sql = `${tagComment(tag)} ${statement.sql}`;
    this.#pipe ??= (await openResultPipes(this.#path, 1))[0];
    const pipe = this.#pipe;
    if (!pipe) throw new StorageError('engine', 'results: no pipe could be made');
    // From here to the start nothing is waited for: an abort is either seen now or heard below.
    if (statement.signal?.aborted) throw aborted(statement.signal);
    const reader = pipe.read();
    const ending = new AbortController();
    const signal = AbortSignal.any([
      ending.signal,
      ...(statement.signal ? [statement.signal] : []),
    ]);
    signal.addEventListener('abort', () => reader.destroy(), { once: true });
    const stopKilling = this.#killOnAbort(tag, signal);
    const output = `INTO OUTFILE '${pipe.path}' APPEND COMPRESSION 'none' FORMAT ${format}`;
    const printed = this.#connection.chdb
      .queryAsync(`${sql}\n${output}`)
      .finally(() => pipe.finish());
    let isDone = false;
    // Its error is told when what came before it has been taken.
    printed.catch(() => undefined);
    try {
      for await (const chunk of reader) yield bufferOf(chunk);
      if (signal.aborted) throw aborted(signal);
      await printed;
      isDone = true;
    } catch (error) {
      throw statement.signal?.aborted ? aborted(statement.signal) : toStorageError(error);
    } finally {
      // A statement whose reader has left would go on to its end.
      if (!isDone) ending.abort();
      await pipe.ended(printed);
      stopKilling();
    }
  }

  /** Hands bytes to the engine's own parser; JavaScript looks at none of them. */
  async insert(request: InsertRequest): Promise<InsertSummary> {
    const started = performance.now();
    try {
      const parts = Buffer.isBuffer(request.data) ? [request.data] : request.data;
      const path = await this.#staging.write(parts);
      await this.#connection.chdb.queryAsync(insertStatement(request, path));
      await this.#staging.release();
      return { elapsedMs: performance.now() - started };
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#staging.close();
    this.#pipe?.close();
    this.#pipe = undefined;
  }

  async #run<T>(statement: Statement, work: (sql: string) => Promise<T>): Promise<T> {
    await this.#prepare(statement);
    const tag = statement.tag ?? newTag();
    const sql = `${tagComment(tag)} ${statement.sql}`;
    const stopKilling = this.#killOnAbort(tag, statement.signal);
    try {
      return await work(sql);
    } catch (error) {
      throw statement.signal?.aborted ? aborted(statement.signal) : toStorageError(error);
    } finally {
      stopKilling();
    }
  }

  async #prepare(statement: Statement): Promise<void> {
    if (statement.signal?.aborted) throw aborted(statement.signal);
    checkParametersGiven(statement.sql, statement.params);
    await this.apply(statement.settings);
    const params = parameterSettings(statement.params);
    if (params.length > 0) await this.#set(params);
  }

  async #set(assignments: readonly string[]): Promise<void> {
    try {
      await this.#client.command({ query: `SET ${assignments.join(', ')}` });
    } catch (error) {
      throw toStorageError(error);
    }
  }

  /** Keeps trying while the statement runs: the abort may come before the engine knows it. */
  #killOnAbort(tag: string, signal: AbortSignal | undefined): () => void {
    if (!signal) return () => undefined;
    let timer: NodeJS.Timeout | undefined;
    let isDone = false;
    const kill = (): void => {
      this.#kill(tag)
        .catch(() => undefined) // the engine is closing: the statement ends with it
        .finally(() => {
          if (!isDone) timer = setTimeout(kill, killRetryMs);
        });
    };
    signal.addEventListener('abort', kill, { once: true });
    return () => {
      isDone = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
    };
  }
}

let tags = 0;

/** A name for one run of a statement, unique in this process. */
function newTag(): string {
  tags += 1;
  return `plimsoll:${tags}`;
}

/** The statement that kills whatever runs under a tag. */
export function killStatement(tag: string): string {
  return `KILL QUERY WHERE startsWith(query, ${sqlString(tagComment(tag))}) ASYNC`;
}

function insertStatement(request: InsertRequest, path: string): string {
  const columns = request.columns.map(quotedName).join(', ');
  return [
    `INSERT INTO ${request.table.split('.').map(quotedName).join('.')} (${columns})`,
    `FROM INFILE ${sqlString(path)}`,
    // Without the word the engine would go by the file's name.
    `COMPRESSION '${request.compression ?? 'none'}'`,
    settingsClause({
      insert_deduplication_token: request.token,
      log_comment: leaseComment(request.notAfterMs, hostClockMs),
    }),
    `FORMAT ${request.format}`,
  ].join(' ');
}

/** Part of the statement, so that nothing of it stays on the connection. */
function settingsClause(settings: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} = ${sqlString(value)}`],
  );
  return given.length === 0 ? '' : `SETTINGS ${given.join(', ')}`;
}

function quotedName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** The engine streams SELECTs only; what DESCRIBE, EXPLAIN and SHOW print is small. */
function isStreamable(sql: string): boolean {
  return !/^\s*(?:DESCRIBE|DESC|EXPLAIN|SHOW)\b/i.test(sql);
}

function bufferOf(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  throw new TypeError('expected a result of bytes');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** How a statement of a tag begins. */
export function tagComment(tag: string): string {
  return `/* ${tag} */`;
}

function settingText(value: string | number): string {
  return typeof value === 'number' ? String(value) : sqlString(value);
}

function aborted(signal: AbortSignal): StorageError {
  return new StorageError('aborted', 'the query was cancelled', { cause: signal.reason });
}
