/**
 * A batch's frames: what to store, and what can never be read. Log bytes stay compressed where a
 * chunk was compressed by itself.
 */
import {
  chunkBytes,
  FrameError,
  inflateMember,
  openFrame,
  rowTables,
  type LogsHeader,
  type Member,
  type RowsHeader,
} from '@plimsoll/model';
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

type ReadFrame =
  | { kind: 'logs'; chunks: LogChunkRow[] }
  | { kind: 'rows'; part: RowsPart }
  | { kind: 'poison'; reason: string };

export async function readFrames(frames: readonly Buffer[], first: number): Promise<ReadFrames> {
  const read = await Promise.all(
    frames.map(async (bytes, index) => readFrame(bytes, first + index)),
  );
  const result: ReadFrames = {
    chunks: [],
    parts: [],
    files: [],
    poison: [],
    logFrames: 0,
    rowFrames: 0,
  };
  for (const [index, frame] of read.entries()) {
    if (frame.kind === 'logs') {
      result.logFrames += 1;
      for (const chunk of frame.chunks) result.chunks.push(chunk);
    } else if (frame.kind === 'rows') {
      result.rowFrames += 1;
      result.parts.push(frame.part);
    } else {
      const bytes = frames[index] ?? Buffer.alloc(0);
      result.poison.push({ offset: first + index, bytes, reason: frame.reason });
    }
  }
  const files = new Map<string, FileKey>();
  for (const chunk of result.chunks) {
    files.set(chunk.file, { tenant: chunk.tenant, fileId: chunk.source.file_id });
  }
  result.files = [...files.values()];
  return result;
}

async function readFrame(bytes: Buffer, offset: number): Promise<ReadFrame> {
  try {
    const frame = await openFrame(bytes);
    if (frame.kind === 'logs') {
      const { header, members } = frame;
      const chunks: LogChunkRow[] = [];
      for (const member of members) chunks.push(...(await chunksOf(header, member, offset)));
      return { kind: 'logs', chunks };
    }
    const reason = whatIsWrong(frame.header);
    if (reason !== null) return { kind: 'poison', reason };
    const { table, columns, rows, collector_id, epoch, sequence } = frame.header;
    const identity = { collector_id, epoch, sequence };
    return {
      kind: 'rows',
      part: { table, columns, rows, payload: frame.payload, offset, identity },
    };
  } catch (error) {
    // Anything a frame's bytes can provoke, such as a payload that zstd refuses.
    const reason = error instanceof Error ? error.message : String(error);
    return {
      kind: 'poison',
      reason: error instanceof FrameError ? reason : `payload: ${reason}`,
    };
  }
}

/** Names become part of a statement: only those there are may. */
function whatIsWrong({ table, columns }: RowsHeader): string | null {
  if (!rowTables.includes(table)) {
    return `table: expected one of ${rowTables.join(', ')}, got ${JSON.stringify(table)}`;
  }
  const strange = columns.find((column) => !/^[a-z_][a-z0-9_]*$/.test(column));
  if (strange === undefined && columns.length > 0) return null;
  return `columns: expected column names, got ${JSON.stringify(strange ?? columns)}`;
}

async function chunksOf(
  header: LogsHeader,
  member: Member,
  offset: number,
): Promise<LogChunkRow[]> {
  const isAlone = member.chunks.length === 1;
  const raw = isAlone ? null : await inflateMember(member);
  const rows: LogChunkRow[] = [];
  let at = 0;
  for (const chunk of member.chunks) {
    const { start, end, lines, split } = chunk;
    const source = header.sources[chunk.source];
    const bytes = chunkBytes(chunk);
    // openFrame has checked the index.
    if (!source) continue;
    const content = raw
      ? { codec: 'none' as const, bytes: raw.subarray(at, at + bytes) }
      : { codec: member.codec, bytes: member.bytes };
    at += bytes;
    rows.push({
      file: keyOf({ tenant: header.tenant, fileId: source.file_id }),
      tenant: header.tenant,
      source,
      start,
      end,
      lines,
      bytes,
      content,
      isWhole: split === false,
      receivedAtMs: header.created_at_ms,
      offset,
    });
  }
  return rows;
}
