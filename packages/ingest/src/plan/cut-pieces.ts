/**
 * Cuts from a chunk's bytes what trimming left of it. Only a chunk that is cut is decompressed.
 *
 * Chunks end at records, and so do the ranges stored before: a cut is at a record's end. Should it
 * not be (a record over the limit has no better end), the bytes are cut all the same and counted.
 */
import { inflateMember } from '@plimsoll/model';
import { messageOf } from '@plimsoll/runtime';
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
    const whole = await rawBytesOf(chunk).catch(messageOf);
    if (typeof whole === 'string') {
      result.unreadable.push({ chunk, reason: whole });
      continue;
    }
    const bytes = whole.subarray(start - chunk.start, end - chunk.start);
    const content = { codec: 'none' as const, bytes };
    result.chunks.push({ ...chunk, start, end, content, lines: countLines(bytes) });
    for (const cut of [start, end]) {
      const isInside = cut !== chunk.start && cut !== chunk.end;
      if (isInside && whole[cut - chunk.start - 1] !== 10) result.unalignedCuts += 1;
    }
  }
  return result;
}

/** @throws {FrameError} when the chunk's bytes are not what its frame says */
export async function rawBytesOf({ content, start, end }: LogChunkRow): Promise<Buffer> {
  return inflateMember({ ...content, chunks: [], rawBytes: end - start });
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}
