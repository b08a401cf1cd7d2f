import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createClient,
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
} from '@clickhouse/client';
import { configSchema, Metrics, silentLogger, type Config } from '@plimsoll/runtime';
import { openEngine, type Engine } from '@plimsoll/storage';
import { createClickHouseHttp, type ClickHouseHttp } from '../../src/index.ts';

export interface Served extends AsyncDisposable {
  url: string;
  engine: Engine;
  folder: string;
  http: ClickHouseHttp;
  metrics: Metrics;
  /** A client that is closed with the rest. */
  client(options?: ClickHouseClientConfigOptions): ClickHouseClient;
  /** One request with fetch: for what the client does not show. */
  ask(query: string, options?: AskOptions): Promise<Response>;
}

export interface AskOptions extends RequestInit {
  params?: Record<string, string>;
  user?: string;
}

export const users: Config['clickhouse_http']['users'] = [
  { name: 'default', access: 'read' },
  { name: 'ingest', password: 'into', access: 'ingest' },
  { name: 'admin', password: 'all', access: 'admin' },
  { name: 'locked', password: 'secret', access: 'read' },
];

const passwords: Readonly<Record<string, string>> = {
  ingest: 'into',
  admin: 'all',
  locked: 'secret',
};

export async function serve(
  limits: Partial<Config['clickhouse_http']['limits']> = {},
): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-clickhouse-http-'));
  const engine = await openEngine({
    mode: 'embedded',
    path: join(folder, 'engine'),
    database: 'plimsoll',
  });
  const metrics = new Metrics();
  const config = configSchema.parse({ clickhouse_http: { port: 0 } });
  const http = createClickHouseHttp({
    engine,
    config: {
      clickhouse_http: {
        ...config.clickhouse_http,
        users,
        // The pool of a test's process has four threads.
        limits: { ...config.clickhouse_http.limits, max_queries: 2, max_inserts: 1, ...limits },
      },
    },
    logger: silentLogger(),
    metrics,
  });
  const url = await http.start();
  const clients: ClickHouseClient[] = [];
  return {
    url,
    engine,
    folder,
    http,
    metrics,
    client: (options = {}) => {
      const client = createClient({ url, ...options });
      clients.push(client);
      return client;
    },
    ask: async (query, { params = {}, user = 'default', ...init } = {}) =>
      fetch(`${url}/?${new URLSearchParams({ query, ...params }).toString()}`, {
        method: 'POST',
        ...init,
        headers: {
          'X-ClickHouse-User': user,
          'X-ClickHouse-Key': passwords[user] ?? '',
          ...Object.fromEntries(new Headers(init.headers)),
        },
      }),
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) await client.close();
      await http.stop();
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
