import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameStream, parseLabelString } from '../../src/loki/label-string.ts';

test.each<[string, [string, string][]]>([
  ['{}', []],
  [' { } ', []],
  ['{a="b"}', [['a', 'b']]],
  ['{a="b",}', [['a', 'b']]],
  [
    '{ job = "x" , _n1="", a:b="c" }',
    [
      ['job', 'x'],
      ['_n1', ''],
      ['a:b', 'c'],
    ],
  ],
  ['{a="say \\"hi\\"\\n\\t\\\\ \\u00e9 \\U0001F600"}', [['a', 'say "hi"\n\t\\ é 😀']]],
  ['{a="\\xe2\\x82\\xac \\101"}', [['a', '€ A']]],
  ['{a=`raw \\n "x"`}', [['a', 'raw \\n "x"']]],
  ["{a='single \\' quoted'}", [['a', "single ' quoted"]]],
  [
    '{a="}",b="{,="}',
    [
      ['a', '}'],
      ['b', '{,='],
    ],
  ],
  ['{"service.name"="web"}', [['service.name', 'web']]],
  ['{service.name="web"}', [['service.name', 'web']]],
  ['{__proto__="x"}', [['__proto__', 'x']]],
  ['{ключ="x"}'.replace('ключ', '"ключ"'), [['ключ', 'x']]],
])('%s', (text, labels) => {
  expect(parseLabelString(text)).toEqual({ ok: true, labels });
});

test.each([
  ['', 'expected { at character 1 of its labels'],
  ['a="b"', 'expected { at character 1 of its labels'],
  ['{a="b"', 'expected a comma or } at character 7 of its labels'],
  ['{a}', 'expected = at character 3 of its labels'],
  ['{a=b}', 'expected a quoted value at character 4 of its labels'],
  ['{="b"}', 'expected the name of a label at character 2 of its labels'],
  ['{1a="b"}', 'expected the name of a label at character 2 of its labels'],
  ['{a="b" c="d"}', 'expected a comma or } at character 8 of its labels'],
  ['{a="b"} x', 'expected nothing behind } at character 9 of its labels'],
  ['{a="b', 'expected a closing " at character 6 of its labels'],
  ['{a="b\n"}', 'expected a closing " at character 6 of its labels'],
  ['{a="\\d"}', 'expected an escape such as \\n or \\u00e9 at character 5 of its labels'],
  ['{a="\\ud800"}', 'expected a character of Unicode at character 11 of its labels'],
  [`{${'a="b",'.repeat(300)}}`, 'expected at most 256 labels'],
  [`{a="${'x'.repeat(300_000)}"}`, 'expected at most 262144 characters of labels'],
])('%s is refused', (text, problem) => {
  expect(parseLabelString(text)).toEqual({ ok: false, problem });
});

test('what Go quotes is read back', () => {
  const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,10}$/);
  const labels = fc.array(
    fc.tuple(
      name,
      fc.string({ unit: 'binary' }).map((s) => s.toWellFormed()),
    ),
  );
  fc.assert(
    fc.property(labels, (pairs) => {
      // JSON's escapes are a part of Go's, but for the slash that it does not use.
      const text = `{${pairs.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(', ')}}`;
      expect(parseLabelString(text)).toEqual({ ok: true, labels: pairs });
    }),
  );
});

test('no text makes it throw or hang', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '"',
    "'",
    '`',
    '\\',
    'x',
    '=',
    ',',
    'a',
    '1',
    'u',
    '\n',
    ' ',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const parsed = parseLabelString(pieces.join(''));
      expect(typeof parsed.ok).toBe('boolean');
    }),
    { numRuns: 3000 },
  );
});

test('a long stream is named by its beginning', () => {
  expect(nameStream(`{a="${'x'.repeat(500)}"}`)).toHaveLength('stream '.length + 201);
});
