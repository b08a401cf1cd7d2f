import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutRecords, decodeRecords, encodeRecord, type LogRecord } from '@plimsoll/model';

const text = fc
  .array(fc.constantFrom(0x01, 0x02, 0x03, 0x05, 0x09, 0x41, 0xff, 0x0d), { maxLength: 12 })
  .map((bytes) => Buffer.from(bytes));

/** A record of lines that follow each other in their file. */
const record = fc
  .record({
    position: fc.nat({ max: 2 ** 50 }),
    time: fc.constantFrom('', '2026-01-15T09:00:00.123456789Z'),
    stream: fc.constantFrom('', 'stdout', 'stderr'),
    lines: fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), text), { maxLength: 5 }),
    first: text,
  })
  .map(({ position, time, stream, lines, first }): LogRecord => {
    let at = position;
    const linePositions = lines.map(([distance]) => (at += distance));
    const texts = [first, ...lines.map(([, line]) => line)];
    const parts = texts.flatMap((line, index) =>
      index === 0 ? [line] : [Buffer.from('\n'), line],
    );
    return { position, time, stream, linePositions, text: Buffer.concat(parts) };
  });

const payloadOf = (records: readonly LogRecord[]): Buffer =>
  Buffer.concat(records.map(encodeRecord));

describe('records', () => {
  test('are read as they were written, whatever their bytes', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 5 }), (records) => {
        expect(decodeRecords(payloadOf(records))).toEqual(records);
      }),
    );
  });

  test('one per line of the payload, five fields each', () => {
    fc.assert(
      fc.property(record, (one) => {
        const line = encodeRecord(one);
        expect(line.indexOf(0x0a)).toBe(line.length - 1);
        expect(line.filter((byte) => byte === 0x09)).toHaveLength(4);
      }),
    );
  });

  test('cut by ranges that cover the file keep each line once', () => {
    fc.assert(
      fc.property(record, fc.array(fc.nat({ max: 6000 }), { maxLength: 4 }), (one, cuts) => {
        const bounds = [0, ...cuts.map((cut) => one.position + cut), 2 ** 52].toSorted(
          (a, b) => a - b,
        );
        const pieces = bounds.slice(1).map((end, index) => {
          const range = { start: bounds[index] ?? 0, end };
          const { payload, lines } = cutRecords(payloadOf([one]), range);
          return { records: decodeRecords(payload), lines, range };
        });
        const records = pieces.flatMap((piece) => piece.records);
        expect(records.map((each) => each.text.toString('latin1')).join('\n')).toBe(
          one.text.toString('latin1'),
        );
        expect(records.flatMap((each) => [each.position, ...each.linePositions])).toEqual([
          one.position,
          ...one.linePositions,
        ]);
        expect(pieces.reduce((sum, { lines }) => sum + lines, 0)).toBe(
          one.linePositions.length + 1,
        );
      }),
    );
  });

  test('parts of a line are one text, and are cut apart where they were apart', () => {
    const payload = Buffer.from(
      '100\tt\tstdout\t200,300,400\ta\x01\x05b\x01\x06inner\x01\x02c\x01\x05d\x01\x03\n',
    );
    expect(decodeRecords(payload)).toMatchObject([
      { position: 100, linePositions: [300], text: Buffer.from('ab\ninner\ncd\x01') },
    ]);
    const { payload: cut, lines } = cutRecords(payload, { start: 200, end: 400 });
    expect(cut.toString()).toBe('200\tt\tstdout\t300\tb\x01\x06inner\x01\x02c\n');
    expect(lines).toBe(2);
  });

  test('line feeds beyond the positions are the last line’s own', () => {
    const encoded = encodeRecord({
      position: 0,
      time: '',
      stream: '',
      linePositions: [2],
      text: Buffer.from('a\nb\nc'),
    });
    expect(encoded.toString()).toBe('0\t\t\t2\ta\x01\x02b\x01\x06c\n');
  });

  test.each([
    ['no line feed', '1\t\t\t\tx'],
    ['four fields', '1\t\t\tx\n'],
    ['no position', 'x\t\t\t\tx\n'],
    ['a position too large', '99999999999999999\t\t\t\tx\n'],
    ['a position without a line', '1\t\t\t2\tx\n'],
    ['a line without a position', '1\t\t\t\tx\x01\x02y\n'],
    ['an escape that is none', '1\t\t\t\tx\x01y\n'],
    ['an escape that is cut off', '1\t\t\t\tx\x01\n'],
  ])('%s: is an error', (_, payload) => {
    expect(() => decodeRecords(Buffer.from(payload))).toThrow(/^record: expected/);
  });

  test('any bytes are read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        let reason = '';
        try {
          decodeRecords(Buffer.from(bytes));
        } catch (error) {
          reason = String(error);
        }
        expect(reason).toMatch(/^$|record: expected/);
      }),
    );
  });

  test('too few line feeds for the positions are a fault of the caller', () => {
    const wrong = {
      position: 0,
      time: '',
      stream: '',
      linePositions: [1, 2],
      text: Buffer.from('a\nb'),
    };
    expect(() => encodeRecord(wrong)).toThrow('expected 2 line feeds');
  });
});
