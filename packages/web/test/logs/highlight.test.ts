import { describe, expect, test } from 'vitest';
import { markWords, searchWords } from '../../src/logs/highlight.ts';
import { parseJsonMessage } from '../../src/logs/json-message.ts';

describe('the words of a search', () => {
  test('are phrases, words, and not what must be absent', () => {
    expect(searchWords('Timed "out after" -retry')).toEqual(['timed', 'out after']);
  });

  test('are marked without changing the text', () => {
    const parts = markWords('Timeout: timed out, TIMED', ['timed', 'time']);
    expect(parts.map((part) => part.text).join('')).toBe('Timeout: timed out, TIMED');
    expect(parts.filter((part) => part.hit).map((part) => part.text)).toEqual([
      'Time',
      'timed',
      'TIMED',
    ]);
  });
});

describe('a JSON message', () => {
  test.each([
    ['{"a":1}', { a: 1 }],
    [' [1,2] ', [1, 2]],
    ['{broken', null],
    ['12', null],
    ['plain', null],
  ])('%j is read as %j', (message, value) => {
    expect(parseJsonMessage(message)).toEqual(value);
  });
});
