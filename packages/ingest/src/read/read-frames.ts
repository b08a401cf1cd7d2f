/**
 * A batch's frames: what to store, and what can never be read. Log bytes stay compressed where a
 * chunk was compressed by itself.
 */
import {
  chunkBytes,
  FrameError,
  inflateMember,
  limits,
  openFrame,
  type LogsHeader,
  type Member,
  type OpenedFrame,
  type RowsHeader,
} from '@plimsoll/model';
import type { Batch } from '@plimsoll/transport';
import type { LogChunkRow, RowsPart } from '../plan/insert-unit.ts';
import { keyOf, rowsFileId, type FileKey } from '../ranges/file-key.ts';
import { logsHeaderProblem, rowsHeaderProblem } from './check-header.ts';
import { countLines } from './count-lines.ts';

export interface Poison {
  offset: number;
  part: string;
  bytes: Buffer;
  reason: string;
}

export interface ReadFrames {
  chunks: LogChunkRow[];
  parts: RowsPart[];
  /** Each file that a chunk or a rows frame is a range of, once. */
  files: FileKey[];
  poison: Poison[];
  logFrames: number;
  rowFrames: number;
}

type ReadFrame =
  | { kind: 'logs'; chunks: LogChunkRow[] }
  | { kind: 'rows'; part: RowsPart }
  | { kind: 'poison'; reason: string };

/** Frames opened at once: more would only hold more memory. */
const framesAtOnce = 64;

export async function readFrames(
  batch: Pick<Batch, 'frames' | 'offsets' | 'first'>,
): Promise<ReadFrames> {
  const result: ReadFrames = {
    chunks: [],
    parts: [],
    files: [],
    poison: [],
    logFrames: 0,
    rowFrames: 0,
  };
  const files = new Map<string, FileKey>();
  const { frames, offsets } = batch;
  for (let first = 0; first < frames.length; first += framesAtOnce) {
    const some = frames.slice(first, first + framesAtOnce);
    const offsetOf = (index: number): number => offsets[first + index] ?? batch.first;
    const read = await Promise.all(
      some.map(async (bytes, index) => readFrame(bytes, offsetOf(index))),
    );
    for (const [index, frame] of read.entries()) {
      const bytes = some[index] ?? Buffer.alloc(0);
      add(result, frame, { offset: offsetOf(index), part: '', bytes });
    }
  }
  for (const part of [...result.chunks, ...result.parts]) files.set(part.file, part);
  result.files = [...files.values()];
  return result;
}

function add(result: ReadFrames, frame: ReadFrame, letter: Omit<Poison, 'reason'>): void {
  switch (frame.kind) {
    case 'logs':
      result.logFrames += 1;
      for (const chunk of frame.chunks) result.chunks.push(chunk);
      break;
    case 'rows':
      result.rowFrames += 1;
      result.parts.push(frame.part);
      break;
    case 'poison':
      result.poison.push({ ...letter, reason: frame.reason });
      break;
    default:
      frame satisfies never;
  }
}

async function readFrame(bytes: Buffer, offset: number): Promise<ReadFrame> {
  try {
    const frame = await openFrame(bytes);
    const problem = problemOf(frame);
    if (problem !== null) return { kind: 'poison', reason: problem };
    if (frame.kind === 'rows') return { kind: 'rows', part: rowsPart(frame, offset) };
    const { header, members } = frame;
    return { kind: 'logs', chunks: await chunksOf(header, members, offset) };
  } catch (error) {
    // Anything a frame's bytes can provoke, such as a payload that zstd refuses.
    const reason = error instanceof Error ? error.message : String(error);
    return {
      kind: 'poison',
      reason: error instanceof FrameError ? reason : `payload: ${reason}`,
    };
  }
}

function problemOf(frame: OpenedFrame): string | null {
  if (frame.kind === 'logs') return logsHeaderProblem(frame.header);
  const problem = rowsHeaderProblem(frame.header);
  const lines = countLines(frame.payload);
  if (problem !== null || lines <= limits.maxFrameRows) return problem;
  return `rows: expected at most ${limits.maxFrameRows}, got ${lines}`;
}

function rowsPart(
  { header, payload }: { header: RowsHeader; payload: Buffer },
  offset: number,
): RowsPart {
  const { tenant, table, columns, collector_id: collectorId, epoch, sequence } = header;
  const fileId = rowsFileId(collectorId, epoch);
  return {
    file: keyOf({ tenant, fileId }),
    tenant,
    fileId,
    start: sequence,
    end: sequence + 1,
    origin: header,
    offset,
    table,
    columns,
    rows: countLines(payload),
    payload,
  };
}

async function chunksOf(
  header: LogsHeader,
  members: readonly Member[],
  offset: number,
): Promise<LogChunkRow[]> {
  const { tenant } = header;
  const files = header.sources.map((source) => keyOf({ tenant, fileId: source.file_id }));
  const rows: LogChunkRow[] = [];
  for (const member of members) {
    const raw = member.chunks.length === 1 ? null : await inflateMember(member);
    let at = 0;
    for (const chunk of member.chunks) {
      const bytes = chunkBytes(chunk);
      const source = header.sources[chunk.source];
      const file = files[chunk.source];
      // openFrame has checked the index.
      if (!source || file === undefined) continue;
      const content = raw
        ? { codec: 'none' as const, bytes: raw.subarray(at, at + bytes) }
        : { codec: member.codec, bytes: member.bytes };
      at += bytes;
      rows.push({
        file,
        tenant,
        fileId: source.file_id,
        start: chunk.start,
        end: chunk.end,
        origin: header,
        offset,
        source,
        index: rows.length,
        content,
        bytes,
        lines: chunk.lines,
        isWhole: chunk.split === false,
      });
    }
  }
  return rows;
}
