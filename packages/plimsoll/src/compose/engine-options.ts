import type { Config } from '@plimsoll/runtime';
import type { ClusterOptions, OpenEngineOptions } from '@plimsoll/storage';
import { dataLayout } from './data-layout.ts';

/** How the configuration's engine is opened. */
export function engineOptions(config: Config): OpenEngineOptions {
  const { mode, username, password, tls, compression, database } = config.storage;
  const cluster = clusterOptions(config);
  return {
    mode,
    path: dataLayout(config.data_dir).engine,
    ...addresses(config),
    username,
    ...(password === undefined ? {} : { password }),
    tls: {
      ...(tls.ca === undefined ? {} : { caFile: tls.ca }),
      ...(tls.cert === undefined ? {} : { certFile: tls.cert }),
      ...(tls.key === undefined ? {} : { keyFile: tls.key }),
    },
    connectTimeoutMs: config.storage.connect_timeout,
    insertTimeoutMs: config.storage.insert_timeout,
    ...(compression === 'auto' ? {} : { isCompressed: compression === 'on' }),
    database,
    ...(cluster ? { cluster } : {}),
    insertConnections: config.ingest.concurrency,
    adhocConnections: config.query.sql.max_concurrent,
  };
}

/** Null for a single server. @param name in place of the configuration's */
export function clusterOptions(config: Config, name?: string): ClusterOptions | null {
  const { cluster } = config.storage;
  const chosen = name ?? cluster.name;
  if (chosen === undefined) return null;
  return {
    name: chosen,
    path: cluster.replica_path,
    replica: cluster.replica,
    storagePolicy: cluster.storage_policy ?? null,
    cold:
      cluster.cold_volume === undefined
        ? null
        : { volume: cluster.cold_volume, afterMs: cluster.cold_after },
    insertQuorum: cluster.insert_quorum,
  };
}

/** The configuration has one of them. */
function addresses({
  storage: { url, urls, shards },
}: Config): Pick<OpenEngineOptions, 'url' | 'urls' | 'shards'> {
  if (shards !== undefined) return { shards };
  return urls === undefined ? { url } : { urls };
}
