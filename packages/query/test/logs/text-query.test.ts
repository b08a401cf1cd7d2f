import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterConditions, filterKey, type LogFilter } from '../../src/logs/log-filter.ts';
import { planSearchWindows } from '../../src/logs/search-windows.ts';
import { parseTextQuery } from '../../src/logs/text-query.ts';

function filterOf(q: string): LogFilter {
  return {
    text: parseTextQuery(q),
    regex: null,
    container_id: [],
    container: [],
    service: [],
    image: [],
    host: [],
    stream: [],
    severity: [],
  };
}

describe('the search field', () => {
  const cases: [q: string, include: string[], exclude: string[], words: string[]][] = [
    ['', [], [], []],
    ['  a  b\t', ['a', 'b'], [], []],
    ['"a b" c', ['a b', 'c'], [], []],
    ['-a -"b c"', [], ['a', 'b c'], []],
    ['"say \\"hi\\" \\\\"', ['say "hi" \\'], [], []],
    ['"not closed', ['not closed'], [], []],
    ['a-b', ['a-b'], [], []],
    ['-', ['-'], [], []],
    ['"-a"', ['-a'], [], []],
    ['a a a', ['a'], [], []],
    ['""', [], [], []],
    ['=word', [], [], ['word']],
    ['=a-b', [], [], ['a-b']],
    ['== "=x" -=y', ['==', '=x'], ['=y'], []],
    ['level=error', ['level=error'], [], []],
  ];
  it.each(cases)('%j', (...[q, include, exclude, words]) => {
    expect(parseTextQuery(q)).toEqual({ include, exclude, words });
  });

  it('takes any text, and a quoted text is one term whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (q) => {
        const { include, exclude, words } = parseTextQuery(q);
        expect([...include, ...exclude, ...words].every((term) => term !== '')).toBe(true);
        const quoted = parseTextQuery(`"${q.replaceAll(/["\\]/g, '\\$&')}"`);
        expect(quoted).toEqual({ include: q === '' ? [] : [q], exclude: [], words: [] });
      }),
    );
  });
});

describe('conditions', () => {
  it('hold no value of the user', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (value, q) => {
        const plain = filterConditions(
          { ...filterOf(''), host: ['x'], service: ['x'], regex: 'x' },
          'x',
        );
        const given = filterConditions(
          { ...filterOf(''), host: [value], service: [value], regex: value },
          value,
        );
        expect(given.conditions).toEqual(plain.conditions);
        const shape =
          /^(tenant = \{tenant:String\}|hasToken\(message, \{w_\d+_\d+:String\}\)|match\(message, \{w_\d+:String\}\)|positionCaseInsensitive(UTF8)?\(message, \{[qx]_\d+:String\}\) (> 0|= 0))$/;
        for (const condition of filterConditions(filterOf(q), 'x').conditions) {
          expect(condition).toMatch(shape);
        }
      }),
    );
  });

  it('are one poller’s for filters that say the same', () => {
    expect(filterKey({ ...filterOf('b a'), host: ['y', 'x'] })).toBe(
      filterKey({ ...filterOf('a  b'), host: ['x', 'y', 'x'] }),
    );
    expect(filterKey(filterOf('a'))).not.toBe(filterKey(filterOf('-a')));
    expect(filterKey({ ...filterOf(''), host: ['a'] })).not.toBe(
      filterKey({ ...filterOf(''), image: ['a'] }),
    );
  });
});

describe('windows of a search', () => {
  it('meet without gap or overlap from the newest to the oldest, and are few', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2_000_000_000_000 }),
        fc.integer({ min: 1, max: 400 * 86_400_000 }),
        (from, length) => {
          const windows = planSearchWindows(from, from + length);
          expect(windows[0]?.to).toBe(from + length);
          expect(windows.at(-1)?.from).toBe(from);
          expect(windows.slice(1).map((window) => window.to)).toEqual(
            windows.slice(0, -1).map((window) => window.from),
          );
          expect(windows.every((window) => window.from < window.to)).toBe(true);
          expect(windows.length).toBeLessThanOrEqual(11);
        },
      ),
    );
  });
});
