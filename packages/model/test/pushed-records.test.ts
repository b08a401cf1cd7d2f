import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  byteTextOf,
  cutPushedRecords,
  decodeFrame,
  decodePushedRecords,
  encodeFrame,
  encodePushedRecord,
  severities,
  type PushedRecord,
} from '../src/index.ts';

const bytes = fc.uint8Array().map((array) => Buffer.from(array).toString('latin1'));
const record: fc.Arbitrary<Omit<PushedRecord, 'position'>> = fc.record({
  timeNs: fc.option(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n })),
  stream: fc.constantFrom('', 'stdout', 'stderr'),
  severity: fc.constantFrom(...severities),
  labels: fc
    .dictionary(fc.string(), fc.string({ unit: 'binary' }))
    .map((labels) => (Object.keys(labels).length === 0 ? '' : byteTextOf(JSON.stringify(labels)))),
  text: bytes,
});

function payloadOf(records: readonly PushedRecord[]): Buffer {
  return Buffer.from(records.map(encodePushedRecord).join(''), 'latin1');
}

test('records of any bytes are read back', () => {
  fc.assert(
    fc.property(fc.array(record), (drafts) => {
      const records = drafts.map((draft, position) => ({ ...draft, position }));
      const payload = payloadOf(records);
      expect(decodePushedRecords(payload)).toEqual(records);
      expect(payload.filter((byte) => byte === 10)).toHaveLength(records.length);
    }),
  );
});

test('a cut keeps the records of its range as they are', () => {
  fc.assert(
    fc.property(fc.array(record), fc.nat(20), fc.nat(20), (drafts, first, count) => {
      const records = drafts.map((draft, position) => ({ ...draft, position }));
      const cut = cutPushedRecords(payloadOf(records), { start: first, end: first + count });
      const kept = records.slice(first, first + count);
      expect(cut).toEqual({ payload: payloadOf(kept), lines: kept.length });
    }),
  );
});

test('text becomes its bytes', () => {
  expect(Buffer.from(byteTextOf('a é 😀'), 'latin1').toString('utf8')).toBe('a é 😀');
  expect(byteTextOf('plain')).toBe('plain');
});

describe('what is no record', () => {
  test.each([
    ['no line end', '0\t1\t\t\t\tx'],
    ['too few fields', '0\t1\t\t\tx\n'],
    ['a TAB in the text', '0\t1\t\t\t\tx\ty\n'],
    ['a position', 'x\t1\t\t\t\tx\n'],
    ['a time', '0\tnow\t\t\t\tx\n'],
    ['a severity', '0\t1\t\tloud\t\tx\n'],
    ['an escape', '0\t1\t\t\t\t\x01\x02\n'],
  ])('%s', (_name, line) => {
    expect(() => decodePushedRecords(Buffer.from(line))).toThrow(/^pushed record: expected/);
  });

  test('neither can it be cut', () => {
    const range = { start: 0, end: 9 };
    expect(() => cutPushedRecords(Buffer.from('x\n'), range)).toThrow(/a position/);
    expect(() => cutPushedRecords(Buffer.from('0\t'), range)).toThrow(/a line feed/);
  });
});

test('frames carry them, with the number of their bytes and never without', async () => {
  const payload = payloadOf([
    { position: 0, timeNs: 1n, stream: '', severity: '', labels: '', text: 'x' },
  ]);
  const header = {
    tenant: 't',
    host: 'h',
    boot_id: '',
    collector_id: 'receiver/h',
    epoch: 1,
    sequence: 1,
    created_at_ms: 0,
    sources: [
      {
        labels: {
          tenant: 't',
          host: '',
          container_id: '',
          container_name: '',
          image: '',
          compose_project: '',
          compose_service: '',
          kubernetes_namespace: '',
          kubernetes_pod: '',
          kubernetes_container: '',
        },
        format: 'pushed' as const,
        file_id: 'push/1',
        path: '',
        stream: '',
      },
    ],
    chunks: [{ source: 0, start: 0, end: 1, lines: 1, bytes: payload.length }],
  };
  const frame = await decodeFrame(await encodeFrame({ kind: 'logs', header }, [payload]));
  expect(frame.payload).toEqual(payload);
  const uncounted = { ...header, chunks: [{ source: 0, start: 0, end: payload.length, lines: 1 }] };
  await expect(encodeFrame({ kind: 'logs', header: uncounted }, [payload])).rejects.toThrow(
    /expected a number of bytes/,
  );
});
