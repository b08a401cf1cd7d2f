import { decodeRecords } from '@plimsoll/model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinBy, makeProcessor, processAll, recordsOf, redacting } from './process-all.ts';

const formats = ['docker-json', 'cri', 'plain'] as const;
type Format = (typeof formats)[number];

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .array(
      fc.constantFrom(
        '{"log":"',
        'a',
        '\\n',
        '\\u00e9',
        '\\ud83d',
        '\\ude00',
        '\\u0001',
        '\\t',
        '\\x',
        '"',
        ',"stream":"stdout"',
        '","stream":"stderr","time":"',
        '2026-01-15T09:00:00Z',
        '"}',
        '\n',
        ',"attrs":{"a":"b"},"time":"',
        ' stdout F ',
        ' stderr P:x ',
        '\u0001',
        '\t',
        '\xff',
      ),
      { maxLength: 40 },
    )
    .map((parts) => Buffer.from(parts.join(''), 'latin1')),
);

test('any bytes are taken, in any format, however they are cut, and nothing is thrown', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...formats),
      anyBytes,
      fc.array(fc.nat(), { maxLength: 5 }),
      (format, bytes, sizes) => {
        const content = Buffer.from(bytes);
        const plain = processAll(makeProcessor({ format }), content, sizes);
        expect(plain.at(-1)?.end ?? 0).toBe(content.length);
        const processor = makeProcessor({
          format,
          join: joinBy({ start: 'a' }),
          redact: redacting('a+', '(?i:é)'),
          quotaBytesPerSecond: 2,
        });
        processAll(processor, content, sizes);
      },
    ),
    { numRuns: 1500 },
  );
});

test('of what is no line of the format every byte is kept', () => {
  const lines = [
    '{"log":"torn',
    '{"log":"torn{"log":"x\\n","stream":"stdout","time":"t"}',
    '[1]',
    '{"log":5}',
    '',
    '\xff\xfe',
    'P F',
    '{"log":"a","stream":"stdout"',
  ];
  const content = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
  for (const format of formats) {
    const records = recordsOf(processAll(makeProcessor({ format }), content));
    expect(records.map(({ text }) => text.toString('latin1'))).toEqual(lines);
    expect(records.every(({ stream, time }) => stream === '' && time === '')).toBe(true);
  }
});

const time = '2026-01-15T09:00:00.123456789Z';
const one = (format: Format, line: string) =>
  decodeRecords(
    processAll(makeProcessor({ format }), Buffer.from(`${line}\n`, 'latin1'))[0]?.payload ??
      Buffer.alloc(0),
  )[0];

test.each([
  [
    'as Docker writes it',
    `{"log":"a \\"b\\" \\u003c\\\\n\\n","stream":"stderr","time":"${time}"}`,
    'a "b" <\\n',
    'stderr',
    time,
  ],
  [
    'with attributes',
    `{"log":"x\\n","stream":"stdout","attrs":{"time":"no","k":"}\\""},"time":"${time}"}`,
    'x',
    'stdout',
    time,
  ],
  [
    'keys in another order',
    `{"time":"${time}", "stream":"stdout", "log":"x\\n"}`,
    'x',
    'stdout',
    time,
  ],
  [
    'bytes that are not UTF-8',
    `{"log":"\xff\xc3\\n","stream":"stdout","time":"${time}"}`,
    '\xff\xc3',
    'stdout',
    time,
  ],
  [
    'a pair of escapes',
    `{"log":"\\ud83d\\ude00\\u00e9\\n","stream":"stdout","time":"${time}"}`,
    '\xf0\x9f\x98\x80\xc3\xa9',
    'stdout',
    time,
  ],
  [
    'half a pair',
    `{"log":"\\ud83dx\\udc00\\n","stream":"stdout","time":"${time}"}`,
    '\xef\xbf\xbdx\xef\xbf\xbd',
    'stdout',
    time,
  ],
  [
    'a time that is none',
    `{"log":"x\\n","stream":"stdout","time":"a\tb"}`,
    `{"log":"x\\n","stream":"stdout","time":"a\tb"}`,
    '',
    '',
  ],
  ['another stream', `{"log":"x\\n","stream":"console","time":"${time}"}`, 'x', '', time],
])('docker-json: %s', (...[, line, text, stream, told]) => {
  const record = one('docker-json', line);
  expect(record?.text.toString('latin1')).toBe(text);
  expect(record).toMatchObject({ stream, time: told });
});

test.each([
  [`${time} stdout F text here`, 'text here', 'stdout', time],
  [`${time} stderr F:tag:x text`, 'text', 'stderr', time],
  [`${time} stdout F`, '', 'stdout', time],
  [`${time} stdout F  two`, ' two', 'stdout', time],
  [' stdout F untimed', 'untimed', 'stdout', ''],
  [`${time} stdout X text`, `${time} stdout X text`, '', ''],
  [`${time} stdin F text`, `${time} stdin F text`, '', ''],
  ['yesterday stdout F text', 'yesterday stdout F text', '', ''],
])('cri: %s', (...[line, text, stream, told]) => {
  const record = one('cri', line);
  expect(record?.text.toString('latin1')).toBe(text);
  expect(record).toMatchObject({ stream, time: told });
});

test('any log that Docker encodes is read as JSON reads it', () => {
  const anyLog = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc
      .array(
        fc.constantFrom(
          '"',
          '\\',
          '/',
          '\b',
          '\f',
          '\r',
          '\t',
          '\u0001',
          '\u001b',
          '<',
          '\u2028',
          '😀',
          'é',
        ),
        { maxLength: 20 },
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(anyLog, (log) => {
      const whole = log.toWellFormed().replaceAll('\n', '');
      const encoded = JSON.stringify(`${whole}\n`)
        .replaceAll('<', '\\u003c')
        .replaceAll('\u2028', '\\u2028');
      const line = Buffer.from(`{"log":${encoded},"stream":"stdout","time":"${time}"}\n`);
      const [record] = recordsOf(processAll(makeProcessor(), line));
      expect(record?.text.toString()).toBe(whole);
      expect(record?.time).toBe(time);
    }),
    { numRuns: 1000 },
  );
});
