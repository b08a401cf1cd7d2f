import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  containerStatsValues,
  hostStatsValues,
  rowTables,
  targetLabelNames,
} from '@plimsoll/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine();
});
afterAll(async () => opened[Symbol.asyncDispose]());

const columns = async (table: string): Promise<Map<string, string>> => {
  const rows = await opened.engine.select<{ name: string; type: string }>(
    "SELECT name, type FROM system.columns WHERE database = 'plimsoll' AND table = {table:String}",
    { params: { table } },
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
};

test.each([
  [
    'container_stats',
    [...targetLabelNames, 'time', 'started_at'],
    Object.keys(containerStatsValues),
  ],
  ['host_stats', ['tenant', 'host', 'time'], Object.keys(hostStatsValues)],
])(
  '%s has a nullable number for each value of the model, and its labels',
  async (table, others, values) => {
    const declared = await columns(table);
    expect([...declared.keys()].toSorted()).toEqual([...others, ...values].toSorted());
    for (const value of values) {
      const isFraction = /_seconds(_total)?$|_cores$|^load\d+$/.test(value);
      expect([value, declared.get(value)]).toEqual([
        value,
        `Nullable(${isFraction ? 'Float64' : 'Int64'})`,
      ]);
    }
  },
);

test('every table that rows frames name is there', async () => {
  for (const table of rowTables) expect((await columns(table)).size).toBeGreaterThan(4);
});

test('every table that ingest fills remembers tokens', async () => {
  const rows = await opened.engine.select<{ name: string; engine: string }>(
    "SELECT name, engine_full AS engine FROM system.tables WHERE database = 'plimsoll' AND name IN {names:Array(String)}",
    { params: { names: [...rowTables, 'logs', 'log_ranges'] } },
  );
  expect(rows).toHaveLength(rowTables.length + 2);
  for (const { name, engine } of rows) {
    expect([name, /non_replicated_deduplication_window = (\d+)/.test(engine)]).toEqual([
      name,
      true,
    ]);
  }
});

test('tenant leads the sort key of every table of data', async () => {
  const rows = await opened.engine.select<{ name: string; key: string }>(
    "SELECT name, sorting_key AS key FROM system.tables WHERE database = 'plimsoll' AND engine LIKE '%MergeTree' AND name != 'schema_migrations'",
  );
  expect(rows.length).toBeGreaterThan(9);
  for (const { name, key } of rows) expect([name, key.startsWith('tenant')]).toEqual([name, true]);
});

test('no migration changes a view that ingest of another process may be storing through', async () => {
  const folder = join(import.meta.dirname, '../../migrations');
  const files = (await readdir(folder)).filter((name) => name > '0006');
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const text = await readFile(join(folder, file), 'utf8');
    const statements = text.replace(/^--.*$/gm, '');
    const isChanged = /\bDROP (?:VIEW|TABLE)\b|\bMODIFY QUERY\b/.test(statements);
    expect([file, isChanged]).toEqual([file, false]);
  }
});

test.each(['logs', 'container_stats'])(
  'a query over some minutes of %s reads some minutes, not the day',
  async (table) => {
    const { engine } = opened;
    // 100 containers of a day in one part, which is what merges make of it.
    await engine.command(
      `INSERT INTO ${table} (tenant, container_id, time${table === 'logs' ? ', ingested_at' : ''})
       SELECT 'default', 'c' || toString(number % 100),
         toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + intDiv(number, 100) * 10 AS t
         ${table === 'logs' ? ', t' : ''}
       FROM numbers(864000)`,
    );
    await engine.command(`OPTIMIZE TABLE ${table} FINAL`);
    const plan = await engine.select<{ explain: string }>(
      `EXPLAIN indexes = 1 SELECT count(container_id) FROM ${table}
       WHERE tenant = 'default' AND time > '2026-01-01 21:20:00' AND time < '2026-01-01 21:25:00'`,
    );
    const granules = plan.flatMap(({ explain }) => {
      const [, left, of] = /Granules: (\d+)\/(\d+)/.exec(explain) ?? [];
      return left === undefined ? [] : [{ left: Number(left), of: Number(of) }];
    });
    const all = granules[0]?.of ?? 0;
    expect(all).toBeGreaterThan(100);
    expect((granules.at(-1)?.left ?? all) / all).toBeLessThan(0.1);
  },
);
