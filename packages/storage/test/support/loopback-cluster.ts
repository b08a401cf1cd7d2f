/**
 * The real engine as the only server of a cluster, as far as it goes without Keeper: Distributed tables
 * read from it, and what is replicated or ON CLUSTER is stripped of that.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import { openEngine, type ClusterOptions, type Engine } from '../../src/index.ts';
import { clusterDialect } from '../../src/cluster/cluster-dialect.ts';

export const fleet: ClusterOptions = {
  name: 'fleet',
  path: '/clickhouse/tables/{shard}/{database}/{table}',
  replica: '{replica}',
  storagePolicy: null,
  cold: null,
  insertQuorum: 1,
};

const configuration = `<clickhouse>
  <tcp_port>9000</tcp_port>
  <remote_servers><fleet><shard><internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica>
  </shard></fleet></remote_servers>
</clickhouse>`;

export interface LoopbackCluster extends AsyncDisposable {
  engine: Engine;
  /** Statements as they were generated. */
  commands: string[];
  /** Rejects when it is no statement. */
  parse(sql: string): Promise<void>;
}

/** Once in a process, and before any other engine: only the first opening takes a configuration. */
export async function openLoopbackCluster(): Promise<LoopbackCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-cluster-'));
  const file = join(folder, 'config.xml');
  await writeFile(file, configuration);
  const path = join(folder, 'engine');
  const keeper = new Session(path, { connectionArgs: [`--config-file=${file}`] });
  const local = await openEngine({ mode: 'embedded', path, database: 'plimsoll_local' });
  await local.command('CREATE DATABASE IF NOT EXISTS plimsoll');
  const commands: string[] = [];
  const engine: Engine = {
    kind: 'server',
    database: 'plimsoll',
    schema: clusterDialect('plimsoll', fleet),
    command: async (sql, options) => {
      commands.push(sql);
      await local.command(onOneServer(sql), options);
    },
    insert: async (request) => local.insert(request),
    select: async (sql, options) => local.select(sql, options),
    stream: (sql, options) => local.stream(sql, options),
    adhoc: async (sql, limits, signal) => local.adhoc(sql, limits, signal),
    ping: async () => local.ping(),
    endpoints: () => [],
    close: async () => local.close(),
  };
  return {
    engine,
    commands,
    parse: async (sql) => {
      await keeper.queryAsync(`EXPLAIN AST ${sql.replace(/^(?:--[^\n]*\n)+/, '')}`);
    },
    [Symbol.asyncDispose]: async () => {
      await local.close();
      keeper.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function onOneServer(sql: string): string {
  return sql
    .replaceAll(' ON CLUSTER `fleet`', '')
    .replace(/ENGINE = Replicated(\w+)\('[^']*', '[^']*'(?:, )?/, 'ENGINE = $1(')
    .replace(
      /\breplicated_deduplication_window = (\d+)/,
      'non_replicated_deduplication_window = $1',
    );
}
