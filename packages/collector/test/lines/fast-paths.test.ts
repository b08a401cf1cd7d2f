/** What is done to many lines at once gives what is done to each of them. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DockerJsonReader } from '../../src/lines/parse/docker-json.ts';
import { Pattern } from '../../src/lines/pattern/pattern.ts';
import { RawLines } from '../../src/lines/raw-lines.ts';
import { copyWords, wordView } from '../../src/lines/word-view.ts';
import { anyPattern, anyText } from './pattern/any-pattern.ts';
import { joinBy, makeProcessor, processAll, recordsOf } from './process-all.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? Date.now() % 2 ** 31);
const time = '2026-01-15T09:00:00.5Z';

/** One character for each byte; many are no UTF-8. */
const anyBytes = fc.oneof(
  { weight: 6, arbitrary: anyText },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => latin1(bytes)) },
  { weight: 1, arbitrary: fc.constantFrom('é', 'ü😀').map((text) => latin1(Buffer.from(text))) },
);
const anyLines = fc.array(
  fc.record({
    text: fc.array(anyBytes, { maxLength: 3 }).map((parts) => parts.join('')),
    stream: fc.constantFrom('stdout', 'stderr'),
    isPart: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  }),
  { maxLength: 25 },
);
const rules = fc.array(
  fc.record({
    source: anyPattern,
    replacement: fc.constantFrom('', '[redacted]', '…', 'a', '\t', 'ab1 '),
  }),
  { minLength: 1, maxLength: 3 },
);

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function dockerLine(text: string, stream: string): string {
  return `{"log":${JSON.stringify(text)},"stream":"${stream}","time":"${time}"}\n`;
}

test(`redacting a block is redacting each of its records (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      anyLines,
      rules,
      fc.record({
        format: fc.constantFrom('docker-json' as const, 'plain' as const),
        joins: fc.boolean(),
        sizes: fc.array(fc.nat(), { maxLength: 3 }),
      }),
      (lines, sources, { format, joins, sizes }) => {
        const content = lines.map(({ text, stream, isPart }) =>
          format === 'plain'
            ? `${text.replaceAll('\n', ' ')}\n`
            : dockerLine(isPart ? text : `${text}\n`, stream),
        );
        const bytes = Buffer.from(content.join(''), 'latin1');
        const join = joins ? joinBy({ start: '^[ab]' }) : null;
        const redact = sources.map(({ source, replacement }) => ({
          pattern: Pattern.compile(source),
          replacement,
        }));
        const plain = recordsOf(processAll(makeProcessor({ format, join }), bytes, sizes));
        const redacted = processAll(makeProcessor({ format, join, redact }), bytes, sizes);
        const wanted = plain.map((record) => {
          const text = redact.reduce(
            (left, { pattern, replacement }) =>
              pattern.replace(left, (match) => {
                const lineFeeds = '\n'.repeat(match.split('\n').length - 1);
                return latin1(Buffer.from(replacement)) + lineFeeds;
              }),
            record.text.toString('latin1'),
          );
          return { ...record, text: Buffer.from(text, 'latin1') };
        });
        expect(recordsOf(redacted)).toEqual(wanted);
      },
    ),
    { numRuns: 1500, seed },
  );
});

test('a block of many pieces is redacted as a whole, its replaced lines in their place', () => {
  const count = 6000;
  const lines = Array.from({ length: count }, (_, index) => {
    const secret = index % 3 === 0 ? ` password=hunter${index} ` : ' nothing ';
    return dockerLine(`line ${index}${secret}${'x'.repeat(index % 100)}\n`, 'stdout');
  });
  const redact = [
    { pattern: Pattern.compile('password=\\S+'), replacement: '<a longer one than it>' },
  ];
  const records = recordsOf(processAll(makeProcessor({ redact }), Buffer.from(lines.join(''))));
  expect(records.map(({ text }) => text.toString())).toEqual(
    Array.from({ length: count }, (_, index) => {
      const secret = index % 3 === 0 ? ' <a longer one than it> ' : ' nothing ';
      return `line ${index}${secret}${'x'.repeat(index % 100)}`;
    }),
  );
});

const anyDockerBytes = fc
  .array(
    fc.constantFrom(
      '{"log":"',
      'abcdefgh',
      'a',
      '"',
      '\\"',
      '\\n',
      '\\u00e9',
      '\\ud83d\\ude00',
      '\\ud83d',
      '\\u00',
      '\\t',
      '\\x',
      '\t',
      '\n',
      '\r',
      '\0',
      '\u0001',
      '!',
      '#',
      '[',
      ']',
      '\x7f',
      '\xa2\xdc\xff',
      '\\n","stream":"stdout","time":"2026-01-15T09:00:00.123456789Z"}\n',
      '","stream":"stderr","time":"',
      '","stream":"stdout","attrs":{"a":"b"},"time":"',
      '2026-01-15T09:00:00+01:00',
      '2026-01-15T09:00:00.123456789Z',
      '"}\n',
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.from(`{"log":"${parts.join('')}"}\n`, 'latin1'));

test(`a line of Docker is read alike whether its end is known or not (seed ${seed})`, () => {
  let readAtOnce = 0;
  fc.assert(
    fc.property(anyDockerBytes, (bytes) => {
      const [one, other] = [readLines(bytes, true), readLines(bytes, false)];
      readAtOnce += one.readAtOnce;
      expect(one.lines).toEqual(other.lines);
    }),
    { numRuns: 3000, seed },
  );
  expect(readAtOnce).toBeGreaterThan(100);
});

const raw = new RawLines();
const reader = new DockerJsonReader(raw);

function readLines(block: Buffer, triesAtOnce: boolean): { lines: unknown[]; readAtOnce: number } {
  raw.reset();
  reader.begin(wordView(block));
  let readAtOnce = 0;
  for (let start = 0; start < block.length; start = raw.end[raw.count - 1] ?? 0) {
    if (triesAtOnce && reader.read(start) > 0) readAtOnce += 1;
    else reader.readRange([start, block.indexOf('\n', start) + 1]);
  }
  const lines = Array.from({ length: raw.count }, (_, line) => [
    raw.texts.toString('latin1', raw.textStart[line], raw.textEnd[line]),
    block.toString('latin1', raw.timeStart[line], raw.timeEnd[line]),
    raw.end[line],
    raw.stream[line],
    raw.isPart[line],
    raw.isSpecial[line],
    raw.innerLines[line],
  ]);
  return { lines, readAtOnce };
}

test.each([0, 1, 3, 4, 5, 100, 511, 512, 2000])(
  '%i bytes are copied, and none beside them',
  (length) => {
    const from = wordView(Buffer.alloc(length + 10, 'abcdefg'));
    const to = wordView(Buffer.alloc(length + 10, '.'));
    copyWords(from, [3, 3 + length], { to, at: 5 });
    const copied = from.bytes.toString('latin1', 3, 3 + length);
    expect(to.bytes.toString('latin1')).toBe(`.....${copied}.....`);
    expect(() => {
      copyWords(from, [0, length + 1], { to, at: 10 });
    }).toThrow(RangeError);
  },
);
