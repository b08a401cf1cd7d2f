import { readFile } from 'node:fs/promises';
import { messageOf, redactUrl } from '@plimsoll/runtime';
import type { ClusterOptions } from './cluster/cluster-options.ts';
import type { Engine } from './engine.ts';
import { silentLogger, type StorageLogger } from './logger.ts';
import type { ServerTls } from './server/connection-agent.ts';
import { ServerEngine } from './server/server-engine.ts';
import { StorageError } from './storage-error.ts';

export interface OpenEngineOptions {
  mode: 'embedded' | 'server';
  /** Embedded: the folder that holds the data. */
  path: string;
  /** Server: its HTTP interface, such as `http://127.0.0.1:8123`. */
  url?: string;
  /** Server: replicas of the same data, the one to use first; in place of `url`. Needs `cluster`. */
  urls?: readonly string[];
  /** Server: the replicas of each shard of a cluster; in place of `url` and `urls`. */
  shards?: readonly (readonly string[])[];
  /** Server: the tables are replicated, as `migrate` makes them with the same cluster. */
  cluster?: ClusterOptions;
  /** Server: files in PEM. */
  tls?: { caFile?: string; certFile?: string; keyFile?: string };
  /** Server: for connecting, TLS included. Default 5,000. */
  connectTimeoutMs?: number;
  /** Server: for an insert as a whole, its body sent and its rows stored. Default 120,000. */
  insertTimeoutMs?: number;
  /** Server: results, and rows that are text, cross the wire compressed. Default: where it leaves this host. */
  isCompressed?: boolean;
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
  if (options.mode === 'server') return openServer(options, pools, logger);
  const started = performance.now();
  // Loaded here: a role with a server needs no engine, nor the package in its image.
  const { EmbeddedEngine } = await import('./embedded/embedded-engine.ts');
  const engine = await EmbeddedEngine.open({
    ...pools,
    path: options.path,
    database: options.database,
    logger,
  });
  const openMs = Math.round(performance.now() - started);
  logger.info({ path: options.path, database: options.database, openMs }, 'opened the engine');
  return engine;
}

async function openServer(
  options: OpenEngineOptions,
  pools: Pools,
  logger: StorageLogger,
): Promise<Engine> {
  const { cluster, database } = options;
  const urls = options.urls ?? [options.url ?? 'http://127.0.0.1:8123'];
  const shards = options.shards ?? [urls];
  const all = shards.flat();
  if (all.length > 1 && !cluster) {
    throw new StorageError(
      'unreachable',
      `expected one URL, or the cluster whose replicas they are, got ${all.length} URLs and no cluster; set storage.cluster`,
    );
  }
  const engine = await ServerEngine.open({
    ...pools,
    shards,
    cluster: cluster ?? null,
    database,
    username: options.username ?? 'default',
    password: options.password ?? '',
    tls: await readTls(options.tls ?? {}),
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    insertTimeoutMs: options.insertTimeoutMs ?? 120_000,
    isCompressed: options.isCompressed ?? !all.every(isThisHost),
  });
  logger.info({ urls: all.map(redactUrl), database }, 'connected to ClickHouse');
  return engine;
}

interface Pools {
  insertConnections: number;
  readConnections: number;
  adhocConnections: number;
  maxWaiting: number;
}

function isThisHost(url: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

async function readTls(files: NonNullable<OpenEngineOptions['tls']>): Promise<ServerTls> {
  const tls: ServerTls = {};
  if (files.caFile !== undefined) tls.ca = await readPem('storage.tls.ca_file', files.caFile);
  if (files.certFile !== undefined)
    tls.cert = await readPem('storage.tls.cert_file', files.certFile);
  if (files.keyFile !== undefined) tls.key = await readPem('storage.tls.key_file', files.keyFile);
  return tls;
}

async function readPem(field: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new StorageError(
      'unreachable',
      `${field}: expected a file that this user may read, got ${messageOf(error)}`,
      { cause: error },
    );
  }
}
