/** Rows of `log_ranges` for what a batch has stored: adjoining chunks of a file are one row. */
import type { LogChunkRow } from '../plan/insert-unit.ts';
import { addRange, emptyRanges, type RangeSet } from './range-set.ts';

export const rangeColumns: readonly string[] = [
  'time',
  'tenant',
  'file_id',
  'start',
  'end',
  'partition',
  'batch',
];

interface FileRanges {
  chunk: LogChunkRow;
  ranges: RangeSet;
}

/** JSONCompactEachRow, the same for the same chunks. */
export function rangeRows(
  chunks: readonly LogChunkRow[],
  { partition, first }: { partition: string; first: number },
): Buffer {
  const files = new Map<string, FileRanges>();
  for (const chunk of chunks) {
    const known = files.get(chunk.file) ?? { chunk, ranges: emptyRanges };
    files.set(chunk.file, { ...known, ranges: addRange(known.ranges, chunk) });
  }
  const lines: string[] = [];
  for (const { chunk, ranges } of files.values()) {
    const time = Math.floor(chunk.receivedAtMs / 1000);
    for (const { start, end } of ranges) {
      const row = [time, chunk.tenant, chunk.source.file_id, start, end, partition, first];
      lines.push(`${JSON.stringify(row)}\n`);
    }
  }
  return Buffer.from(lines.join(''));
}
