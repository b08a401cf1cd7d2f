import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pattern } from '../../../src/lines/pattern/pattern.ts';
import { anyPattern, anyText } from './any-pattern.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? Date.now() % 2 ** 31);
const anyLine = fc.oneof(
  anyText.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
);

test(`says of any bytes what the pattern says of their text (seed ${seed})`, () => {
  let said = 0;
  fc.assert(
    fc.property(
      fc.tuple(fc.constantFrom('', '', '^'), anyPattern).map(([anchor, pattern]) =>
        // Before flags there is no place for it.
        pattern.startsWith('(?i)') || pattern.startsWith('(?s)') ? pattern : anchor + pattern,
      ),
      fc.array(anyLine, { maxLength: 8 }),
      (source, lines) => {
        const pattern = Pattern.compile(source);
        const all = Buffer.concat(lines);
        let from = 0;
        for (const line of lines) {
          const fits = pattern.automaton?.test(all, from, from + line.length) ?? null;
          from += line.length;
          if (fits === null) continue;
          said += 1;
          expect(fits, `${source} of ${JSON.stringify(line.toString('latin1'))}`).toBe(
            pattern.test(line.toString('latin1')),
          );
        }
      },
    ),
    { numRuns: 3000, seed },
  );
  expect(said).toBeGreaterThan(200);
});

test.each([
  [
    '^(\\{|level=|\\d|\\[|\\S+ - )',
    ['{', '7', 'ab - c', 'level=x'],
    ['', 'x', 'ab -c', 'leve', ' - '],
  ],
  ['^\\[?\\d', ['[1', '1'], ['[[1', '']],
  ['ERROR', ['an ERROR', 'ERROR'], ['ERRO', '']],
])('%s', (source, fitting, others) => {
  const { automaton } = Pattern.compile(source);
  const fits = (text: string): boolean | null | undefined =>
    automaton?.test(Buffer.from(text), 0, text.length);
  for (const text of fitting) expect(fits(text), text).toBe(true);
  for (const text of others) expect(fits(text), text).toBe(false);
});

test.each(['a\\bb', 'a$', 'a{200}', '^|a'])('%s is left to RegExp', (source) => {
  expect(Pattern.compile(source).automaton).toBeNull();
});

test('a pattern of very many states is left to RegExp where they do not suffice', () => {
  const pattern = Pattern.compile('a[ab]{12}c');
  let state = 1;
  const letters = Array.from({ length: 5000 }, () => {
    state = (state * 48_271) % (2 ** 31 - 1);
    return state > 2 ** 30 ? 'a' : 'b';
  });
  const text = Buffer.from(letters.join(''));
  expect(pattern.automaton).not.toBeNull();
  expect(pattern.automaton?.test(text, 0, text.length)).toBeNull();
  expect(pattern.test(text.toString('latin1'))).toBe(false);
});

test('bytes beyond ASCII are left to what counts characters', () => {
  const { automaton } = Pattern.compile('^k=.{3}x');
  expect(automaton?.test(Buffer.from('k=abcx'), 0, 6)).toBe(true);
  expect(automaton?.test(Buffer.from('k=äöüx'), 0, 9)).toBeNull();
});
