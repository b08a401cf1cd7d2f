import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../src/api-logs/frame-reader.ts';
import {
  maxMessageBytes,
  partBytes,
  type LogMessage,
  type MessageReader,
} from '../../src/api-logs/message.ts';
import { readTimestamp, sinceText, timeMs, timeText } from '../../src/api-logs/timestamp.ts';
import { TtyReader } from '../../src/api-logs/tty-reader.ts';
import { cutInto, frameOf, messageOf, payloadOf, timeAt } from './daemon-form.ts';

function readAll(reader: MessageReader, chunks: readonly Buffer[]): LogMessage[] {
  return chunks.flatMap((chunk) => reader.take(chunk)).concat(reader.end());
}

/** Contents that can be compared by a readable difference. */
function shown(messages: readonly LogMessage[]): string[] {
  return messages.map(({ stream, time, text }) => `${time} ${stream} ${text.toString('latin1')}`);
}

const cuts = fc.array(fc.nat(), { maxLength: 30 });
const zone = fc.constantFrom('', '+01:00', '-03:30', '+05:45');
const content = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes.filter((b) => b !== 10))),
  fc.integer({ min: partBytes - 3, max: partBytes + 3 }).map((n) => Buffer.alloc(n, 'x')),
);
const anyMessage = fc
  .record({
    stream: fc.constantFrom('stdout' as const, 'stderr' as const),
    nanoseconds: fc.nat({ max: 2 ** 40 }),
    content,
    isEnded: fc.boolean(),
  })
  .map(({ stream, nanoseconds, content: bytes, isEnded }) => ({
    stream,
    time: timeAt(nanoseconds),
    text: isEnded ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes,
  }));

function problemOf(bytes: Buffer, at: readonly number[]): string {
  try {
    readAll(new FrameReader(), cutInto(bytes, at));
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('the frames of a container without a terminal', () => {
  test('are read wherever the connection cuts them, in any time zone of the daemon', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 12 }), cuts, zone, (messages, at, zoneText) => {
        const bytes = Buffer.concat(messages.map((message) => frameOf(message, zoneText)));
        const read = readAll(new FrameReader(), cutInto(bytes, at));
        expect(shown(read)).toEqual(shown(messages));
      }),
    );
  });

  test('end in a plain error, or in messages, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, at) => {
        expect(problemOf(Buffer.from(bytes), at)).toMatch(
          /^(|Error: log frame: expected a header .*|Error: the daemon: [^]*)$/,
        );
      }),
    );
  });

  test.each([
    ['an unknown type', '0400000000000001'],
    ['padding that is not zero', '0100010000000001'],
    ['text where a header should be', Buffer.from('2026-01-').toString('hex')],
  ])('with %s are an error that says what was expected', (_title, header) => {
    expect(() => new FrameReader().take(Buffer.from(header, 'hex'))).toThrow(
      `log frame: expected a header of type 00 to 03 and three zeros, got ${header}`,
    );
  });

  test('of type 3 carry an error of the daemon', () => {
    const frame = Buffer.from('\x03\0\0\0\0\0\0\x05oops!', 'latin1');
    expect(() => new FrameReader().take(frame)).toThrow('the daemon: oops!');
  });

  test('that were not sent as a whole are no message', () => {
    const frame = frameOf(messageOf('whole\n'));
    const reader = new FrameReader();
    expect(shown(reader.take(Buffer.concat([frame, frame.subarray(0, 20)])))).toHaveLength(1);
    expect(reader.end()).toEqual([]);
  });

  test('without a timestamp are messages without a time', () => {
    const frame = Buffer.from('\x02\0\0\0\0\0\0\x03hi\n', 'latin1');
    expect(shown(new FrameReader().take(frame))).toEqual([' stderr hi\n']);
  });

  test('longer than a message may be come in pieces, and never fill the memory', () => {
    const text = Buffer.alloc(2 * maxMessageBytes + 100, 'y');
    text.write('\n', text.length - 1);
    const whole = { ...messageOf(''), text };
    const bytes = Buffer.concat([frameOf(whole), frameOf(messageOf('next\n', 5))]);
    const fine = Array.from({ length: 60 }, (_unused, index) => index * 20_011);
    for (const chunks of [[bytes], cutInto(bytes, fine)]) {
      const read = readAll(new FrameReader(), chunks);
      expect(read.map((message) => message.text.length)).toEqual([
        maxMessageBytes - 31,
        maxMessageBytes,
        131,
        5,
      ]);
      expect(read.slice(0, 3).every(({ time }) => time === whole.time)).toBe(true);
      expect(Buffer.concat(read.slice(0, 3).map((piece) => piece.text)).equals(text)).toBe(true);
    }
  });
});

