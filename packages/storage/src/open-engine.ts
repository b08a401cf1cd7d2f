import { redactUrl } from '@plimsoll/runtime';
import type { Engine } from './engine.ts';
import { EmbeddedEngine } from './embedded/embedded-engine.ts';
import { silentLogger, type StorageLogger } from './logger.ts';
import { ServerEngine } from './server/server-engine.ts';

export interface OpenEngineOptions {
  mode: 'embedded' | 'server';
  /** Embedded: the folder that holds the data. */
  path: string;
  /** Server: its HTTP interface, such as `http://127.0.0.1:8123`. */
  url?: string;
  username?: string;
  password?: string;
  /** Created when absent. */
  database: string;
  logger?: StorageLogger;
  /** Inserts at once; a third connection gains nothing on two cores. Default 2. */
  insertConnections?: number;
  /** Selects and streams at once. Default 4. */
  readConnections?: number;
  /** Ad-hoc statements at once, per set of limits. Default 2. */
  adhocConnections?: number;
  /** Callers that may wait for a connection of each kind; the next one is refused. Default 256. */
  maxWaiting?: number;
}

/**
 * Opens ClickHouse, in this process or on a server. The schema is not touched: call `migrate`.
 *
 * @throws {StorageError} `locked`, `not_writable`, `disk_full`, `unreachable`
 */
export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  const logger = options.logger ?? silentLogger;
  const pools = {
    insertConnections: options.insertConnections ?? 2,
    readConnections: options.readConnections ?? 4,
    adhocConnections: options.adhocConnections ?? 2,
    maxWaiting: options.maxWaiting ?? 256,
  };
  if (options.mode === 'server') {
    const url = options.url ?? 'http://127.0.0.1:8123';
    const engine = await ServerEngine.open({
      ...pools,
      url,
      username: options.username ?? 'default',
      password: options.password ?? '',
      database: options.database,
    });
    logger.info(
      { url: redactUrl(url), database: options.database },
      'connected to the ClickHouse server',
    );
    return engine;
  }
  const started = performance.now();
  const engine = await EmbeddedEngine.open({
    ...pools,
    path: options.path,
    database: options.database,
  });
  const openMs = Math.round(performance.now() - started);
  logger.info({ path: options.path, database: options.database, openMs }, 'opened the engine');
  return engine;
}
