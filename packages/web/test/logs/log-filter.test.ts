import { describe, expect, test } from 'vitest';
import {
  emptyFilter,
  filterParams,
  isEmptyFilter,
  parseFilter,
  requestParams,
  toggleFacet,
  toggleSeverity,
} from '../../src/logs/log-filter.ts';

describe('a log filter', () => {
  test('survives the address', () => {
    const filter = {
      ...emptyFilter,
      text: 'time out',
      severity: ['error', ''] as const,
      service: ['checkout'],
      host: ['a', 'b'],
    };
    expect(parseFilter(filterParams(filter))).toEqual(filter);
  });

  test('keeps that it is a regular expression, also while it is empty', () => {
    const filter = { ...emptyFilter, isRegex: true };
    expect(parseFilter(filterParams(filter)).isRegex).toBe(true);
    expect(filterParams({ ...filter, text: 'a.b' })['regex']).toBe('a.b');
  });

  test('drops severities that do not exist', () => {
    expect(parseFilter({ severity: ['error', 'loud'] }).severity).toEqual(['error']);
  });

  test('asks the server for text or expression, never both', () => {
    expect(requestParams({ ...emptyFilter, text: 'x' })).toMatchObject({
      q: 'x',
      regex: undefined,
    });
    expect(requestParams({ ...emptyFilter, text: 'x', isRegex: true })).toMatchObject({
      q: undefined,
      regex: 'x',
    });
  });

  test('toggles values in and out', () => {
    const once = toggleFacet(emptyFilter, 'host', 'a');
    expect(once.host).toEqual(['a']);
    expect(isEmptyFilter(toggleFacet(once, 'host', 'a'))).toBe(true);
    expect(toggleSeverity(emptyFilter, 'warn').severity).toEqual(['warn']);
  });
});
