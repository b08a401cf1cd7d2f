/** A batch's frames, decoded: what to store, and what can never be read. */
import { decodeFrame, FrameError, rowTables, type Frame, type LogsHeader } from '@plimsoll/model';
import { keyOf, type FileKey } from './ranges/stored-ranges.ts';
import type { LogChunkRow, RowsPart } from './plan/insert-unit.ts';

export interface ReadFrames {
  chunks: LogChunkRow[];
  parts: RowsPart[];
  /** Each file named by a chunk, once. */
  files: FileKey[];
  poison: { offset: number; bytes: Buffer; reason: string }[];
  logFrames: number;
  rowFrames: number;
}

export async function readFrames(frames: readonly Buffer[], first: number): Promise<ReadFrames> {
  const decoded = await Promise.all(frames.map(decode));
  const result: ReadFrames = {
    chunks: [],
    parts: [],
    files: [],
    poison: [],
    logFrames: 0,
    rowFrames: 0,
  };
  const files = new Map<string, FileKey>();
  for (const [index, frame] of decoded.entries()) {
    const offset = first + index;
    if ('reason' in frame) {
      result.poison.push({ offset, bytes: frames[index] ?? Buffer.alloc(0), reason: frame.reason });
    } else if (frame.kind === 'logs') {
      result.logFrames += 1;
      result.chunks.push(...chunksOf(frame.header, frame.payload, offset));
    } else {
      result.rowFrames += 1;
      const { table, columns, rows, collector_id, epoch, sequence } = frame.header;
      const identity = { collector_id, epoch, sequence };
      result.parts.push({ table, columns, rows, payload: frame.payload, offset, identity });
    }
  }
  for (const chunk of result.chunks) {
    files.set(chunk.file, { tenant: chunk.tenant, fileId: chunk.source.file_id });
  }
  result.files = [...files.values()];
  return result;
}

async function decode(bytes: Buffer): Promise<Frame | { reason: string }> {
  try {
    const frame = await decodeFrame(bytes);
    if (frame.kind === 'rows') {
      const { table, columns } = frame.header;
      if (!rowTables.includes(table))
        return {
          reason: `table: expected one of ${rowTables.join(', ')}, got ${JSON.stringify(table)}`,
        };
      const strange = columns.find((column) => !/^[a-z_][a-z0-9_]*$/.test(column));
      if (strange !== undefined || columns.length === 0)
        return {
          reason: `columns: expected column names, got ${JSON.stringify(strange ?? columns)}`,
        };
    }
    return frame;
  } catch (error) {
    // Anything a frame's bytes can provoke, such as a payload that zstd refuses.
    const reason = error instanceof Error ? error.message : String(error);
    return { reason: error instanceof FrameError ? reason : `payload: ${reason}` };
  }
}

function chunksOf(header: LogsHeader, payload: Buffer, offset: number): LogChunkRow[] {
  const rows: LogChunkRow[] = [];
  let at = 0;
  for (const { source: index, start, end, lines } of header.chunks) {
    const source = header.sources[index];
    // decodeFrame has checked the index.
    if (!source) continue;
    const bytes = payload.subarray(at, at + end - start);
    at += end - start;
    rows.push({
      file: keyOf({ tenant: header.tenant, fileId: source.file_id }),
      tenant: header.tenant,
      source,
      start,
      end,
      lines,
      bytes,
      receivedAtMs: header.created_at_ms,
      offset,
    });
  }
  return rows;
}
