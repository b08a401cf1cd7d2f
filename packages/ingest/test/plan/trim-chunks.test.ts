import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trimChunks, type FileChunk } from '../../src/plan/trim-chunks.ts';
import { addRange, emptyRanges, type RangeSet } from '../../src/ranges/range-set.ts';

/** A file of lines of different lengths, and where each begins. */
const content = Buffer.from(
  Array.from({ length: 40 }, (_, index) => `${'x'.repeat(index % 7)}\n`).join(''),
);
const lineStarts = [0, ...[...content].flatMap((byte, index) => (byte === 10 ? [index + 1] : []))];

const chunkBetween = (file: string, a: number, b: number): FileChunk => {
  const [start, end] = [Math.min(a, b), Math.max(a, b)];
  const bytes = content.subarray(start, end);
  return { file, start, end, bytes, lines: bytes.filter((byte) => byte === 10).length };
};
const alignedChunk = fc
  .tuple(fc.constantFrom('f', 'g'), fc.constantFrom(...lineStarts), fc.constantFrom(...lineStarts))
  .filter(([, a, b]) => a !== b)
  .map(([file, a, b]) => chunkBetween(file, a, b));

describe('trimming', () => {
  test('any order, overlap and repetition in any batches: every byte exactly once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(alignedChunk, { maxLength: 8 }), { maxLength: 8 }),
        (batches) => {
          const stored = new Map<string, RangeSet>();
          const written = new Map<string, number>();
          for (const chunks of batches) {
            const { pieces, trimmedBytes, unalignedCuts } = trimChunks(chunks, stored);
            expect(unalignedCuts).toBe(0);
            const came = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
            const kept = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
            expect(came - kept).toBe(trimmedBytes);
            for (const piece of pieces) {
              expect(piece.bytes.equals(content.subarray(piece.start, piece.end))).toBe(true);
              expect(lineStarts).toContain(piece.start);
              expect(piece.lines).toBe(piece.bytes.filter((byte) => byte === 10).length);
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

  test('a cut that follows no line end is made all the same, and counted', () => {
    const known = new Map([['f', [{ start: 0, end: 12 }]]]);
    expect(lineStarts).not.toContain(12);
    const result = trimChunks([chunkBetween('f', 0, 20)], known);
    expect(result).toMatchObject({ unalignedCuts: 1, trimmedBytes: 12 });
    expect(result.pieces).toMatchObject([{ start: 12, end: 20 }]);
  });

  test('what is given is not changed', () => {
    const known: Map<string, RangeSet> = new Map([['f', emptyRanges]]);
    trimChunks([chunkBetween('f', 0, 20)], known);
    expect(known.get('f')).toEqual([]);
  });
});