/** As Docker splits a line; `local` leaves out the line feed of a line that it split. */
function splitLine(text: Buffer, time: string, keepsLineFeed: boolean): LogMessage[] {
  const parts: LogMessage[] = [];
  let rest = text;
  while (rest.length > partBytes) {
    parts.push({ stream: 'stdout', time, text: rest.subarray(0, partBytes) });
    rest = rest.subarray(partBytes);
  }
  const end = parts.length > 0 && !keepsLineFeed ? '\r' : '\r\n';
  return [...parts, { stream: 'stdout', time, text: Buffer.concat([rest, Buffer.from(end)]) }];
}

describe('the raw stream of a container with a terminal', () => {
  const line = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes.filter((b) => b !== 10))),
    fc.integer({ min: 1, max: 3 * partBytes }).map((n) => Buffer.alloc(n, 'x')),
  );

  test('is read wherever the connection cuts it, split lines too', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        cuts,
        fc.record({ zone, keepsLineFeed: fc.boolean() }),
        (lines, at, daemon) => {
          const messages = lines.flatMap((text, index) =>
            splitLine(text, timeAt(1000 + index), daemon.keepsLineFeed),
          );
          const bytes = Buffer.concat(messages.map((message) => payloadOf(message, daemon.zone)));
          const read = readAll(new TtyReader(), cutInto(bytes, at));
          expect(shown(read)).toEqual(shown(messages));
        },
      ),
    );
  });

  test('is never an error, and loses no byte, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, at) => {
        const read = readAll(new TtyReader(), cutInto(Buffer.from(bytes), at));
        const texts = Buffer.concat(read.map(({ text }) => text));
        expect(texts.equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  test('does not take a timestamp within a line for a message', () => {
    const text = `at ${timeAt(7)} it happened\n`;
    expect(shown(readAll(new TtyReader(), [payloadOf(messageOf(text, 9))]))).toEqual([
      `${timeAt(9)} stdout ${text}`,
    ]);
  });

  test('is cut after a text without a line end that was taken when the container stopped', () => {
    const prompt = messageOf('login: ', 5);
    const next = messageOf('started\r\n', 9);
    const bytes = Buffer.concat([payloadOf(prompt), payloadOf(next)]);
    const known = { time: prompt.time, bytes: prompt.text.length };
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)];
      expect(shown(readAll(new TtyReader(known), chunks))).toEqual(shown([prompt, next]));
    }
  });

  test('is cut where its container was started again, whatever the text before', () => {
    const before = messageOf(`at ${timeAt(1)} login: `, 5 * 1e9);
    const next = messageOf(`at ${timeAt(6 * 1e9)} started\r\n`, 9 * 1e9);
    const bytes = Buffer.concat([payloadOf(before, '+01:00'), payloadOf(next, '+01:00')]);
    const restart = {
      finishedAtMs: Date.parse(timeAt(6 * 1e9)),
      startedAtMs: Date.parse(timeAt(7 * 1e9)),
    };
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const reader = new TtyReader(null, restart);
      const read = readAll(reader, [bytes.subarray(0, cut), bytes.subarray(cut)]);
      expect(shown(read)).toEqual(shown([before, next]));
      expect(reader.unterminated).toEqual({ time: before.time, bytes: before.text.length });
    }
    // Of the present life, a line is what its line end says.
    const later = { ...messageOf('x'), text: bytes, time: timeAt(8 * 1e9) };
    expect(readAll(new TtyReader(null, restart), [payloadOf(later)])).toHaveLength(1);
  });

  test('gives a line longer than a message may be in pieces, the same however it is cut', () => {
    const text = Buffer.alloc(maxMessageBytes + 100, 'z');
    const bytes = Buffer.concat([
      payloadOf({ ...messageOf(''), text }),
      Buffer.from('\n'),
      payloadOf(messageOf('next\n', 3)),
    ]);
    for (const at of [[], [maxMessageBytes, 31 + maxMessageBytes, bytes.length - 40]]) {
      const read = readAll(new TtyReader(), cutInto(bytes, at));
      expect(read.map((message) => message.text.length)).toEqual([maxMessageBytes, 101, 5]);
    }
  });
});

describe('a timestamp', () => {
  test.each([
    ['2026-01-02T03:04:05.000000006Z x', '2026-01-02T03:04:05.000000006Z', 31],
    ['2026-01-01T00:30:05.123456789+01:00 x', '2025-12-31T23:30:05.123456789Z', 36],
    ['2026-01-02T03:04:05.6Z x', null, 0],
    ['2026-01-02T03:04:05.000000006Zx', null, 0],
    ['2026-01-02T03:04:05.000000006', null, 0],
    ['9999-99-99T99:99:99.000000006+01:00 ', null, 0],
  ])('%j is read as %j', (text, time, bytes) => {
    const expected = time === null ? null : { time, bytes };
    expect(readTimestamp(Buffer.from(text), 0)).toEqual(expected);
  });

  test('is asked for in seconds and nanoseconds', () => {
    expect(sinceText(timeMs('2026-01-02T03:04:05.067000006Z'))).toBe('1767323045.067000000');
    expect(sinceText(-5)).toBe('0.000000000');
    expect(timeText(1767323045067)).toBe('2026-01-02T03:04:05.067000000Z');
  });
});
