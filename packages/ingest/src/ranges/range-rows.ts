/** Rows of `log_ranges` for what a batch has stored: adjoining parts of a file are one row. */
import type { Part } from '../plan/insert-unit.ts';
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
  part: Part;
  ranges: RangeSet;
}

/** JSONCompactEachRow, the same for the same parts. */
export function rangeRows(
  parts: readonly Part[],
  { partition, first }: { partition: string; first: number },
): Buffer {
  const files = new Map<string, FileRanges>();
  for (const part of parts) {
    const known = files.get(part.file);
    if (known) known.ranges = addRange(known.ranges, part);
    else files.set(part.file, { part, ranges: addRange(emptyRanges, part) });
  }
  const lines: string[] = [];
  for (const { part, ranges } of files.values()) {
    const time = Math.floor(part.origin.created_at_ms / 1000);
    for (const { start, end } of ranges) {
      const row = [time, part.tenant, part.fileId, start, end, partition, first];
      lines.push(`${JSON.stringify(row)}\n`);
    }
  }
  return Buffer.from(lines.join(''));
}

export const divisionPrefix = 'divided/';

/** Says that the insert of this token was refused and is made in halves: for a replay to know. */
export function divisionRow(
  token: string,
  parts: readonly Part[],
  { partition, first }: { partition: string; first: number },
): Buffer {
  const time = Math.floor((parts[0]?.origin.created_at_ms ?? 0) / 1000);
  return Buffer.from(
    `${JSON.stringify([time, '', divisionPrefix + token, 0, 1, partition, first])}\n`,
  );
}
