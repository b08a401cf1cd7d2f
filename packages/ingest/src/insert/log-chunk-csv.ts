/**
 * Chunks as CSV for the tables of chunks. The bytes of a chunk go as quoted base64: of the text formats
 * that the embedded engine takes, it scans this one fastest, and any byte may be in it.
 */
import { targetLabelNames } from '@plimsoll/model';
import type { LogChunkRow } from '../plan/insert-unit.ts';

export const logChunkColumns: readonly string[] = [
  'received_at',
  ...targetLabelNames,
  'stream',
  'file_id',
  'start',
  'end',
  'partition',
  'batch',
  'data',
];

const lineEnd = '"\n';

/**
 * Bytes turned into base64 at a time: a multiple of 3, and small enough that the strings live and
 * die in V8's nursery. One string per chunk costs four times as much.
 */
const base64SliceBytes = 24 * 1024;

/** @returns the part of `target` that was filled, or of a larger buffer where it is too small */
export function encodeLogChunks(
  chunks: readonly LogChunkRow[],
  batch: { partition: string; first: number },
  target: Buffer,
): Buffer {
  const heads = chunks.map((chunk) => Buffer.from(rowHead(chunk, batch)));
  const size = chunks.reduce(
    (sum, chunk, index) =>
      sum + (heads[index]?.length ?? 0) + base64Length(chunk.bytes.length) + lineEnd.length,
    0,
  );
  const out = size <= target.length ? target : Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const [index, chunk] of chunks.entries()) {
    at += heads[index]?.copy(out, at) ?? 0;
    for (let from = 0; from < chunk.bytes.length; from += base64SliceBytes) {
      const slice = chunk.bytes.toString('base64', from, from + base64SliceBytes);
      at += out.write(slice, at, 'latin1');
    }
    at += out.write(lineEnd, at, 'latin1');
  }
  return out.subarray(0, at);
}

/** Bytes of target that a unit of this many raw bytes will surely fit in. */
export function encodedLogBytes(rawBytes: number, chunks: number): number {
  return base64Length(rawBytes) + chunks * 2048;
}

function rowHead(chunk: LogChunkRow, batch: { partition: string; first: number }): string {
  const { source } = chunk;
  const texts = [
    new Date(chunk.receivedAtMs).toISOString().replace('T', ' ').slice(0, -1),
    chunk.tenant,
    ...targetLabelNames.slice(1).map((name) => source.labels[name]),
    source.stream,
    source.file_id,
  ].map(quoted);
  return `${texts.join(',')},${chunk.start},${chunk.end},${quoted(batch.partition)},${batch.first},"`;
}

/** CSV has no escape for a line break, and a blank line would end the embedded engine's data. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""').replace(/\n{2,}/g, '\n')}"`;
}

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}
