import { hostLabels, type FrameOrigin } from '@plimsoll/model';
import type { LogChunkRow, RowsPart } from '../../src/plan/insert-unit.ts';

export const origin: FrameOrigin = {
  tenant: 'default',
  host: 'h',
  boot_id: 'b',
  collector_id: 'c',
  epoch: 1,
  sequence: 0,
  created_at_ms: 0,
};

/** A chunk of a plain file, as reading its frame makes it. */
export function chunkRow(row: Partial<LogChunkRow> & { start: number }): LogChunkRow {
  const { start, content = { codec: 'none', bytes: Buffer.from('a\n') } } = row;
  const bytes = row.bytes ?? content.bytes.length;
  const fileId = row.fileId ?? 'f';
  return {
    file: fileId,
    tenant: 'default',
    fileId,
    end: start + bytes,
    origin,
    offset: 0,
    source: {
      labels: hostLabels('default', 'h'),
      format: 'plain',
      file_id: fileId,
      path: '',
      stream: '',
    },
    index: 0,
    lines: 1,
    isWhole: true,
    ...row,
    content,
    bytes,
  };
}

/** A frame of rows, as reading it makes it. */
export function rowsPart(part: Partial<RowsPart> & { start: number }): RowsPart {
  return {
    file: 'rows/c/1',
    tenant: 'default',
    fileId: 'rows/c/1',
    end: part.start + 1,
    origin,
    offset: 0,
    table: 'events',
    columns: ['a'],
    rows: 1,
    payload: Buffer.from('[]\n'),
    ...part,
  };
}
