import type { AdhocLimits } from '../engine.ts';
import { Pool } from '../pool.ts';
import { StorageError } from '../storage-error.ts';
import { EmbeddedConnection, type Kill, type Settings } from './embedded-connection.ts';
import { commonSettings } from './embedded-settings.ts';

export interface AdhocConnectionsOptions {
  path: string;
  database: string;
  /** Connections per set of limits. */
  size: number;
  maxWaiting: number;
  kill: Kill;
}

/** Limits come from the configuration, so that there are few different ones. */
const maxPools = 4;

/**
 * Connections for what users write. A connection that was made read-only stays so for good and
 * takes no other limits any more: each set of limits has connections of its own, opened when
 * first wanted, never used for anything else.
 */
export class AdhocConnections {
  readonly #options: AdhocConnectionsOptions;
  readonly #pools = new Map<string, Promise<OpenPool>>();
  #closed = false;

  constructor(options: AdhocConnectionsOptions) {
    this.#options = options;
  }

  async use<R>(
    limits: AdhocLimits,
    work: (connection: EmbeddedConnection) => Promise<R>,
    signal?: AbortSignal,
  ): Promise<R> {
    if (this.#closed) throw new StorageError('closed', 'ad-hoc: the engine is closed');
    const { pool } = await this.#pool(limits);
    return pool.use(work, signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const opening of this.#pools.values()) {
      const { pool, connections } = await opening;
      await pool.close();
      for (const connection of connections) await connection.close();
    }
  }

  async #pool(limits: AdhocLimits): Promise<OpenPool> {
    const key = JSON.stringify(limits);
    const known = this.#pools.get(key);
    if (known) return known;
    if (this.#pools.size >= maxPools) {
      throw new StorageError(
        'busy',
        `ad-hoc: expected at most ${maxPools} different sets of limits`,
      );
    }
    const opening = this.#open(limits);
    this.#pools.set(key, opening);
    opening.catch(() => this.#pools.delete(key));
    return opening;
  }

  async #open(limits: AdhocLimits): Promise<OpenPool> {
    const { path, database, size, maxWaiting, kill } = this.#options;
    const connections: EmbeddedConnection[] = [];
    for (let index = 0; index < size; index++) {
      const connection = await EmbeddedConnection.open(path, adhocSettings(limits), kill);
      await connection.command({
        sql: `USE \`${database}\``,
        params: {},
        settings: {},
        signal: undefined,
      });
      // Last: from here on no setting can be changed, this one included.
      await connection.apply({ readonly: 1 });
      connections.push(connection);
    }
    return { connections, pool: new Pool('ad-hoc', connections, maxWaiting) };
  }
}

interface OpenPool {
  connections: EmbeddedConnection[];
  pool: Pool<EmbeddedConnection>;
}

function adhocSettings(limits: AdhocLimits): Settings {
  return {
    ...commonSettings,
    output_format_json_quote_64bit_integers: 1,
    output_format_json_quote_denormals: 1,
    output_format_json_quote_decimals: 1,
    max_execution_time: limits.maxExecutionMs / 1000,
    timeout_overflow_mode: 'throw',
    max_memory_usage: limits.maxMemoryBytes,
    // Rows and bytes are cut exactly when gathered; here only the engine's work is bounded.
    max_result_rows: limits.maxRows + 1,
    result_overflow_mode: 'break',
    max_temporary_data_on_disk_size_for_query: limits.maxMemoryBytes,
    allow_ddl: 0,
    allow_introspection_functions: 0,
  };
}
