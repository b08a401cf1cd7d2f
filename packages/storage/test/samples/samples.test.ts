import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine();
});
afterAll(async () => opened[Symbol.asyncDispose]());

let tokens = 0;
async function insert(table: 'samples' | 'series', rows: string[]): Promise<void> {
  const columns =
    table === 'samples'
      ? ['tenant', 'metric_name', 'series_id', 'time', 'value']
      : 'tenant metric_name series_id labels type unit help first_seen last_seen'.split(' ');
  await opened.engine.insert({
    table,
    columns,
    format: 'JSONCompactEachRow',
    data: Buffer.from(rows.map((row) => `[${row}]\n`).join('')),
    token: `test:${(tokens += 1)}`,
    notAfterMs: performance.now() + 60_000,
  });
}

const timeMs = Date.UTC(2026, 2, 1, 12);

test('every value comes back to the bit, and null is the stale marker', async () => {
  const values = [
    ['null', '7FF0000000000002'],
    ['"nan"', '7FF8000000000000'],
    ['"inf"', '7FF0000000000000'],
    ['"-inf"', 'FFF0000000000000'],
    ['-0', '8000000000000000'],
    ['0.1', '3FB999999999999A'],
    ['5e-324', '01'],
    ['1.7976931348623157e308', '7FEFFFFFFFFFFFFF'],
  ];
  await insert(
    'samples',
    values.map(([text], n) => `"bits","m",18446744073709551615,${timeMs + n},${text}`),
  );
  const rows = await opened.engine.select(
    `SELECT toString(series_id) AS id, toUnixTimestamp64Milli(time) AS ms,
       hex(reinterpretAsUInt64(value)) AS bits
     FROM samples WHERE tenant = 'bits' ORDER BY time`,
  );
  expect(rows).toEqual(
    values.map(([, bits], n) => ({ id: '18446744073709551615', ms: timeMs + n, bits })),
  );
});

test('a sample that comes twice is one; of two values the last stands', async () => {
  for (const value of [1, 2, 3]) {
    await insert('samples', [`"twice","m",7,${timeMs},${value}`, `"twice","m",7,${timeMs + 1},9`]);
  }
  const read = 'SELECT toUnixTimestamp64Milli(time) AS ms, value FROM samples';
  const expected = [
    { ms: timeMs, value: 3 },
    { ms: timeMs + 1, value: 9 },
  ];
  const final = `${read} FINAL WHERE tenant = 'twice' ORDER BY time`;
  expect(await opened.engine.select(final)).toEqual(expected);
  await opened.engine.command('OPTIMIZE TABLE samples FINAL');
  expect(await opened.engine.select(`${read} WHERE tenant = 'twice' ORDER BY time`)).toEqual(
    expected,
  );
});

test('rows of a series merge: its whole time, and what was said last of its metric', async () => {
  const row = (known: string, from: number, to: number): string =>
    `"t","m",7,{"job":"shop"},${known},${timeMs + from},${timeMs + to}`;
  await insert('series', [row('null,null,null', 100, 200)]);
  await insert('series', [row('"gauge","bytes","Old."', 150, 300)]);
  await insert('series', [row('"counter",null,"New."', 50, 60)]);
  await insert('series', [row('null,null,null', 400, 500)]);
  const expected = [
    { type: 'counter', unit: 'bytes', help: 'New.', labels: { job: 'shop' }, from: 50, to: 500 },
  ];
  const read = (final: string): string =>
    `SELECT type, unit, help, labels, toUnixTimestamp64Milli(first_seen) - ${timeMs} AS from,
       toUnixTimestamp64Milli(last_seen) - ${timeMs} AS to
     FROM series ${final} WHERE tenant = 't'`;
  expect(await opened.engine.select(read('FINAL'))).toEqual(expected);
  await opened.engine.command('OPTIMIZE TABLE series FINAL');
  expect(await opened.engine.select(read(''))).toEqual(expected);
});

test.each(['samples', 'series'])(
  'an insert whose lease has ended adds nothing to %s',
  async (table) => {
    const request = opened.engine.insert({
      table,
      columns: ['tenant', 'metric_name', 'series_id'],
      format: 'JSONCompactEachRow',
      data: Buffer.from('["late","m",1]\n'),
      notAfterMs: performance.now() - 5000,
    });
    await expect(request).rejects.toMatchObject({ code: 'lease_expired' });
  },
);

test('one metric over some hours reads few rows of a day, whatever its series', async () => {
  await opened.engine.command(
    `INSERT INTO samples (tenant, metric_name, series_id, time, value)
     SELECT 'many', concat('m', toString(number % 4)), number % 400,
       toDateTime64('2026-02-01 00:00:00', 3, 'UTC') + intDiv(number, 400) * 60, number
     FROM numbers(${400 * 1440})`,
  );
  await opened.engine.command("OPTIMIZE TABLE samples PARTITION '2026-02-01' FINAL");
  const rowsOf = async (where: string): Promise<number> => {
    const [row] = await opened.engine.select<{ rows: number }>(
      `SELECT sum(rows) AS rows FROM (EXPLAIN ESTIMATE SELECT value FROM samples WHERE tenant = 'many' AND metric_name = 'm1' AND ${where})`,
    );
    return row?.rows ?? 0;
  };
  // Of 576,000 rows; an hour of the metric is 6,000, a granule 8,192.
  expect(
    await rowsOf("time >= '2026-02-01 10:00:00' AND time < '2026-02-01 11:00:00'"),
  ).toBeLessThanOrEqual(3 * 8192);
  expect(await rowsOf('series_id = 5')).toBeLessThanOrEqual(200_000);
});
