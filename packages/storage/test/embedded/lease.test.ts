import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rejection } from '../support/settled.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';
import { insertChunks, storedLines } from '../support/log-chunks.ts';

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine({ insertConnections: 1 });
});
afterAll(async () => opened[Symbol.asyncDispose]());

const insert = async (start: number, notAfterMs?: number): Promise<void> => {
  await opened.engine.insert({
    table: 'log_ranges',
    columns: ['file_id', 'start', 'end'],
    format: 'JSONCompactEachRow',
    data: Buffer.from(`["f",${start},${start + 1}]\n`),
    ...(notAfterMs === undefined ? {} : { notAfterMs }),
  });
};
/**
 * The end of this second: still to come here, and past for the engine, whose time has no fractions and
 * is taken to be later. Not in its first moments, when the engine's clock, which moves by ticks of some
 * milliseconds, may still be in the second before.
 */
const nearEnd = async (): Promise<number> => {
  const milliseconds = (): number => Date.now() % 1000;
  while (milliseconds() < 50 || milliseconds() > 500) await sleep(20);
  return performance.now() + 990 - milliseconds();
};
const starts = async (): Promise<number[]> => {
  const rows = await opened.engine.select<{ start: number }>(
    'SELECT start FROM log_ranges ORDER BY start',
  );
  return rows.map(({ start }) => start);
};

test('an insert within its lease is stored, one after it is not, and the next without one is', async () => {
  await insert(1, performance.now() + 60_000);
  expect(await rejection(insert(2, performance.now() - 1))).toMatchObject({
    code: 'lease_expired',
  });
  await insert(3);
  expect(await starts()).toEqual([1, 3]);
});

test('the engine itself refuses what comes to it too late', async () => {
  const error = await rejection(insert(4, await nearEnd()));
  expect(error).toMatchObject({ code: 'lease_expired', clickhouseCode: 469 });
  expect(await starts()).toEqual([1, 3]);
});

test('so do the tables that views fill', async () => {
  const late = async (): Promise<void> =>
    insertChunks(opened.engine, [{ bytes: 'late\n', fileId: 'late' }], {
      kind: 'plain',
      notAfterMs: await nearEnd(),
    });
  expect(await rejection(late())).toMatchObject({ code: 'lease_expired' });
  expect(await storedLines(opened.engine, 'late')).toEqual([]);
});

test('a body that trickles in is refused when its lease ends, not when it began', async () => {
  const deadline = Date.now() + 2_500;
  const sql = `INSERT INTO log_ranges (file_id, start)
    SELECT 'slow', number + sleepEachRow(0.25) FROM numbers(20)
    SETTINGS max_block_size = 1, min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1,
      log_comment = 'lease ${deadline}'`;
  expect(await rejection(opened.engine.command(sql))).toMatchObject({ code: 'lease_expired' });
  expect(Date.now()).toBeLessThan(deadline + 2_000);
});

test('any other comment is no lease', async () => {
  await opened.engine.command(
    "INSERT INTO log_ranges (file_id, start) SETTINGS log_comment = 'leases end' VALUES ('g', 9)",
  );
  expect(await starts()).toContain(9);
});

test('every table that ingest fills refuses late rows and remembers tokens', async () => {
  const rows = await opened.engine.select<{ name: string; ddl: string }>(
    `SELECT name, create_table_query AS ddl FROM system.tables
     WHERE database = 'plimsoll' AND engine LIKE '%MergeTree' ORDER BY name`,
  );
  // Filled by migrations and alerting, or, of floors, the same however often.
  const others = ['alert_rule_status', 'alert_transitions', 'alerts', 'container_floors'];
  others.push('notifications', 'schema_migrations');
  const filled = rows.filter(({ name }) => !others.includes(name));
  expect(filled.length).toBeGreaterThanOrEqual(11);
  for (const { name, ddl } of filled) {
    expect([name, /CONSTRAINT lease CHECK .*nowInBlock/.test(ddl)]).toEqual([name, true]);
    expect([name, /non_replicated_deduplication_window = 20000/.test(ddl)]).toEqual([name, true]);
  }
});
