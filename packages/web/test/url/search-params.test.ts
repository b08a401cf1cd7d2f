import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseSearch,
  rangeOnly,
  stringifySearch,
  toChoice,
  toList,
} from '../../src/url/search-params.ts';

describe('the search part of an address', () => {
  test('holds lists as repeated parameters', () => {
    expect(parseSearch('?host=a&host=b&q=x')).toEqual({ host: ['a', 'b'], q: 'x' });
    expect(stringifySearch({ host: ['a', 'b'], q: 'x', gone: undefined })).toBe(
      '?host=a&host=b&q=x',
    );
  });

  test('is empty without parameters', () => {
    expect(stringifySearch({ a: undefined, b: '' })).toBe('');
  });

  test('comes back as it was, whatever is in it', () => {
    const value = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.array(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 4 }),
    );
    const params = fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      value,
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(params, (given) => {
        expect(parseSearch(stringifySearch(given))).toEqual(given);
      }),
    );
  });

  test('keeps only the time range in links to another view', () => {
    expect(rangeOnly({ range: '6h', q: 'x' })).toEqual({ range: '6h' });
  });

  test('falls back to the first choice', () => {
    expect(toChoice('nonsense', ['service', 'host'])).toBe('service');
    expect(toList(undefined)).toEqual([]);
  });
});
