import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StorageError, type AdhocLimits } from '../../src/index.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const limits: AdhocLimits = {
  maxExecutionMs: 2_000,
  maxMemoryBytes: 200_000_000,
  maxRows: 1000,
  maxResultBytes: 100_000,
};

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine();
});
afterAll(async () => opened[Symbol.asyncDispose]());

const refusal = async (sql: string, asked = limits): Promise<StorageError> => {
  const answer: unknown = await opened.engine.adhoc(sql, asked).catch((error: unknown) => error);
  if (answer instanceof StorageError) return answer;
  throw new Error(`expected a StorageError, got ${JSON.stringify(answer)}`);
};

describe('answers', () => {
  test('rows are compact, 64-bit integers and decimals are strings, NaN is named', async () => {
    const { columns, rows, truncated, limit } = await opened.engine.adhoc(
      "SELECT toUInt64(18446744073709551615) AS big, toInt32(7) AS small, nan AS n, toDecimal64(1.5, 2) AS d, ['a'] AS list, 'x;y' AS s",
      limits,
    );
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'big UInt64',
      'small Int32',
      'n Float64',
      'd Decimal(18, 2)',
      'list Array(String)',
      's String',
    ]);
    expect(rows).toEqual([['18446744073709551615', 7, 'nan', '1.5', ['a'], 'x;y']]);
    expect({ truncated, limit }).toEqual({ truncated: false, limit: null });
  });

  test.each([
    ['a trailing semicolon and comments', '/* a */ SELECT 1 -- b\n;', 1],
    ['an empty result', 'SELECT 1 WHERE 0', 0],
    ['a table of numbers', 'SELECT number FROM numbers(10)', 10],
    [
      'CTE, window, union',
      'WITH t AS (SELECT number AS n FROM numbers(5)) SELECT n, sum(n) OVER (ORDER BY n) FROM t UNION ALL SELECT 1, 1',
      6,
    ],
    ['own tables by name', 'SELECT count() FROM logs', 1],
    ['own tables with the database', 'SELECT count() FROM plimsoll.logs', 1],
    ['a column list', 'SELECT * EXCEPT message FROM logs', 0],
    ['the schema', "SELECT name FROM system.columns WHERE table = 'logs' AND name = 'message'", 1],
    ['explain', 'EXPLAIN AST SELECT 1', 5],
    ['describe', 'DESCRIBE logs', 19],
    ['words in strings', "SELECT 'INTO OUTFILE file() FORMAT x; DROP TABLE logs'", 1],
    ['names in quotes', 'SELECT 1 AS `FORMAT x`', 1],
    ['the function format', "SELECT format('{}-{}', 'a', 'b')", 1],
  ])('%s', async (_what, sql, rows) => {
    const result = await opened.engine.adhoc(sql, limits);
    expect(result.rows).toHaveLength(rows);
  });

  test('a result that comes in many chunks has no rows too many', async () => {
    const { rows } = await opened.engine.adhoc(
      'SELECT number, sleepless FROM (SELECT number, 1 AS sleepless FROM numbers(50000)) ORDER BY number LIMIT 300000',
      { ...limits, maxRows: 300_000, maxResultBytes: 10_000_000 },
    );
    expect(rows).toHaveLength(50_000);
    const { rows: union } = await opened.engine.adhoc(
      'SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT number FROM numbers(200000)',
      { ...limits, maxRows: 300_000, maxResultBytes: 10_000_000 },
    );
    expect(union).toHaveLength(200_002);
    expect(union.every(([value]) => /^\d+$/.test(String(value)))).toBe(true);
  });

  test('what was read is told', async () => {
    const result = await opened.engine.adhoc('SELECT sum(number) FROM numbers(1000000)', limits);
    expect(result.readRows).toBe(1_000_000);
    expect(result.readBytes).toBe(8_000_000);
    expect(result.elapsedMs).toBeGreaterThan(0);
  });
});

describe('limits', () => {
  test('rows: cut exactly, and said', async () => {
    const result = await opened.engine.adhoc('SELECT number FROM numbers(100000000)', limits);
    expect(result.rows).toHaveLength(limits.maxRows);
    expect(result).toMatchObject({ truncated: true, limit: 'rows' });
  });

  test('rows: exactly as many as allowed are not cut', async () => {
    const result = await opened.engine.adhoc('SELECT number FROM numbers(1000)', limits);
    expect(result.rows).toHaveLength(1000);
    expect(result).toMatchObject({ truncated: false, limit: null });
  });

  test('bytes: whole rows up to the limit', async () => {
    const result = await opened.engine.adhoc("SELECT repeat('x', 30000) FROM numbers(10)", limits);
    expect(result.rows).toHaveLength(3);
    expect(result).toMatchObject({ truncated: true, limit: 'bytes' });
  });

  test('time', async () => {
    const error = await refusal('SELECT sum(cityHash64(number)) FROM numbers(1000000000000)', {
      ...limits,
      maxExecutionMs: 300,
    });
    expect(error.code).toBe('timeout');
  });

  test('memory', async () => {
    const error = await refusal(
      'SELECT groupArray(repeat(toString(number), 100)) FROM numbers(10000000)',
    );
    expect(error.code).toBe('memory_limit');
  });

  test('a closed caller cancels, and the connection is free again at once', async () => {
    const abort = new AbortController();
    const started = performance.now();
    const running = Promise.all(
      [1, 2].map(async () =>
        opened.engine
          .adhoc(
            'SELECT sum(cityHash64(number)) FROM numbers(1000000000000)',
            { ...limits, maxExecutionMs: 30_000 },
            abort.signal,
          )
          .catch((error: unknown) => error),
      ),
    );
    setTimeout(() => abort.abort(), 200);
    for (const error of await running) expect(error).toMatchObject({ code: 'aborted' });
    await opened.engine.adhoc('SELECT 1', { ...limits, maxExecutionMs: 30_000 });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('different sets of limits: a few', async () => {
    const codes = [];
    for (let index = 0; index < 6; index++) {
      const asked = { ...limits, maxRows: 10 + index };
      codes.push(
        await opened.engine.adhoc('SELECT 1', asked).then(
          () => 'ok',
          (error: unknown) => (error as StorageError).code,
        ),
      );
    }
    expect(codes).toContain('busy');
  });
});

describe('positions of errors, in the text as written', () => {
  test.each([
    ['a syntax error', 'SELECT a,\n  b FORM x', { line: 2, column: 10 }],
    ['a syntax error behind other letters', "SELECT 'äöü', FROM FROM", { line: 1 }],
    ['an unknown column', '-- foo\nSELECT 1,\n  foo FROM logs', { line: 3, column: 3 }],
    ['an unknown table', 'SELECT 1\nFROM nowhere', { line: 2, column: 6 }],
    ['an unknown function', 'SELECT 1, nofunction(2)', { line: 1, column: 11 }],
    ['what is forbidden', "SELECT 1,\n file('/etc/passwd')", { line: 2, column: 2 }],
  ])('%s', async (_what, sql, position) => {
    const error = await refusal(sql);
    expect(error.position, error.message).toMatchObject(position);
  });
});
