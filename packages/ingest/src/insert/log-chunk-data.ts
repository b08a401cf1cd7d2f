/**
 * Chunks as the tables of chunks take them: RowBinary in one zstd stream. A row ends with the bytes of
 * its chunk, so a chunk that came compressed goes on as it is, behind a frame that only stores what
 * stands before it.
 */
import { storedFrame, targetLabelNames } from '@plimsoll/model';
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

/** @returns the stream in parts, to be written one after another */
export function logChunkData(
  chunks: readonly LogChunkRow[],
  batch: { partition: string; first: number },
): Buffer[] {
  return chunks.flatMap((chunk) => {
    const head = rowHead(chunk, batch);
    const { codec, bytes } = chunk.content;
    return codec === 'zstd'
      ? [Buffer.concat(storedFrame(head)), bytes]
      : storedFrame(Buffer.concat([head, bytes]));
  });
}

/** The row until the first byte of its last column. */
function rowHead(chunk: LogChunkRow, batch: { partition: string; first: number }): Buffer {
  const { source } = chunk;
  return Buffer.concat([
    integer(chunk.receivedAtMs),
    ...[
      // A container may have a tenant of its own; that of the chunk is the collector's.
      ...targetLabelNames.map((name) => source.labels[name]),
      source.stream,
      source.file_id,
    ].map(text),
    integer(chunk.start),
    integer(chunk.end),
    text(batch.partition),
    integer(batch.first),
    length(chunk.bytes),
  ]);
}

/** UInt64, and DateTime64(3) as milliseconds since 1970. */
function integer(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([length(bytes.length), bytes]);
}

/** The length before a String: base 128, low digits first, the high bit on all but the last. */
function length(value: number): Buffer {
  const digits: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) digits.push((left % 128) | 128);
  return Buffer.from([...digits, left]);
}
