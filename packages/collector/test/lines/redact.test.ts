import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pattern } from '../../src/lines/pattern/pattern.ts';
import { joinBy, makeProcessor, processAll, recordsOf, redacting } from './process-all.ts';

const time = '2026-01-15T09:00:00.5Z';
const dockerLine = (log: string, stream = 'stdout'): string =>
  `${JSON.stringify({ log, stream, time })}\n`;
const textsOf = (content: string | Buffer, processor = makeProcessor()): string[] =>
  recordsOf(processAll(processor, Buffer.from(content))).map(({ text }) => text.toString());

test('what fits is replaced, with its own replacement; the rest is as it was', () => {
  const processor = makeProcessor({
    redact: [
      ...redacting('password=\\S+'),
      { pattern: Pattern.compile('\\d{4}-\\d{4}'), replacement: '<número>' },
    ],
  });
  const content = [
    'login password=hunter2 ok\n',
    'card 1234-5678\tpassword=a\n',
    'nothing here\n',
    '"quoted" password=é\u0001 1234-5678\n',
  ].map((log) => dockerLine(log));
  expect(textsOf(content.join(''), processor)).toEqual([
    'login [redacted] ok',
    'card <número>\t[redacted]',
    'nothing here',
    '"quoted" [redacted] <número>',
  ]);
});

test('a secret that JSON escapes hide is found', () => {
  const line = `{"log":"p\\u0061ssword=\\"hunter2\\" \\u003cb\\u003e\\n","stream":"stderr","time":"${time}"}\n`;
  expect(textsOf(line, makeProcessor({ redact: redacting('password="[^"]*"') }))).toEqual([
    '[redacted] <b>',
  ]);
});

test('a secret over several lines of a record is replaced, and as many lines are left', () => {
  const lines = ['BEGIN key', ' abc', ' def', ' END', ' after'].map((text) =>
    dockerLine(`${text}\n`),
  );
  const processor = makeProcessor({
    join: joinBy({ goesOn: '^ ' }),
    redact: redacting('(?s)BEGIN.*?END'),
  });
  const [record] = recordsOf(processAll(processor, Buffer.from(lines.join(''))));
  expect(record?.text.toString()).toBe('[redacted]\n\n\n\n after');
  expect(record?.linePositions).toHaveLength(4);
});

test('line feeds within a line stay apart from those between lines', () => {
  const lines = [dockerLine('one\npassword=x\nthree\n'), dockerLine(' next password=y\n')];
  for (const redact of [[], redacting('password=\\S+')]) {
    const processor = makeProcessor({ join: joinBy({ goesOn: '^ ' }), redact });
    const [record] = recordsOf(processAll(processor, Buffer.from(lines.join(''))));
    expect(record?.linePositions).toEqual([lines[0]?.length]);
    expect(record?.text.toString().split('\n')).toHaveLength(4);
  }
});

test('a replacement with a line feed makes no line more', () => {
  const pattern = Pattern.compile('x');
  const processor = makeProcessor({ redact: [{ pattern, replacement: 'a\nb' }] });
  expect(textsOf(dockerLine('x\n'), processor)).toEqual(['a b']);
});

test('replacements that would lengthen a block beyond its limit are left out, not the redaction', () => {
  const pattern = Pattern.compile('x');
  const processor = makeProcessor({
    format: 'plain',
    redact: [{ pattern, replacement: '#'.repeat(200) }],
  });
  const content = Buffer.from(`${'x'.repeat(900_000)}y\n`);
  const [chunk] = processAll(processor, content);
  const text = chunk?.payload.toString() ?? '';
  expect(text).not.toContain('x');
  expect(text.endsWith('y\n')).toBe(true);
  expect(text.length).toBeLessThan(1_200_000);
});

const secret = 'hunter2hunter2';
const anyPiece = fc.oneof(
  fc.constantFrom(' ', 'key: ', '"', '\\', '\t', '\n', 'ä', '\u0001', 'BEGIN', '  at '),
  fc.string({ maxLength: 8 }),
);
const anyLine = fc.record({
  before: fc.array(anyPiece, { maxLength: 4 }).map((parts) => parts.join('')),
  hasSecret: fc.boolean(),
  after: fc.array(anyPiece, { maxLength: 4 }).map((parts) => parts.join('')),
  stream: fc.constantFrom('stdout', 'stderr'),
  splitAt: fc.option(fc.nat({ max: 40 })),
});

test.each([
  ['RegExp', `secret=${secret}`],
  ['RE2', `(?i:secret)=${secret}`],
  ['RegExp over lines', `secret=(?:hunter2|\\n){2}`],
  ['a set of everything', `secret=[^ ]{14}`],
])('no published byte shows the secret: %s', (_, pattern) => {
  fc.assert(
    fc.property(
      fc.array(anyLine, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.record({
        format: fc.constantFrom('docker-json' as const, 'plain' as const),
        joins: fc.boolean(),
      }),
      (lines, sizes, { format, joins }) => {
        const content = lines
          .map(({ before, hasSecret, after, stream, splitAt }) => {
            const text = `${before}${hasSecret ? `secret=${secret}` : ''}${after}`;
            if (format === 'plain') return `${text}\n`;
            const at = Math.min(splitAt ?? 0, text.length);
            const parts = at > 0 ? [text.slice(0, at), `${text.slice(at)}\n`] : [`${text}\n`];
            return parts.map((log) => dockerLine(log, stream)).join('');
          })
          .join('');
        const processor = makeProcessor({
          format,
          join: joins ? joinBy({ start: 'BEGIN', goesOn: '^ ' }) : null,
          redact: redacting(pattern),
        });
        const chunks = processAll(processor, Buffer.from(content), sizes);
        for (const { payload } of chunks) expect(payload.includes(secret)).toBe(false);
        const plain = processAll(makeProcessor({ format }), Buffer.from(content));
        const count = (all: typeof chunks): number =>
          recordsOf(all).reduce(
            (sum, { text }) => sum + text.toString('latin1').split('\n').length,
            0,
          );
        expect(count(chunks)).toBe(count(plain));
      },
    ),
    { numRuns: 150 },
  );
});

test.each(['plain', 'docker-json'] as const)(
  'a secret at any place of a line of several MiB is not cut in two: %s',
  (format) => {
    const secretText = `secret=${secret}`;
    for (const offset of [-200_000, -70_000, -65_600, -65_536, -65_530, -40_000, -10, 0, 10]) {
      const before = 'x'.repeat(1024 * 1024 + offset);
      const text = `${before}${secretText} ${'y'.repeat(1_500_000)}`;
      const parts = text.match(/[^]{1,16384}/g) ?? [];
      const content =
        format === 'plain'
          ? `${text}\n`
          : [...parts.map((part) => dockerLine(part)), dockerLine('\n')].join('');
      const processor = makeProcessor({ format, redact: redacting(`secret=\\S+`) });
      const published = Buffer.concat(
        processAll(processor, Buffer.from(content)).map(({ payload }) => payload),
      );
      const shown = recordsOf([{ start: 0, end: 0, lines: 0, payload: published }])
        .map((record) => record.text.toString())
        .join('');
      expect(shown, String(offset)).toBe(text.replace(secretText, '[redacted]'));
    }
  },
);
