import { describe, expect, test } from 'vitest';
import type { SqlResult } from '@plimsoll/model/api';
import { csvOf } from '../../src/sql/csv.ts';
import {
  addToHistory,
  maxHistoryChars,
  maxHistoryEntries,
  readHistory,
} from '../../src/sql/query-history.ts';
import {
  chartOf,
  isNumberColumn,
  isTimeColumn,
  maxChartLines,
  sortedRows,
} from '../../src/sql/result-model.ts';

function result(columns: [string, string][], rows: unknown[][]): SqlResult {
  return {
    columns: columns.map(([name, type]) => ({ name, type })),
    rows,
    truncated: false,
    limit: null,
    elapsed_ms: 1,
    read_rows: 1,
    read_bytes: 1,
  };
}

describe('the type of a column', () => {
  test.each(['UInt64', 'Nullable(Float64)', 'LowCardinality(Nullable(Int8))', 'Decimal(10, 2)'])(
    '%s is a number',
    (type) => {
      expect(isNumberColumn({ name: 'x', type })).toBe(true);
    },
  );

  test.each(['DateTime', "DateTime64(3, 'UTC')", 'Date32', 'Nullable(DateTime)'])(
    '%s is a time',
    (type) => {
      expect(isTimeColumn({ name: 'x', type })).toBe(true);
    },
  );
});

describe('sorting a result', () => {
  test('compares 64-bit numbers that a float would round, absent ones last', () => {
    const rows = [['9007199254740993'], [null], ['9007199254740992']];
    const sorted = sortedRows(result([['n', 'Nullable(UInt64)']], rows), {
      column: 0,
      descending: false,
    });
    expect(sorted).toEqual([2, 0, 1]);
    expect(sortedRows(result([['n', 'UInt64']], rows), { column: 0, descending: true })).toEqual([
      0, 2, 1,
    ]);
  });

  test('keeps the order of equals, and without an order that of the server', () => {
    const given = result([['s', 'String']], [['b'], ['a'], ['b']]);
    expect(sortedRows(given, { column: 0, descending: false })).toEqual([1, 0, 2]);
    expect(sortedRows(given, null)).toEqual([0, 1, 2]);
  });
});

describe('a chart of a result', () => {
  test('has a line per text beside a time and a number', () => {
    const chart = chartOf(
      result(
        [
          ['t', 'DateTime'],
          ['service', 'String'],
          ['n', 'UInt64'],
        ],
        [
          ['2026-01-01 00:01:00', 'a', '2'],
          ['2026-01-01 00:00:00', 'a', '1'],
          ['2026-01-01 00:00:00', 'b', null],
        ],
      ),
    );
    expect(chart?.lines).toEqual([
      {
        name: 'a',
        points: [
          [Date.UTC(2026, 0, 1), 1],
          [Date.UTC(2026, 0, 1, 0, 1), 2],
        ],
      },
      { name: 'b', points: [[Date.UTC(2026, 0, 1), null]] },
    ]);
  });

  test('does not exist without a time', () => {
    expect(chartOf(result([['n', 'UInt64']], [[1], [2]]))).toBeNull();
  });

  test('stops at the limit of lines and says how many are left out', () => {
    const rows = Array.from({ length: 10 }, (_, index) => ['2026-01-01 00:00:00', `s${index}`, 1]);
    expect(
      chartOf(
        result(
          [
            ['t', 'DateTime'],
            ['s', 'String'],
            ['n', 'UInt8'],
          ],
          rows,
        ),
      ),
    ).toMatchObject({ left: 10 - maxChartLines });
  });
});

describe('CSV', () => {
  test('quotes what must be quoted and disarms formulas', () => {
    expect(
      csvOf(
        ['a', 'b'],
        [
          ['x,"y"', '=1+1'],
          [null, -5],
          [{ k: 1 }, '-7.5'],
        ],
      ),
    ).toBe('a,b\r\n"x,""y""",\'=1+1\r\n,-5\r\n"{""k"":1}",-7.5\r\n');
  });
});

describe('the query history', () => {
  test('is bounded in number and size, and holds each query once', () => {
    let history: string[] = [];
    for (let index = 0; index < maxHistoryEntries + 5; index += 1)
      history = addToHistory(history, `select ${index}`);
    expect(history).toHaveLength(maxHistoryEntries);
    expect(addToHistory(history, ' select 20 ')[0]).toBe('select 20');
    expect(addToHistory(history, ' select 20 ')).toHaveLength(maxHistoryEntries);
    expect(addToHistory([], 'x'.repeat(maxHistoryChars + 1))).toEqual([]);
  });

  test('is empty when what is stored is broken', () => {
    expect(readHistory({ getItem: () => '{', setItem: () => undefined })).toEqual([]);
    expect(readHistory({ getItem: () => '[1,"a"]', setItem: () => undefined })).toEqual(['a']);
  });
});
