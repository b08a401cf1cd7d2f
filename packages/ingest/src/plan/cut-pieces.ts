/**
 * Cuts from a chunk's bytes what trimming left of it. Only a chunk that is cut is decompressed.
 *
 * Chunks end at records, and so do the ranges stored before: a cut is at a record's end. Should it
 * not be (a record over the limit has no better end), the bytes are cut all the same and counted.
 * Ready records may have been joined otherwise the first time: of those that reach into a stored
 * range the other lines are kept, as a record of their own.
 */
import { cutPushedRecords, cutRecords, inflateMember, isOfRecords } from '@plimsoll/model';
import { messageOf } from '@plimsoll/runtime';
import { countLineEnds } from '../read/count-lines.ts';
import type { Range } from '../ranges/range-set.ts';
import type { LogChunkRow } from './insert-unit.ts';
import type { Piece } from './trim-chunks.ts';

export interface CutResult {
  chunks: LogChunkRow[];
  /** Cuts that are not behind a line end. */
  unalignedCuts: number;
  /** Chunks to be cut whose bytes are not what their frame says. */
  unreadable: { chunk: LogChunkRow; reason: string }[];
}

export async function cutPieces(pieces: readonly Piece<LogChunkRow>[]): Promise<CutResult> {
  const result: CutResult = { chunks: [], unalignedCuts: 0, unreadable: [] };
  for (const { chunk, range } of pieces) {
    const { start, end } = range;
    if (start === chunk.start && end === chunk.end) {
      result.chunks.push(chunk);
      continue;
    }
    try {
      const cut = cutContent(chunk, range, await rawBytesOf(chunk));
      const content = { codec: 'none' as const, bytes: cut.bytes };
      const { lines } = cut;
      result.chunks.push({ ...chunk, start, end, content, lines, bytes: cut.bytes.length });
      result.unalignedCuts += cut.unalignedCuts;
    } catch (error) {
      result.unreadable.push({ chunk, reason: messageOf(error) });
    }
  }
  return result;
}

interface CutContent {
  bytes: Buffer;
  lines: number;
  unalignedCuts: number;
}

/** @throws {Error} on records that are none */
function cutContent(chunk: LogChunkRow, range: Range, whole: Buffer): CutContent {
  if (isOfRecords(chunk.source.format)) {
    const cut = chunk.source.format === 'pushed' ? cutPushedRecords : cutRecords;
    const { payload, lines } = cut(whole, range);
    return { bytes: payload, lines, unalignedCuts: 0 };
  }
  const bytes = whole.subarray(range.start - chunk.start, range.end - chunk.start);
  const unaligned = [range.start, range.end].filter((cut) => {
    const isInside = cut !== chunk.start && cut !== chunk.end;
    return isInside && whole[cut - chunk.start - 1] !== 10;
  });
  return { bytes, lines: countLineEnds(bytes), unalignedCuts: unaligned.length };
}

/** @throws {FrameError} when the chunk's bytes are not what its frame says */
export async function rawBytesOf({ content, bytes }: LogChunkRow): Promise<Buffer> {
  return inflateMember({ ...content, chunks: [], rawBytes: bytes });
}
