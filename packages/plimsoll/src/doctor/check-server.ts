/** What the roles of a server need beyond what a collector needs. */
import { checkClickHouse } from '@plimsoll/agent';
import type { Finding } from '@plimsoll/collector';
import type { Config } from '@plimsoll/runtime';
import { checkTables } from './check-tables.ts';

/** Never rejects. */
export async function checkServer(config: Config): Promise<Finding[]> {
  if (config.storage.mode !== 'server') return [];
  // Without Kafka between them the collector's own checks have asked the server.
  const servers = config.transport.mode === 'kafka' ? await checkClickHouse(config.storage) : [];
  return [...servers, await checkTables(config)];
}
