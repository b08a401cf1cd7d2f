import { createDatabases, type ClusterOptions } from '../cluster/cluster-options.ts';
import { StorageError } from '../storage-error.ts';
import { toStorageError } from '../engine-error.ts';
import { Deadline } from './deadline.ts';
import { textOf, type ServerEndpoint } from './server-endpoint.ts';

const timeoutMs = 60_000;

/**
 * Creates what is not there. Looks first: a user who only reads may not even ask.
 *
 * @throws {StorageError} `unreachable`, with the server's name and what to check
 */
export async function createDatabase(
  endpoint: ServerEndpoint,
  database: string,
  cluster: ClusterOptions | null,
): Promise<void> {
  const deadline = new Deadline(timeoutMs);
  const run = async (sql: string): Promise<string> => {
    const request = { sql, database: 'default', settings: {}, params: { database } };
    return textOf((await endpoint.send(request, deadline.signal, true)).stream);
  };
  try {
    const found = await run(
      'SELECT count() FROM system.databases WHERE name = {database:String} FORMAT TabSeparated',
    );
    if (found.trim() === '1') return;
    for (const statement of createDatabases(database, cluster)) await run(statement);
  } catch (error) {
    const known = deadline.explain(toStorageError(error));
    throw new StorageError(
      known.code === 'engine' ? 'unreachable' : known.code,
      `ClickHouse at ${endpoint.name}: ${known.message}; check storage.url, username and password`,
      { cause: error },
    );
  } finally {
    deadline.end();
  }
}
