import { describe, expect, test } from 'vitest';
import { displayWidth } from '../../src/sql/display-width.ts';
import { renderResult } from '../../src/sql/render-result.ts';

const result = {
  columns: [
    { name: 'name', type: 'String' },
    { name: 'count', type: 'UInt64' },
    { name: 'tags', type: 'Array(String)' },
  ],
  rows: [
    ['checkout', '12', ['a', 'b']],
    ['結帳 "x", y', null, []],
  ],
};

describe('renderResult', () => {
  test('a table aligns text left, numbers right, and counts wide characters', () => {
    expect(renderResult(result, 'table')).toBe(
      [
        'name         count  tags',
        '───────────  ─────  ─────────',
        'checkout        12  ["a","b"]',
        '結帳 "x", y   NULL  []',
        '',
      ].join('\n'),
    );
  });

  test('a table shows what a terminal would obey as text, and cuts long cells', () => {
    const rows = [['\u001B[31mred\u001B[0m\nbell\u0007'], ['x'.repeat(300)]];
    const text = renderResult({ columns: [{ name: 'message', type: 'String' }], rows }, 'table');
    expect(text).toContain('\\x1b[31mred\\x1b[0m\\nbell\\x07');
    expect(text).toContain(`${'x'.repeat(200)}…`);
    for (const control of ['\u001B', '\u0007']) expect(text).not.toContain(control);
  });

  test('CSV follows RFC 4180, NULL is empty', () => {
    expect(renderResult(result, 'csv')).toBe(
      'name,count,tags\r\ncheckout,12,"[""a"",""b""]"\r\n"結帳 ""x"", y",,[]\r\n',
    );
  });

  test('JSON is an array of objects', () => {
    expect(JSON.parse(renderResult(result, 'json'))).toEqual([
      { name: 'checkout', count: '12', tags: ['a', 'b'] },
      { name: '結帳 "x", y', count: null, tags: [] },
    ]);
  });

  test('no rows are a header, a header, and an empty array', () => {
    const empty = { ...result, rows: [] };
    expect(renderResult(empty, 'table').split('\n')[0]).toBe('name  count  tags');
    expect(renderResult(empty, 'csv')).toBe('name,count,tags\r\n');
    expect(JSON.parse(renderResult(empty, 'json'))).toEqual([]);
  });
});

test.each([
  ['abc', 3],
  ['結帳', 4],
  ['e\u0301', 1],
  ['🚢', 2],
  ['', 0],
])('%s takes %i columns', (text, width) => {
  expect(displayWidth(text)).toBe(width);
});
