import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  FrameError,
  hostLabels,
  limits,
  type LogsHeader,
  type RowsHeader,
} from '@plimsoll/model';

const origin = {
  tenant: 'default',
  host: 'host-a',
  boot_id: 'e3f1',
  collector_id: 'c1',
  epoch: 7,
  sequence: 42,
  created_at_ms: 1_767_225_600_123,
};

const text = fc.string({ unit: 'binary', maxLength: 20 });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 2000 }).map((array) => Buffer.from(array));

const logs: fc.Arbitrary<{ frame: Frame; parts: Buffer[] }> = fc
  .array(fc.record({ source: fc.nat({ max: 2 }), start: fc.nat(), lines: fc.nat(), part: bytes }), {
    minLength: 1,
    maxLength: 6,
  })
  .chain((chunks) =>
    fc.record({ path: text, name: text }).map(({ path, name }) => {
      const header: LogsHeader = {
        ...origin,
        sources: [0, 1, 2].map((index) => ({
          labels: { ...hostLabels('default', 'host-a'), container_name: name },
          format: 'docker-json',
          file_id: `file-${index}`,
          path,
          stream: '',
        })),
        chunks: chunks.map(({ source, start, lines, part }) => ({
          source,
          start,
          end: start + part.length,
          lines,
        })),
      };
      const parts = chunks.map(({ part }) => part);
      return { frame: { kind: 'logs', header, payload: Buffer.concat(parts) }, parts };
    }),
  );

const rows: fc.Arbitrary<{ frame: Frame; parts: Buffer[] }> = fc
  .record({ part: fc.uint8Array({ maxLength: 2000 }), columns: fc.array(text), count: fc.nat() })
  .map(({ part, columns, count }) => {
    const header: RowsHeader = { ...origin, table: 'events', columns, rows: count };
    return {
      frame: { kind: 'rows', header, payload: Buffer.from(part) },
      parts: [Buffer.from(part)],
    };
  });

const anyFrame = fc.oneof(logs, rows);

async function oneLogFrame(): Promise<Buffer> {
  const part = Buffer.from('{"log":"hello\\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}\n');
  const source = {
    labels: hostLabels('default', 'host-a'),
    format: 'docker-json' as const,
    file_id: 'f',
    path: '/a.log',
    stream: '',
  };
  const chunks = [{ source: 0, start: 0, end: part.length, lines: 1 }];
  return await encodeFrame({ kind: 'logs', header: { ...origin, sources: [source], chunks } }, [
    part,
  ]);
}

/** The same frame with other bytes, and a checksum that fits them again. */
function forge(frame: Buffer, change: (frame: Buffer) => void): Buffer {
  const forged = Buffer.from(frame);
  change(forged);
  forged.writeUInt32LE(crc32(forged.subarray(28), crc32(forged.subarray(0, 24))), 24);
  return forged;
}

/** 24 bytes before the header, which is not compressed. */
function asVersion1(frame: Buffer, content: object): Buffer {
  const header = Buffer.from(JSON.stringify(content));
  const payload = frame.subarray(28 + frame.readUInt32LE(8));
  const prelude = Buffer.from(frame.subarray(0, 24));
  prelude.writeUInt8(1, 4);
  prelude.writeUInt8(0, 7);
  prelude.writeUInt32LE(header.length, 8);
  prelude.writeUInt32LE(crc32(payload, crc32(header, crc32(prelude.subarray(0, 20)))), 20);
  return Buffer.concat([prelude, header, payload]);
}

/** Where the first member's head is. */
function memberAt(frame: Buffer): number {
  return 28 + frame.readUInt32LE(8);
}

