import { zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutPieces, rawBytesOf } from '../../src/plan/cut-pieces.ts';
import type { LogChunkRow } from '../../src/plan/insert-unit.ts';
import { trimChunks } from '../../src/plan/trim-chunks.ts';
import { chunkRow } from '../support/chunk-rows.ts';
import { addRange, emptyRanges, type RangeSet } from '../../src/ranges/range-set.ts';

/** A file of lines of different lengths, and where each begins. */
const content = Buffer.from(
  Array.from({ length: 40 }, (_, index) => `${'x'.repeat(index % 7)}\n`).join(''),
);
const lineStarts = [0, ...[...content].flatMap((byte, index) => (byte === 10 ? [index + 1] : []))];

const lineEnds = (bytes: Buffer): number => bytes.filter((byte) => byte === 10).length;

const chunkBetween = (file: string, a: number, b: number): LogChunkRow => {
  const [start, end] = [Math.min(a, b), Math.max(a, b)];
  const bytes = content.subarray(start, end);
  return chunkRow({
    file,
    fileId: file,
    start,
    end,
    lines: lineEnds(bytes),
    bytes: bytes.length,
    // Every other one compressed.
    content:
      start % 2 === 0
        ? { codec: 'none', bytes }
        : { codec: 'zstd', bytes: zstdCompressSync(bytes) },
  });
};
const alignedChunk = fc
  .tuple(fc.constantFrom('f', 'g'), fc.constantFrom(...lineStarts), fc.constantFrom(...lineStarts))
  .filter(([, a, b]) => a !== b)
  .map(([file, a, b]) => chunkBetween(file, a, b));

describe('trimming', () => {
  test('any order, overlap and repetition in any batches: every byte exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(alignedChunk, { maxLength: 8 }), { maxLength: 8 }),
        async (batches) => {
          const stored = new Map<string, RangeSet>();
          const written = new Map<string, number>();
          for (const chunks of batches) {
            const { pieces, trimmedBytes } = trimChunks(chunks, stored);
            const cut = await cutPieces(pieces);
            expect(cut).toMatchObject({ unalignedCuts: 0, unreadable: [] });
            const sum = (ranges: readonly { start: number; end: number }[]): number =>
              ranges.reduce((total, { start, end }) => total + end - start, 0);
            expect(sum(chunks) - sum(cut.chunks)).toBe(trimmedBytes);
            for (const piece of cut.chunks) {
              const bytes = await rawBytesOf(piece);
              expect(bytes.equals(content.subarray(piece.start, piece.end))).toBe(true);
              expect(lineStarts).toContain(piece.start);
              expect(piece.lines).toBe(lineEnds(bytes));
              for (let at = piece.start; at < piece.end; at++) {
                const key = `${piece.file}/${at}`;
                written.set(key, (written.get(key) ?? 0) + 1);
              }
              stored.set(piece.file, addRange(stored.get(piece.file) ?? emptyRanges, piece));
            }
          }
          const wanted = new Set<string>();
          for (const chunk of batches.flat()) {
            for (let at = chunk.start; at < chunk.end; at++) wanted.add(`${chunk.file}/${at}`);
          }
          expect(new Set(written.keys())).toEqual(wanted);
          expect([...written.values()].every((times) => times === 1)).toBe(true);
        },
      ),
    );
  });

  test('a cut that follows no line end is made all the same, and counted', async () => {
    const known = new Map([['f', [{ start: 0, end: 12 }]]]);
    expect(lineStarts).not.toContain(12);
    const result = trimChunks([chunkBetween('f', 0, 20)], known);
    expect(result).toMatchObject({ trimmedBytes: 12, pieces: [{ range: { start: 12, end: 20 } }] });
    const cut = await cutPieces(result.pieces);
    expect(cut).toMatchObject({ unalignedCuts: 1, chunks: [{ start: 12, end: 20 }] });
  });

  test('a chunk that must be cut and cannot be decompressed is named, with the reason', async () => {
    const chunk = chunkBetween('f', 0, 20);
    const damaged = {
      ...chunk,
      content: { codec: 'zstd' as const, bytes: Buffer.from('no zstd') },
    };
    const { pieces } = trimChunks([damaged], new Map([['f', [{ start: 0, end: 12 }]]]));
    const cut = await cutPieces(pieces);
    expect(cut).toMatchObject({ chunks: [], unreadable: [{ chunk: damaged }] });
    expect(cut.unreadable[0]?.reason).toContain('expected zstd');
  });

  test('what is given is not changed', () => {
    const known: Map<string, RangeSet> = new Map([['f', emptyRanges]]);
    trimChunks([chunkBetween('f', 0, 20)], known);
    expect(known.get('f')).toEqual([]);
  });
});
