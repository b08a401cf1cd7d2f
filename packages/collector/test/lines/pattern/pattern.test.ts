import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { expect, test } from 'vitest';
import { Pattern, PatternError } from '../../../src/lines/pattern/pattern.ts';
import { anyPattern, anyText } from './any-pattern.ts';

function re2Ranges(source: string, input: string): [number, number][] {
  const matcher = RE2JS.compile(source).matcher(input);
  const ranges: [number, number][] = [];
  while (matcher.find()) {
    if (matcher.end() > matcher.start()) ranges.push([matcher.start(), matcher.end()]);
  }
  return ranges;
}

test('finds what RE2 finds, whichever engine is used', () => {
  let native = 0;
  fc.assert(
    fc.property(anyPattern, fc.array(anyText, { maxLength: 6 }), (source, inputs) => {
      const compiled = Pattern.compile(source);
      if (compiled.isNative) native += 1;
      for (const input of inputs) {
        const found = [...compiled.ranges(input)].map(({ start, end }) => [start, end]);
        expect(found, source).toEqual(re2Ranges(source, input));
        expect(compiled.test(input), source).toBe(RE2JS.compile(source).test(input));
        const marked = compiled.replace(input, (match) => `<${match}>`);
        expect(marked.replaceAll(/[<>]/g, '')).toBe(input);
        expect(marked.split('<').length - 1).toBe(found.length);
      }
    }),
    { numRuns: 2000 },
  );
  expect(native).toBeGreaterThan(500);
});

test.each([
  ['password=\\S+', true],
  ['(?i)(authorization|token)[=:]\\s*\\S+', true],
  ['\\b\\d{1,3}(?:\\.\\d{1,3}){3}\\b', true],
  ['"password"\\s*:\\s*"[^"]*"', true],
  ['^\\d{4}-\\d\\d-\\d\\d', true],
  ['^\\s+at ', true],
  ['^.*ERROR', true],
  ['AKIA[0-9A-Z]{16}', true],
  ['-----BEGIN [A-Z ]+-----', false],
  ['[a-z]+@[a-z]+', false],
  ['(a+)+$', false],
  ['(a|aa)*b', false],
  ['<[^>]*>', false],
  [':\\s*[^,]+,', false],
  ['(?:a?){40}a{40}', false],
  ['x(?:[ab]{0,9}){0,9}y', false],
  ['\\pL+', false],
  ['[[:alpha:]]x', false],
  ['(?i:ab)', false],
])('%s is shown to be linear: %j', (source, isNative) => {
  expect(Pattern.compile(source).isNative).toBe(isNative);
});

test.each([
  '(a+)+$',
  '(a|aa)*b',
  '(.*)*x',
  '[a-z]+[0-9]+@',
  '(?:a?){30}a{30}',
  '\\s+$',
  'a*a*a*a*b',
  '"[^"]*"x',
  '^(\\S+\\s+)*end',
  '(?i)(a|b|ab)*c',
  '.*.*=.*',
  'password=\\S+',
  '\\b\\d{1,3}(?:\\.\\d{1,3}){3}\\b',
  'a\\s*b',
  '[=:]\\s*\\S+',
])('%s takes a time proportional to the text', (source) => {
  const compiled = Pattern.compile(source);
  const times = (length: number): number => {
    const inputs = ['a', 'a ', '"', 'aaaa1', '1.', 'password=', '= ', 'ab'].map((unit) =>
      unit.repeat(length / unit.length),
    );
    const begun = process.cpuUsage();
    for (const input of inputs) compiled.replace(input, () => 'x');
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000;
  };
  times(1000);
  const short = times(10_000);
  // Ten times for ten times the text; a hundred would be quadratic.
  expect(times(100_000)).toBeLessThan(Math.max(short, 20) * 40);
});

test.each(['(', '[z-a]', '(?=a)', '(?<!a)b', '\\1', '(?P<x', '\\', 'a{1001}', '\xff['])(
  '%j is refused, with the pattern and the reason',
  (source) => {
    expect(() => Pattern.compile(source)).toThrow(PatternError);
    expect(() => Pattern.compile(source)).toThrow(
      `pattern ${JSON.stringify(source)}: expected RE2 syntax (`,
    );
  },
);

test('any text as a pattern compiles or is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), anyText, (source, input) => {
      let thrown: unknown = null;
      try {
        Pattern.compile(source).replace(input, () => '');
      } catch (error) {
        thrown = error;
      }
      expect(thrown === null || thrown instanceof PatternError).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('a pattern over 4096 characters is refused', () => {
  expect(() => Pattern.compile('a'.repeat(5000))).toThrow('expected at most 4096 characters');
});

const bytes = (characters: string): string => Buffer.from(characters, 'utf8').toString('latin1');

test.each([
  ['naïve\\d', 'x naïve1 y', 'x <> y'],
  ['k=.{3}', 'k=äöüx', '<>x'],
  ['k=\\S+', 'k=äöü x', '<> x'],
  ['[äö]+', 'aäöb', 'a<>b'],
  ['\\pL{2}', '1äö2', '1<>2'],
  ['\\w+', 'aäb', '<>ä<>'],
])('%s: characters count, not their bytes: %s', (source, input, expected) => {
  expect(Pattern.compile(source).replace(bytes(input), () => '<>')).toBe(bytes(expected));
});

test('in bytes that are no characters a secret is found all the same', () => {
  const input = `\xff\xfe secret=abc\xff def`;
  expect(Pattern.compile('secret=\\S+').replace(input, () => '<>')).toBe('\xff\xfe <> def');
  expect(Pattern.compile('secret=.{3}').replace(input, () => '<>')).not.toContain('abc');
});