describe('the frame codec', () => {
  test('gives back every frame as it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyFrame, async ({ frame, parts }) => {
        expect(await decodeFrame(await encodeFrame(frame, parts))).toEqual(frame);
      }),
      { numRuns: 200 },
    );
  });

  test('rejects a frame with any one bit flipped', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyFrame,
        fc.nat(),
        fc.nat({ max: 7 }),
        async ({ frame, parts }, at, bit) => {
          const encoded = await encodeFrame(frame, parts);
          const place = at % encoded.length;
          encoded[place] = (encoded[place] ?? 0) ^ (1 << bit);
          await expect(decodeFrame(encoded)).rejects.toThrow(FrameError);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('rejects every proper prefix, and a frame with bytes behind it', async () => {
    const frame = await oneLogFrame();
    for (let length = 0; length < frame.length; length += 1) {
      await expect(decodeFrame(frame.subarray(0, length))).rejects.toThrow(FrameError);
    }
    await expect(decodeFrame(Buffer.concat([frame, Buffer.from([0])]))).rejects.toThrow(FrameError);
  });

  test('rejects any bytes that are no frame', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        await expect(decodeFrame(Buffer.from(noise))).rejects.toThrow(FrameError);
      }),
    );
  });

  const forgeries: [string, (frame: Buffer) => void, RegExp][] = [
    ['another magic', (frame) => frame.write('GZIP', 0, 'latin1'), /magic/],
    [
      'a version of the future',
      (frame) => frame.writeUInt8(3, 4),
      /version: expected 1 to 2, got 3/,
    ],
    ['version 0', (frame) => frame.writeUInt8(0, 4), /version/],
    ['an unknown kind', (frame) => frame.writeUInt8(3, 5), /kind/],
    ['an unknown codec', (frame) => frame.writeUInt8(9, 6), /codec/],
    [
      'a raw length that is not what is there',
      (frame) => frame.writeUInt32LE(3, 16),
      /add up to 66 bytes, the payload has 3/,
    ],
    ['a raw length over the limit', (frame) => frame.writeUInt32LE(0xffffffff, 16), /limit/],
    ['a header length over the limit', (frame) => frame.writeUInt32LE(0xffffffff, 8), /limit/],
    ['no codec although compressed', (frame) => frame.writeUInt8(0, 6), /length/],
    ['one piece although in members', (frame) => frame.writeUInt8(1, 6), /expected zstd/],
    [
      'a member without chunks',
      (frame) => frame.writeUInt32LE(0, memberAt(frame)),
      /holds 0 chunks/,
    ],
    [
      'a member with more chunks than there are',
      (frame) => frame.writeUInt32LE(2, memberAt(frame)),
      /holds 2 chunks, 1 are left/,
    ],
    [
      'a member longer than the payload',
      (frame) => frame.writeUInt32LE(9999, memberAt(frame) + 4),
      /member: cut off/,
    ],
    [
      'a member that is no zstd',
      (frame) => frame.writeUInt8(0, memberAt(frame) + 8),
      /member: expected zstd of 66 bytes, got none/,
    ],
    [
      'a member that announces another length',
      (frame) => frame.writeUInt8(65, memberAt(frame) + 8 + 5),
      /member: expected zstd of 66 bytes, got 65/,
    ],
    ['an unknown codec of the header', (frame) => frame.writeUInt8(2, 7), /header codec: expected/],
    ['a header that is no JSON', (frame) => frame.write('!', 28), /header: expected JSON/],
    ['a header that is no zstd', (frame) => frame.writeUInt8(1, 7), /header: expected zstd/],
    [
      'a payload that does not decompress',
      (frame) => frame.fill(0xff, memberAt(frame) + 8 + 6),
      /payload: expected zstd/,
    ],
  ];
  test.each(forgeries)(
    'rejects %s, with the reason, even when the checksum fits',
    async (_title, change, reason) => {
      const frame = await oneLogFrame();
      const decoded = decodeFrame(forge(frame, change));
      await expect(decoded).rejects.toThrow(FrameError);
      await expect(decoded).rejects.toThrow(reason);
    },
  );

  test('a header of some size is compressed, a short one stands as it is', async () => {
    const columns = Array.from({ length: 79 }, (_, index) => `memory_${index}_bytes`);
    const long: RowsHeader = { ...origin, table: 'events', columns, rows: 1 };
    const frame = await encodeFrame({ kind: 'rows', header: long }, [Buffer.from('[1]\n')]);
    expect(frame.readUInt8(7)).toBe(1);
    expect(frame.length).toBeLessThan(JSON.stringify(long).length / 2);
    const header: RowsHeader = { ...origin, table: 'events', columns: ['a'], rows: 1 };
    const short = await encodeFrame({ kind: 'rows', header }, [Buffer.from('[1]\n')]);
    expect(short.readUInt8(7)).toBe(0);
    expect(short.toString('latin1')).toContain('collector_id');
  });

  test('reads frames of version 1, which journals and topics may still hold', async () => {
    await fc.assert(
      fc.asyncProperty(anyFrame, async ({ frame, parts }) => {
        const old = asVersion1(await encodeFrame(frame, parts), frame.header);
        expect(await decodeFrame(old)).toEqual(frame);
        old.writeUInt8((old.readUInt8(old.length - 1) + 1) % 256, old.length - 1);
        await expect(decodeFrame(old)).rejects.toThrow(/checksum/);
      }),
      { numRuns: 50 },
    );
  });

  test('refuses to encode chunks that are not what the payload holds', async () => {
    const source = {
      labels: hostLabels('t', 'h'),
      format: 'plain' as const,
      file_id: 'f',
      path: '',
      stream: '',
    };
    const chunk = { source: 0, start: 10, end: 14, lines: 1 };
    const encode = (change: object): Promise<Buffer> => {
      const header = { ...origin, sources: [source], chunks: [{ ...chunk, ...change }] };
      return encodeFrame({ kind: 'logs', header }, [Buffer.from('abc\n')]);
    };
    await expect(encode({})).resolves.toBeInstanceOf(Buffer);
    await expect(encode({ end: 15 })).rejects.toThrow(/add up to 5 bytes, the payload has 4/);
    await expect(encode({ source: 1 })).rejects.toThrow(/names source 1 of 1/);
    await expect(encode({ end: 10 })).rejects.toThrow(/start < end/);
    await expect(encode({ start: -4, end: 0 })).rejects.toThrow(/start < end/);
  });

  test('carries the largest frame there may be', async () => {
    const size = limits.maxFrameBytes + limits.maxRecordBytes;
    const part = Buffer.alloc(size, 'a line of a log\n');
    const header: RowsHeader = { ...origin, table: 'events', columns: [], rows: 1 };
    const decoded = await decodeFrame(await encodeFrame({ kind: 'rows', header }, [part]));
    expect(decoded.payload.equals(part)).toBe(true);
  });
});
