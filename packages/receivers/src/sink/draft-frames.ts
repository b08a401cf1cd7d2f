/** Divides what waits into frames within the limits that all agree on. Pure. */
import { limits, type LogSource } from '@plimsoll/model';
import type { PushedChunk, RowsPayload } from './frame-sink.ts';
import type { FrameDraft } from './lane.ts';

/** Of a frame's sources as JSON: far below what a header may be. */
const maxSourceBytes = 2 * 1024 * 1024;

export function draftLogFrames(chunks: readonly PushedChunk[]): FrameDraft[] {
  const frames: PushedChunk[][] = [];
  let bytes = 0;
  let sourceBytes = 0;
  let lastSource: LogSource | null = null;
  for (const chunk of chunks) {
    const last = frames.at(-1);
    const size = chunk.source === lastSource ? 0 : Buffer.byteLength(JSON.stringify(chunk.source));
    const fits =
      last !== undefined &&
      bytes + chunk.payload.length <= limits.maxFrameBytes &&
      sourceBytes + size <= maxSourceBytes &&
      last.length < limits.maxFrameChunks;
    if (fits) last.push(chunk);
    else frames.push([chunk]);
    bytes = (fits ? bytes : 0) + chunk.payload.length;
    sourceBytes = (fits ? sourceBytes : 0) + size;
    lastSource = chunk.source;
  }
  return frames.map(logFrame);
}

function logFrame(chunks: readonly PushedChunk[]): FrameDraft {
  const indexes = new Map<LogSource, number>();
  const sources: LogSource[] = [];
  const entries = chunks.map(({ source, start, end, payload }) => {
    let index = indexes.get(source);
    if (index === undefined) {
      index = sources.push(source) - 1;
      indexes.set(source, index);
    }
    return { source: index, start, end, lines: end - start, bytes: payload.length };
  });
  const parts = chunks.map(({ payload }) => payload);
  return { kind: 'logs', header: { sources, chunks: entries }, parts };
}

/** Payloads of one table and the same columns go together. */
export function draftRowsFrames(payloads: readonly RowsPayload[]): FrameDraft[] {
  const groups = new Map<string, RowsPayload[][]>();
  for (const payload of payloads) {
    const key = `${payload.table}(${payload.columns.join(',')})`;
    const frames = groups.get(key) ?? [];
    groups.set(key, frames);
    const last = frames.at(-1);
    if (last !== undefined && fitsRows(last, payload)) last.push(payload);
    else frames.push([payload]);
  }
  return [...groups.values()].flat().flatMap(rowsFrame);
}

function fitsRows(frame: readonly RowsPayload[], payload: RowsPayload): boolean {
  const all = [...frame, payload];
  const rows = all.reduce((sum, part) => sum + part.rows, 0);
  const bytes = all.reduce((sum, part) => sum + part.payload.length, 0);
  return rows <= limits.maxFrameRows && bytes <= limits.maxFrameBytes;
}

function rowsFrame(payloads: readonly RowsPayload[]): FrameDraft[] {
  const [first] = payloads;
  if (!first) return [];
  const rows = payloads.reduce((sum, part) => sum + part.rows, 0);
  return [
    {
      kind: 'rows',
      header: { table: first.table, columns: [...first.columns], rows },
      parts: payloads.map(({ payload }) => payload),
    },
  ];
}
