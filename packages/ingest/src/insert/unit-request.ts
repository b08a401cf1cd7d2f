import type { InsertRequest } from '@plimsoll/storage';
import type { InsertUnit } from '../plan/insert-unit.ts';
import { logChunkColumns, logChunkData } from './log-chunk-data.ts';

/** The insert of a unit; the same bytes for the same unit. */
export function unitRequest(
  unit: InsertUnit,
  batch: { partition: string; first: number },
): InsertRequest {
  if (unit.kind === 'rows') {
    return {
      table: unit.table,
      columns: unit.columns,
      format: 'JSONCompactEachRow',
      data: unit.parts.flatMap(({ payload }) => wholeLines(payload)),
      token: unit.token,
    };
  }
  return {
    table: unit.table,
    columns: logChunkColumns,
    format: 'RowBinary',
    compression: 'zstd',
    data: logChunkData(unit.parts, batch),
    token: unit.token,
  };
}

const newline = Buffer.from('\n');

/** A payload may or may not end its last line. */
function wholeLines(payload: Buffer): Buffer[] {
  return payload.at(-1) === 10 ? [payload] : [payload, newline];
}
