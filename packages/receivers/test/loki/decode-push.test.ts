import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '@plimsoll/model';
import { decodePush } from '../../src/loki/decode-push.ts';
import { ReceiverError } from '../../src/receiver-error.ts';
import { lokiProtobuf } from '../support/loki-protobuf.ts';
import { rowsOfPush, type PushedRow } from '../support/pushed-rows.ts';

function rows(body: Buffer, encoding: 'json' | 'protobuf'): PushedRow[] {
  const { logs } = decodePush(body, 't', encoding);
  return logs === null ? [] : rowsOfPush(logs);
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const streams = (values: unknown, stream: unknown = { app: 'a' }): Buffer =>
  json({ streams: [{ stream, values }] });

test('JSON and protobuf of the same push make the same rows', () => {
  const labels = { app: 'web', namespace: 'shop', odd: 'a "b"\n\\' };
  const fromJson = rows(
    streams(
      [
        ['1700000000000000001', 'one'],
        ['5', 'two', { pod: 'p1', trace_id: 'é' }],
      ],
      labels,
    ),
    'json',
  );
  const fromProtobuf = rows(
    lokiProtobuf([
      {
        labels: '{app="web", namespace="shop", odd="a \\"b\\"\\n\\\\"}',
        entries: [
          { timeNs: 1_700_000_000_000_000_001n, line: 'one' },
          { timeNs: 5n, line: 'two', metadata: { pod: 'p1', trace_id: 'é' } },
        ],
      },
    ]),
    'protobuf',
  );
  expect(fromJson).toEqual(fromProtobuf);
  const { app, odd } = labels;
  const shared = { tenant: 't', kubernetes_namespace: 'shop' };
  expect(fromJson).toEqual([
    { ...shared, time: '1700000000000000001', text: 'one', labels: { app, odd } },
    {
      ...shared,
      kubernetes_pod: 'p1',
      time: '5',
      text: 'two',
      labels: { app, odd, trace_id: 'é' },
    },
  ]);
});

test('entries out of order, streams that are empty or come twice, numbers as label values', () => {
  const body = json({
    streams: [
      {
        stream: { a: '1' },
        values: [
          ['9', 'late'],
          ['2', 'early'],
        ],
      },
      { stream: { a: '2' }, values: [] },
      { stream: {}, values: [['3', '']] },
      { stream: { a: '1', n: 5 }, values: [['4', 'again\n']] },
    ],
  });
  expect(rows(body, 'json')).toEqual([
    { tenant: 't', time: '9', text: 'late', labels: { a: '1' } },
    { tenant: 't', time: '2', text: 'early', labels: { a: '1' } },
    { tenant: 't', time: '3' },
    { tenant: 't', time: '4', text: 'again', labels: { a: '1', n: '5' } },
  ]);
});

test('the form before version 1', () => {
  const entries = [{ ts: '2026-01-15T09:00:00.123456789+01:00', line: 'x' }];
  const body = json({ streams: [{ labels: '{a="b"}', entries }] });
  expect(rows(body, 'json')).toEqual([
    { tenant: 't', time: '1768464000123456789', text: 'x', labels: { a: 'b' } },
  ]);
});

test('bytes of a line that are not UTF-8 stay what they are', () => {
  const body = lokiProtobuf([{ labels: '{}', entries: [{ timeNs: 1n, line: 'XX' }] }]);
  body.write('\xff\xfe', body.indexOf('XX'), 'latin1');
  const { logs } = decodePush(body, 't', 'protobuf');
  expect(logs?.chunks[0]?.payload.toString('hex')).toContain('fffe');
});

test('nothing at all is nothing to store', () => {
  for (const body of ['{}', '{"streams":[]}', '{"streams":null}']) {
    expect(decodePush(Buffer.from(body), 't', 'json')).toMatchObject({ logs: null, records: 0 });
  }
  expect(decodePush(Buffer.alloc(0), 't', 'protobuf')).toMatchObject({ logs: null, records: 0 });
});

test('a line longer than a record may be is cut into several', () => {
  const line = 'x'.repeat(2 * limits.maxRecordBytes + 5);
  const found = rows(streams([['1', line]]), 'json');
  expect(found.map(({ text }) => String(text).length)).toEqual([1_048_576, 1_048_576, 5]);
});

test('a time beyond 64 bits is held at the end of what there is', () => {
  const seconds = 2n ** 62n;
  const body = lokiProtobuf([{ labels: '{}', entries: [{ timeNs: seconds, line: 'x' }] }]);
  expect(rows(body, 'protobuf')[0]?.['time']).toBe(String(seconds));
});

describe('what cannot be taken', () => {
  test('a stream whose labels are none is left out and named, the others are stored', () => {
    const body = lokiProtobuf([
      {
        labels: '{bad',
        entries: [
          { timeNs: 1n, line: 'a' },
          { timeNs: 2n, line: 'b' },
        ],
      },
      { labels: '{good="1"}', entries: [{ timeNs: 3n, line: 'c' }] },
    ]);
    const { records, rejected } = decodePush(body, 't', 'protobuf');
    expect(records).toBe(1);
    expect(rejected.records).toBe(2);
    expect(rejected.problems[0]).toBe('stream {bad: expected = at character 5 of its labels');
  });

  test('too many or too long labels', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`l${index}`, 'x']));
    const long = { a: 'x'.repeat(70_000) };
    for (const [stream, problem] of [
      [many, /expected at most 256 labels, got 300/],
      [long, /expected at most 65536 characters of labels, got 70001/],
      [{ ['n'.repeat(1025)]: 'x' }, /names of at most 1024 characters, got 1025/],
    ] as const) {
      const { records, rejected } = decodePush(streams([['1', 'x']], stream), 't', 'json');
      expect([records, rejected.records]).toEqual([0, 1]);
      expect(rejected.problems[0]).toMatch(problem);
    }
    const { rejected } = decodePush(streams([['1', 'x', long]]), 't', 'json');
    expect(rejected.problems[0]).toMatch(/^stream \{app="a"\}: expected at most 65536 characters/);
  });

  test.each<[string, Buffer, RegExp]>([
    ['no JSON', Buffer.from('{"streams": [{'), /^body: expected JSON/],
    ['a list', json([]), /^body: expected an object, got a list/],
    ['streams that are none', json({ streams: {} }), /^streams: expected a list, got object/],
    [
      'a stream that is none',
      json({ streams: ['x'] }),
      /^streams\[0\]: expected an object, got string/,
    ],
    ['labels that are none', streams([], 'x'), /^streams\[0\]\.stream: expected an object/],
    [
      'a label that is a list',
      streams([], { a: [] }),
      /^streams\[0\]\.stream\.a: expected text, got a list/,
    ],
    [
      'a time that is a number',
      streams([[1, 'x']]),
      /^stream \{app="a"\}: streams\[0\]\.values\[0\]\[0\]: expected nanoseconds/,
    ],
    [
      'a time in words',
      streams([['now', 'x']]),
      /expected nanoseconds since 1970 as text, got "now"/,
    ],
    ['a time beyond 64 bits', streams([['9223372036854775808', 'x']]), /expected nanoseconds/],
    ['no line', streams([['1']]), /streams\[0\]\.values\[0\]\[1\]: expected text, got undefined/],
    ['a line that is a number', streams([['1', 7]]), /expected text, got number/],
  ])('%s', (_name, body, message) => {
    expect(() => decodePush(body, 't', 'json')).toThrow(ReceiverError);
    expect(() => decodePush(body, 't', 'json')).toThrow(message);
  });

  test('no message repeats a line', () => {
    const secret = 'hunter2';
    for (const text of [`{"streams":[{"stream":{},"values":[["1","${secret}"`, secret]) {
      let message = '';
      try {
        decodePush(Buffer.from(text), 't', 'json');
      } catch (error) {
        message = String(error);
      }
      expect(message).toMatch(/expected/);
      expect(message).not.toContain(secret);
    }
  });
});

