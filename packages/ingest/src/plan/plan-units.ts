/**
 * Divides a batch into inserts. Pure: the same batch gives the same inserts with the same tokens,
 * now and after a restart, whatever the configuration says. That is why the sizes are constants;
 * to change one is to change the protocol.
 */
import type { Batch } from '@plimsoll/transport';
import type { InsertUnit, LogChunkRow, RowsPart } from './insert-unit.ts';
import { logTableOf, type LogTable } from './log-table.ts';

/** Raw bytes in one insert: large enough for few parts, small enough for three at once. */
export const unitBytes = 16 * 1024 * 1024;
/** What a chunk costs besides its bytes: its labels, in the row that carries it. */
const chunkCostBytes = 512;
/**
 * What a row costs besides its bytes. So an insert is of 262,144 rows at most, and the engine, which
 * gathers a million, takes it as one block: what it refuses has stored nothing.
 */
const rowCostBytes = 64;

export function planUnits(
  batch: Pick<Batch, 'partition' | 'first' | 'last'>,
  chunks: readonly LogChunkRow[],
  parts: readonly RowsPart[],
): InsertUnit[] {
  const token = batchToken(batch);
  return [...logUnits(token, chunks), ...rowsUnits(token, parts)];
}

/** What the tokens of a batch begin with. */
export function batchToken({
  partition,
  first,
  last,
}: Omit<Batch, 'frames' | 'offsets' | 'epoch' | 'isReplay'>): string {
  return `${partition}:${first}-${last}`;
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
  return [...byTable].flatMap(([table, group]) =>
    shares(group, ({ bytes }) => bytes + chunkCostBytes).map(({ index, items }) =>
      logUnit(`${token}:${table}:${index}`, table, items),
    ),
  );
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
  return [...groups.values()].flatMap((group, number) => {
    const [first] = group;
    if (!first) return [];
    const { table, columns } = first;
    const cost = ({ payload, rows }: RowsPart): number => payload.length + rows * rowCostBytes;
    return shares(group, cost).map(({ index, items }) => ({
      kind: 'rows' as const,
      token: `${token}:${table}:${number}.${index}`,
      table,
      columns,
      parts: items,
    }));
  });
}

/** Equal shares: two of 9 MiB are better than one of 12 and one of 6. */
function shares<T>(
  items: readonly T[],
  costOf: (item: T) => number,
): { index: number; items: T[] }[] {
  const total = items.reduce((sum, item) => sum + costOf(item), 0);
  const count = Math.max(1, Math.ceil(total / unitBytes));
  const share = total / count;
  const found: { index: number; items: T[] }[] = [];
  let sum = 0;
  for (const item of items) {
    const index = Math.min(count - 1, Math.floor(sum / share));
    // An item larger than a share leaves holes.
    const last = found.at(-1);
    if (last?.index === index) last.items.push(item);
    else found.push({ index, items: [item] });
    sum += costOf(item);
  }
  return found;
}

function logUnit(token: string, table: LogTable, parts: LogChunkRow[]): InsertUnit {
  const rawBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  return { kind: 'logs', token, table, rawBytes, parts };
}

/** The two halves of what was refused as a whole, each under a token of its own; of one part none. */
export function halveUnit(unit: InsertUnit): InsertUnit[] {
  const { length } = unit.parts;
  if (length < 2) return [];
  const middle = Math.ceil(length / 2);
  const [left, right] = [`${unit.token}/0`, `${unit.token}/1`];
  if (unit.kind === 'logs') {
    const { table, parts } = unit;
    return [
      logUnit(left, table, parts.slice(0, middle)),
      logUnit(right, table, parts.slice(middle)),
    ];
  }
  return [
    { ...unit, token: left, parts: unit.parts.slice(0, middle) },
    { ...unit, token: right, parts: unit.parts.slice(middle) },
  ];
}

/** Each part by itself, under the token of the whole: to be looked at, not to be inserted. */
export function singles(unit: InsertUnit): InsertUnit[] {
  return unit.kind === 'logs'
    ? unit.parts.map((part) => ({ ...unit, rawBytes: part.bytes, parts: [part] }))
    : unit.parts.map((part) => ({ ...unit, parts: [part] }));
}
