/** The whole schema of a cluster in the real engine: parsed as generated, run without Keeper. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, printSchema } from '../../src/index.ts';
import { refreshReaders } from '../../src/cluster/refresh-readers.ts';
import { splitStatements } from '../../src/migrations/split-statements.ts';
import { insertChunks } from '../support/log-chunks.ts';
import { fleet, openLoopbackCluster, type LoopbackCluster } from '../support/loopback-cluster.ts';

const day = 86_400_000;
const retention = {
  logs: 14 * day,
  container_stats: 30 * day,
  samples: 30 * day,
  host_stats: 90 * day,
  events: 90 * day,
  alerts: 90 * day,
};

let cluster: LoopbackCluster;
beforeAll(async () => {
  cluster = await openLoopbackCluster();
  await migrate(cluster.engine, { retention });
});
afterAll(async () => cluster[Symbol.asyncDispose]());

const columns = async (database: string): Promise<Map<string, string[]>> => {
  const rows = await cluster.engine.select<{ table: string; columns: string[] }>(
    `SELECT table, groupArray(concat(name, ' ', type, ' ', default_kind)) AS columns
     FROM (SELECT * FROM system.columns WHERE database = {database:String} ORDER BY table, position)
     GROUP BY table ORDER BY table`,
    { params: { database } },
  );
  return new Map(rows.map((row) => [row.table, row.columns]));
};

const tables = async (database: string): Promise<Map<string, string>> => {
  const rows = await cluster.engine.select<{ name: string; engine: string }>(
    'SELECT name, engine FROM system.tables WHERE database = {database:String} ORDER BY name',
    { params: { database } },
  );
  return new Map(rows.map(({ name, engine }) => [name, engine]));
};

describe('printed', () => {
  const options = {
    ...fleet,
    storagePolicy: 'tiered',
    cold: { volume: 'cold', afterMs: 3 * day },
  };

  test('every statement parses, is for the whole cluster and replicates what it stores', async () => {
    const text = await printSchema({ database: 'plimsoll', cluster: options, retention });
    const statements = splitStatements(text);
    expect(statements.length).toBeGreaterThan(100);
    for (const sql of statements) {
      const code = sql.replace(/^(?:--[^\n]*\n)+/, '');
      await cluster.parse(sql);
      expect(code).toContain('ON CLUSTER `fleet`');
      expect(code).not.toMatch(/ENGINE = \w*(?<!Replicated\w*)MergeTree/);
      expect(code).not.toContain('non_replicated_deduplication_window =');
    }
    expect(text).toContain(
      "MODIFY TTL ingested_at + toIntervalSecond(259200) TO VOLUME 'cold', ingested_at + toIntervalSecond(1209600)",
    );
  });

  test('for a single server it is the migrations as they are', async () => {
    const text = await printSchema({ database: 'plimsoll', cluster: null });
    expect(text).not.toMatch(/ON CLUSTER|Replicated|Distributed/);
    for (const sql of splitStatements(text)) {
      await cluster.parse(sql);
    }
  });
});

test('each table that stores has its Distributed twin, with the same columns', async () => {
  const [local, read] = [await tables('plimsoll_local'), await tables('plimsoll')];
  const [localColumns, readColumns] = [await columns('plimsoll_local'), await columns('plimsoll')];
  const storing = [...local].filter(
    ([name, engine]) => engine.endsWith('MergeTree') && name !== 'schema_migrations',
  );
  expect(storing.length).toBeGreaterThan(15);
  expect([...read.keys()]).toEqual(storing.map(([name]) => name));
  for (const [name] of storing) {
    expect([name, read.get(name)]).toEqual([name, 'Distributed']);
    expect([name, readColumns.get(name)]).toEqual([name, localColumns.get(name)]);
  }
});

test('lines that ingest writes to a shard are read under the name that queries use', async () => {
  const receivedAt = new Date().toISOString().slice(0, -1);
  for (let times = 0; times < 2; times++) {
    const chunks = [{ bytes: 'one\ntwo\n', receivedAt }];
    await insertChunks(cluster.engine, chunks, { kind: 'plain', token: 'x' });
  }
  const read = await cluster.engine.select(
    `SELECT message FROM plimsoll.logs
     WHERE file_id IN (SELECT file_id FROM plimsoll.logs WHERE message = 'two')
     ORDER BY position SETTINGS distributed_product_mode = 'global'`,
  );
  expect(read).toEqual([{ message: 'one' }, { message: 'two' }]);
});

test('run again there is nothing to do; a new column reaches the twin', async () => {
  const before = cluster.commands.length;
  expect(await migrate(cluster.engine, { retention })).toMatchObject({
    statementsRun: 0,
    retentionChanged: [],
  });
  expect(cluster.commands).toHaveLength(before);
  const { engine } = cluster;
  await engine.command(engine.schema.translate('ALTER TABLE events ADD COLUMN extra UInt8'));
  expect(await refreshReaders(engine)).toEqual(['events']);
  expect((await columns('plimsoll')).get('events')?.at(-1)).toContain('extra UInt8');
  expect(await refreshReaders(engine)).toEqual([]);
});

test('a Distributed table takes no rows: they would go to no certain shard', async () => {
  const reader = cluster.commands.find((sql) => sql.includes('`plimsoll`.`logs`'));
  expect(reader).toMatch(/ENGINE = Distributed\('fleet', 'plimsoll_local', 'logs'\)$/);
});
