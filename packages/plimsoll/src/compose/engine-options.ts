import type { Config } from '@plimsoll/runtime';
import type { OpenEngineOptions } from '@plimsoll/storage';
import { dataLayout } from './data-layout.ts';

/** How the configuration's engine is opened. */
export function engineOptions(config: Config): OpenEngineOptions {
  const { mode, url, username, password, database } = config.storage;
  return {
    mode,
    path: dataLayout(config.data_dir).engine,
    url,
    username,
    ...(password === undefined ? {} : { password }),
    database,
    insertConnections: config.ingest.concurrency,
    adhocConnections: config.query.sql.max_concurrent,
  };
}
