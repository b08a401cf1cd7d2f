/** A frame of its own for what was refused, so that whoever mends the cause can publish it again. */
import { encodeFrame, type FrameOrigin, isOfRecords } from '@plimsoll/model';
import { rawBytesOf } from '../plan/cut-pieces.ts';
import type { InsertUnit, LogChunkRow, RowsPart } from '../plan/insert-unit.ts';

export interface LetterFrame {
  offset: number;
  part: string;
  bytes: Buffer;
}

/** @param unit of one part */
export async function letterFrame(unit: InsertUnit): Promise<LetterFrame> {
  const [part] = unit.parts;
  if (!part) throw new Error('expected a unit of one part, got none');
  if (!('content' in part)) {
    return { offset: part.offset, part: '', bytes: await rowsFrame(part) };
  }
  const name = `-${part.index}-${part.start}`;
  try {
    return { offset: part.offset, part: name, bytes: await logFrame(part) };
  } catch {
    // Bytes that do not decompress make no frame: they are kept as they came.
    return { offset: part.offset, part: `${name}-zstd`, bytes: part.content.bytes };
  }
}

async function logFrame(chunk: LogChunkRow): Promise<Buffer> {
  const { source, start, end, lines, bytes, isWhole } = chunk;
  const kind = isOfRecords(source.format)
    ? { bytes }
    : source.format === 'docker-json' && { split: !isWhole };
  const header = {
    ...originOf(chunk.origin),
    sources: [source],
    chunks: [{ source: 0, start, end, lines, ...kind }],
  };
  return encodeFrame({ kind: 'logs', header }, [await rawBytesOf(chunk)]);
}

/** With its sequence number, so that a replay of it is stored once. */
async function rowsFrame({ table, columns, rows, origin, payload }: RowsPart): Promise<Buffer> {
  const header = { ...originOf(origin), table, columns, rows };
  return encodeFrame({ kind: 'rows', header }, [payload]);
}

/** Of a whole header only where it comes from. */
function originOf(origin: FrameOrigin): FrameOrigin {
  const { tenant, host, boot_id, collector_id, epoch, sequence, created_at_ms } = origin;
  return { tenant, host, boot_id, collector_id, epoch, sequence, created_at_ms };
}
