/**
 * One connection to the engine in this process. It runs one statement at a time: the owner (a
 * Pool) sees to that.
 *
 * What must be known of it (chdb 3.4): settings and parameters are `SET` statements that stay on
 * the connection, so each is remembered here and sent again only when it changes; the driver's own
 * parameter binding is serialised over all connections, so parameters go by `SET param_…`; the
 * driver's abort only stops waiting, so a statement is tagged by a comment and killed by that tag.
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
import {
  checkParametersGiven,
  parameterSettings,
  sqlString,
  type SqlParameters,
} from '../parameters.ts';
import { StorageError } from '../storage-error.ts';
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
const maxRinses = 5;

export class EmbeddedConnection {
  readonly #connection: ReturnType<typeof createChdbConnection>;
  readonly #client: ClickHouseClient;
  readonly #kill: Kill;
  readonly #staging: StagingFile;
  readonly #current = new Map<string, string | number>();

  private constructor(path: string, kill: Kill) {
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
    await this.#prepare(statement);
    const tag = statement.tag ?? newTag();
    const sql = `${tagComment(tag)} ${statement.sql}`;
    const stopKilling = this.#killOnAbort(tag, statement.signal);
    try {
      if (!isStreamable(statement.sql)) {
        yield asBuffer((await this.#connection.chdb.queryAsync(sql, { format })).bytes());
        return;
      }
      let header: Buffer | undefined;
      for await (const chunk of this.#connection.chdb.queryStream(sql, { format })) {
        if (statement.signal?.aborted) throw aborted(statement.signal);
        const bytes = asBuffer(chunk.raw());
        if (!format.endsWith('WithNamesAndTypes')) {
          yield bytes;
        } else if (header) {
          // The engine prints names and types again above every chunk.
          yield bytes.subarray(header.length);
        } else {
          header = firstTwoLines(bytes);
          yield bytes;
        }
      }
    } catch (error) {
      await this.#rinse();
      throw statement.signal?.aborted ? aborted(statement.signal) : toStorageError(error);
    } finally {
      stopKilling();
    }
  }

  /**
   * What a failed stream had printed but not delivered (its header, say) comes out before the
   * result of the next statement. So that no user's statement is that next one, one of our own is.
   */
  async #rinse(): Promise<void> {
    for (let attempt = 0; attempt < maxRinses; attempt++) {
      const result = await this.#connection.chdb.queryAsync('SELECT 1', { format: 'TabSeparated' });
      if (result.text() === '1\n') return;
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
export function newTag(): string {
  tags += 1;
  return `plimsoll:${tags}`;
}

/** The statement that kills whatever runs under a tag. */
export function killStatement(tag: string): string {
  return `KILL QUERY WHERE startsWith(query, ${sqlString(tagComment(tag))}) ASYNC`;
}

/** The statement that tells how much the run of a tag has read. */
export function progressStatement(tag: string): string {
  return `SELECT read_rows AS rows, read_bytes AS bytes FROM system.processes WHERE startsWith(query, ${sqlString(tagComment(tag))})`;
}

function insertStatement(request: InsertRequest, path: string): string {
  const columns = request.columns.map(quotedName).join(', ');
  return [
    `INSERT INTO ${request.table.split('.').map(quotedName).join('.')} (${columns})`,
    `FROM INFILE ${sqlString(path)}`,
    // Without the word the engine would go by the file's name.
    `COMPRESSION '${request.compression ?? 'none'}'`,
    request.token === undefined
      ? ''
      : `SETTINGS insert_deduplication_token = ${sqlString(request.token)}`,
    `FORMAT ${request.format}`,
  ].join(' ');
}

function quotedName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** The engine streams SELECTs only; what DESCRIBE, EXPLAIN and SHOW print is small. */
function isStreamable(sql: string): boolean {
  return !/^\s*(?:DESCRIBE|DESC|EXPLAIN|SHOW)\b/i.test(sql);
}

function firstTwoLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.indexOf('\n', bytes.indexOf('\n') + 1) + 1);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function tagComment(tag: string): string {
  return `/* ${tag} */`;
}

function settingText(value: string | number): string {
  return typeof value === 'number' ? String(value) : sqlString(value);
}

function aborted(signal: AbortSignal): StorageError {
  return new StorageError('aborted', 'the query was cancelled', { cause: signal.reason });
}
