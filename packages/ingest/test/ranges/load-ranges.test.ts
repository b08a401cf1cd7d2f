import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOf } from '../../src/ranges/file-key.ts';
import { loadRanges } from '../../src/ranges/load-ranges.ts';
import { addRange, emptyRanges, type RangeSet } from '../../src/ranges/range-set.ts';
import { openTestIngest, type TestIngest } from '../support/test-ingest.ts';

let it: TestIngest;
beforeAll(async () => {
  it = await openTestIngest();
});
afterAll(async () => it[Symbol.asyncDispose]());

const { signal } = new AbortController();
const columns = ['time', 'tenant', 'file_id', 'start', 'end', 'partition', 'batch'];
const insert = async (lines: readonly string[]): Promise<void> => {
  const data = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  await it.engine.insert({ table: 'log_ranges', columns, format: 'CSV', data });
};
let files = 0;
const newFile = (): string => `file-${files++}`;

const row = fc.record({
  start: fc.nat(40),
  length: fc.integer({ min: 1, max: 12 }),
  partition: fc.constantFrom('t/0', 't/1'),
  batch: fc.nat(9),
});

test('rows are joined to the fewest ranges, without those of the asking batch and later ones', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 30 }), fc.nat(9), async (rows, first) => {
      const fileId = newFile();
      await insert(
        rows.map(
          ({ start, length, partition, batch }) =>
            `2026-01-15 10:00:00,t,${fileId},${start},${start + length},${partition},${batch}`,
        ),
      );
      const loaded = await loadRanges(it.engine, [{ tenant: 't', fileId }], {
        batch: { partition: 't/0', first },
        signal,
      });
      const wanted = rows
        .filter(({ partition, batch }) => partition !== 't/0' || batch < first)
        .reduce<RangeSet>(
          (set, { start, length }) => addRange(set, { start, end: start + length }),
          emptyRanges,
        );
      expect(loaded.get(keyOf({ tenant: 't', fileId })) ?? []).toEqual(wanted);
    }),
    { numRuns: 40 },
  );
});

test('of a file written for weeks one range comes back', async () => {
  const fileId = newFile();
  await it.engine.command(
    `INSERT INTO log_ranges SELECT now(), 't', '${fileId}', number * 100, number * 100 + 100, 't/0', number FROM numbers(1000000)`,
  );
  const loaded = await loadRanges(it.engine, [{ tenant: 't', fileId }], {
    batch: { partition: 't/0', first: 900_000 },
    signal,
  });
  expect([...loaded.values()]).toEqual([[{ start: 0, end: 90_000_000 }]]);
});

test('of two weeks with a gap two ranges come back, and rows that are there twice change nothing', async () => {
  const fileId = newFile();
  const runs = [
    [0, 300_000],
    [500_000, 600_000],
    [500_000, 510_000],
  ] as const;
  for (const [from, to] of runs) {
    await it.engine.command(
      `INSERT INTO log_ranges SELECT now(), 't', '${fileId}', number * 100, number * 100 + 100, 't/0', number FROM numbers(${from}, ${to - from})`,
    );
  }
  const loaded = await loadRanges(it.engine, [{ tenant: 't', fileId }], {
    batch: { partition: 't/0', first: 900_000 },
    signal,
  });
  expect([...loaded.values()]).toEqual([
    [
      { start: 0, end: 30_000_000 },
      { start: 50_000_000, end: 60_000_000 },
    ],
  ]);
});

test('thousands of files, of several tenants, whatever they are called', async () => {
  const keys = Array.from({ length: 2500 }, (_, index) => ({
    tenant: index % 2 === 0 ? 'even' : "o'dd\\",
    fileId: `${newFile()}-${'ü"\'\\,'.repeat(index % 20)}`,
  }));
  const data = Buffer.from(
    keys
      .map(({ tenant, fileId }, index) =>
        JSON.stringify(['2026-01-15 10:00:00', tenant, fileId, 0, index + 1, 't/0', 0]),
      )
      .join('\n'),
  );
  await it.engine.insert({ table: 'log_ranges', columns, format: 'JSONCompactEachRow', data });
  const loaded = await loadRanges(it.engine, keys, {
    batch: { partition: 't/1', first: 0 },
    signal,
  });
  expect(loaded.size).toBe(2500);
  for (const [index, key] of keys.entries()) {
    expect(loaded.get(keyOf(key))).toEqual([{ start: 0, end: index + 1 }]);
  }
});
