/**
 * Cuts from chunks what is stored already, so that every byte of a file becomes part of a row
 * exactly once, in whatever order, overlap or repetition chunks come. Pure.
 *
 * Chunks end at records, and so do the ranges stored before: a cut is at a record's end. Should it
 * not be (a record over the limit has no better end), the bytes are cut all the same and counted.
 */
import {
  addRange,
  emptyRanges,
  subtractRanges,
  type Range,
  type RangeSet,
} from '../ranges/range-set.ts';

export interface FileChunk extends Range {
  /** Which file; see `keyOf`. */
  file: string;
  bytes: Buffer;
  /** Line ends within. */
  lines: number;
}

export interface TrimResult<C extends FileChunk> {
  /** What is left, in the order given. */
  pieces: C[];
  /** Bytes that were stored before or came earlier in the same list. */
  trimmedBytes: number;
  /** Cuts that are not behind a line end. */
  unalignedCuts: number;
}

export function trimChunks<C extends FileChunk>(
  chunks: readonly C[],
  stored: ReadonlyMap<string, RangeSet>,
): TrimResult<C> {
  const known = new Map(stored);
  const result: TrimResult<C> = { pieces: [], trimmedBytes: 0, unalignedCuts: 0 };
  for (const chunk of chunks) {
    const set = known.get(chunk.file) ?? emptyRanges;
    const left = subtractRanges(chunk, set);
    result.trimmedBytes += chunk.end - chunk.start;
    for (const range of left) {
      result.pieces.push(cutOut(chunk, range));
      result.trimmedBytes -= range.end - range.start;
      result.unalignedCuts += unaligned(chunk, range.start) + unaligned(chunk, range.end);
    }
    if (left.length > 0) known.set(chunk.file, addRange(set, chunk));
  }
  return result;
}

function cutOut<C extends FileChunk>(chunk: C, { start, end }: Range): C {
  if (start === chunk.start && end === chunk.end) return chunk;
  const bytes = chunk.bytes.subarray(start - chunk.start, end - chunk.start);
  return { ...chunk, start, end, bytes, lines: countLines(bytes) };
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}

/** 1 for a cut within the chunk that does not follow a line end. */
function unaligned(chunk: FileChunk, cut: number): 0 | 1 {
  if (cut === chunk.start || cut === chunk.end) return 0;
  return chunk.bytes[cut - chunk.start - 1] === 10 ? 0 : 1;
}
