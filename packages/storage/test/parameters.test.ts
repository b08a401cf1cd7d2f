import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestEngine, type TestEngine } from './support/test-engine.ts';

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine({ isMigrated: false });
});
afterAll(async () => opened[Symbol.asyncDispose]());

describe('parameters', () => {
  test.each([
    ['it\'s \\ "quoted"', '`; DROP TABLE x; --'],
    ['line\nbreak\r\ttab\0nul\b\f', "\\'"],
    ['', '{x:String}'],
    ['äöü 日本 😀', "'); SELECT 1 --"],
  ])('any text arrives as it is: %j', async (text, other) => {
    const rows = await opened.engine.select<{ a: string; b: string; list: string[] }>(
      'SELECT {a:String} AS a, {b:String} AS b, {list:Array(String)} AS list',
      { params: { a: text, b: other, list: [text, other, ''] } },
    );
    expect(rows).toEqual([{ a: text, b: other, list: [text, other, ''] }]);
  });

  test('any text at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.array(fc.string(), { maxLength: 4 }),
        async (text, list) => {
          const rows = await opened.engine.select<{ a: string; list: string[] }>(
            'SELECT {a:String} AS a, {list:Array(String)} AS list',
            { params: { a: text, list } },
          );
          expect(rows).toEqual([{ a: text, list }]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('numbers, booleans and lists', async () => {
    const rows = await opened.engine.select(
      'SELECT {a:UInt64} AS a, {b:Float64} AS b, {c:Bool} AS c, {d:Array(UInt32)} AS d, isNaN({e:Float64}) AS e, {f:Array(String)} AS f',
      { params: { a: 9007199254740991, b: 1e-7, c: true, d: [1, 2], e: NaN, f: [] } },
    );
    expect(rows).toEqual([{ a: 9007199254740991, b: 1e-7, c: true, d: [1, 2], e: 1, f: [] }]);
  });

  test('one that is missing is an error, never the value of an earlier query', async () => {
    await opened.engine.select('SELECT {secret:String}', { params: { secret: 'earlier' } });
    for (let time = 0; time < 8; time++) {
      await expect(opened.engine.select('SELECT {secret:String}')).rejects.toMatchObject({
        code: 'invalid_query',
      });
    }
  });

  test("queries at the same time do not see each other's", async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const [row] = await opened.engine.select<{ v: number }>(
          'SELECT {v:UInt32} AS v FROM numbers(1000) LIMIT 1',
          { params: { v: index } },
        );
        return row?.v;
      }),
    );
    expect(answers).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });

  test('a name that is none is refused', async () => {
    await expect(
      opened.engine.select('SELECT 1', { params: { "x = 1, y'": 1 } }),
    ).rejects.toMatchObject({ code: 'invalid_query' });
  });
});