function throwsNothingElse(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ReceiverError)) throw error;
  }
}

test('no bytes make it throw anything else', () => {
  const good = lokiProtobuf([
    { labels: '{a="b"}', entries: [{ timeNs: 12345678901n, line: 'hello', metadata: { x: 'y' } }] },
  ]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      throwsNothingElse(() => decodePush(Buffer.from(bytes), 't', 'protobuf'));
    }),
    { numRuns: 1000 },
  );
  const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.nat(good.length),
      (changes, length) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        throwsNothingElse(() => decodePush(bytes, 't', 'protobuf'));
        throwsNothingElse(() => decodePush(good.subarray(0, length), 't', 'protobuf'));
      },
    ),
    { numRuns: 1000 },
  );
});

test('no JSON makes it throw anything else', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const entry = fc.oneof(
    value,
    fc.tuple(fc.oneof(fc.constant('1'), value), fc.oneof(fc.string(), value), value),
  );
  const stream = fc.oneof(
    value,
    fc.record({
      stream: fc.oneof(value, fc.dictionary(fc.string(), fc.string())),
      values: fc.array(entry),
    }),
    fc.record({ labels: fc.string(), entries: value }),
  );
  fc.assert(
    fc.property(fc.record({ streams: fc.oneof(value, fc.array(stream)) }), (body) => {
      throwsNothingElse(() => decodePush(json(body), 't', 'json'));
    }),
    { numRuns: 1000 },
  );
});
