/**
 * Decides what of chunks is not stored yet, so that every byte of a file becomes part of a row
 * exactly once, in whatever order, overlap or repetition chunks come. Pure: looks at no bytes.
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
}

/** What is left of a chunk: the whole of it, nearly always. */
export interface Piece<C extends FileChunk> {
  chunk: C;
  range: Range;
}

export interface TrimResult<C extends FileChunk> {
  /** In the order of the chunks. */
  pieces: Piece<C>[];
  /** Bytes that were stored before or came earlier in the same list. */
  trimmedBytes: number;
}

export function trimChunks<C extends FileChunk>(
  chunks: readonly C[],
  stored: ReadonlyMap<string, RangeSet>,
): TrimResult<C> {
  const known = new Map(stored);
  const result: TrimResult<C> = { pieces: [], trimmedBytes: 0 };
  for (const chunk of chunks) {
    const set = known.get(chunk.file) ?? emptyRanges;
    const left = subtractRanges(chunk, set);
    result.trimmedBytes += chunk.end - chunk.start;
    for (const range of left) {
      result.pieces.push({ chunk, range });
      result.trimmedBytes -= range.end - range.start;
    }
    if (left.length > 0) known.set(chunk.file, addRange(set, chunk));
  }
  return result;
}
