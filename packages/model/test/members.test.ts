import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compress,
  contentBytes,
  encodeFrame,
  hostLabels,
  inflateMember,
  openFrame,
  storedFrame,
} from '@plimsoll/model';

const origin = {
  tenant: 'default',
  host: 'host-a',
  boot_id: 'b',
  collector_id: 'c1',
  epoch: 1,
  sequence: 1,
  created_at_ms: 0,
};

async function membersOfSizes(sizes: readonly number[]) {
  const parts = sizes.map((size, index) => Buffer.alloc(size, `line ${index}\n`));
  const source = {
    labels: hostLabels('default', 'host-a'),
    format: 'plain' as const,
    file_id: 'f',
    path: '/a',
    stream: '',
  };
  const chunks = sizes.map((size) => ({ source: 0, start: 0, end: size, lines: 1 }));
  const header = { ...origin, sources: [source], chunks };
  const frame = await openFrame(await encodeFrame({ kind: 'logs', header }, parts));
  if (frame.kind !== 'logs') throw new Error('expected logs');
  return { parts, members: frame.members };
}

const kibibyte = 1024;

describe('members of a frame', () => {
  test('a large chunk has one to itself, small ones share', async () => {
    const sizes = [10, 20, 64 * kibibyte, 30, 300 * kibibyte, 40, 50];
    const { members } = await membersOfSizes(sizes);
    expect(members.map(({ chunks }) => chunks.length)).toEqual([2, 1, 1, 1, 2]);
  });

  test('a shared one ends when it is large', async () => {
    const { members } = await membersOfSizes(Array.from({ length: 20 }, () => 40 * kibibyte));
    expect(members.map(({ chunks }) => chunks.length)).toEqual([7, 7, 6]);
  });

  test('hold the bytes of all chunks, in order, whatever their sizes', async () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 400_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 12 }), async (sizes) => {
        const { parts, members } = await membersOfSizes(sizes);
        const raw = await Promise.all(members.map(inflateMember));
        expect(Buffer.concat(raw).equals(Buffer.concat(parts))).toBe(true);
        expect(members.map(({ rawBytes }) => rawBytes)).toEqual(raw.map(({ length }) => length));
      }),
      { numRuns: 40 },
    );
  });
});

describe('zstd frames', () => {
  test.each([0, 1, 255, 256, 65_791, 65_792, 131_072, 131_073, 1_000_000])(
    'stored bytes are what any decoder reads back: %i',
    (size) => {
      const bytes = Buffer.alloc(size, 'abcdefg');
      const frame = Buffer.concat(storedFrame(bytes));
      expect(zstdDecompressSync(frame).equals(bytes)).toBe(true);
      expect(contentBytes(frame)).toBe(size);
    },
  );

  test('the announced length is read in each of its forms', async () => {
    for (const size of [0, 100, 255, 256, 300, 70_000, 3_000_000]) {
      const raw = Buffer.alloc(size, 'some text ');
      expect(contentBytes(compress(raw))).toBe(size);
      expect(contentBytes(zstdCompressSync(raw))).toSatisfy(
        (announced) => announced === size || announced === null,
      );
    }
  });

  test('no length is read from anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
        expect(contentBytes(Buffer.from(noise))).toBe(null);
      }),
    );
    expect(contentBytes(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 1]))).toBe(null);
  });
});
