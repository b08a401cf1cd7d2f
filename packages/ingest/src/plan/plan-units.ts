/**
 * Divides a batch into inserts. Pure: the same batch gives the same inserts with the same tokens,
 * now and after a restart, whatever the configuration says. That is why the sizes are constants.
 */
import type { Batch } from '@plimsoll/transport';
import type { InsertUnit, LogChunkRow, RowsPart } from './insert-unit.ts';
import { logTableOf, type LogTable } from './log-table.ts';

/** Raw bytes of log in one insert: large enough for few parts, small enough for three at once. */
export const logUnitBytes = 16 * 1024 * 1024;

export function planUnits(
  batch: Pick<Batch, 'partition' | 'first' | 'last'>,
  chunks: readonly LogChunkRow[],
  parts: readonly RowsPart[],
): InsertUnit[] {
  const token = `${batch.partition}:${batch.first}-${batch.last}`;
  return [...logUnits(token, chunks), ...rowsUnits(token, parts)];
}

function logUnits(token: string, chunks: readonly LogChunkRow[]): InsertUnit[] {
  const byTable = new Map<LogTable, LogChunkRow[]>();
  for (const chunk of chunks) {
    // Its range is stored with the others; a row without a line would become an empty line.
    if (chunk.bytes === 0) continue;
    const table = logTableOf(chunk.source.format, chunk.isWhole);
    const group = byTable.get(table);
    if (group) group.push(chunk);
    else byTable.set(table, [chunk]);
  }
  return [...byTable].flatMap(([table, group]) => divideByBytes(`${token}:${table}`, table, group));
}

/** Equal shares: two of 9 MiB are better than one of 12 and one of 6. */
function divideByBytes(
  token: string,
  table: LogTable,
  chunks: readonly LogChunkRow[],
): InsertUnit[] {
  const total = chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = Math.ceil(total / logUnitBytes);
  const share = total / count;
  const units: Extract<InsertUnit, { kind: 'logs' }>[] = [];
  let sum = 0;
  for (const chunk of chunks) {
    const index = Math.min(count - 1, Math.floor(sum / share));
    const unit = (units[index] ??= {
      kind: 'logs',
      token: `${token}:${index}`,
      table,
      rawBytes: 0,
      chunks: [],
    });
    unit.chunks.push(chunk);
    unit.rawBytes += chunk.bytes;
    sum += chunk.bytes;
  }
  // A chunk larger than a share leaves holes.
  return units.filter((unit) => unit !== undefined);
}

/** Frames of the same table and the same columns go together. */
function rowsUnits(token: string, parts: readonly RowsPart[]): InsertUnit[] {
  const groups = new Map<string, RowsPart[]>();
  for (const part of parts) {
    const key = `${part.table}(${part.columns.join(',')})`;
    const group = groups.get(key);
    if (group) group.push(part);
    else groups.set(key, [part]);
  }
  return [...groups.values()].flatMap((group, index) => {
    const [first] = group;
    if (!first) return [];
    const { table, columns } = first;
    return [
      { kind: 'rows' as const, token: `${token}:${table}:${index}`, table, columns, parts: group },
    ];
  });
}

/** The same content divided further, for when the whole is refused: each part has its own token. */
export function divideUnit(unit: InsertUnit): InsertUnit[] {
  if (unit.kind === 'logs') {
    return unit.chunks.map((chunk, index) => ({
      kind: 'logs',
      token: `${unit.token}.${index}`,
      table: unit.table,
      rawBytes: chunk.bytes,
      chunks: [chunk],
    }));
  }
  return unit.parts.map((part, index) => ({
    ...unit,
    token: `${unit.token}.${index}`,
    parts: [part],
  }));
}
