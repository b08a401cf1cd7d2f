import type { SqlSchema } from '@plimsoll/model/api';
import type { QueryContext } from '../query-context.ts';

interface ColumnRow {
  table: string;
  name: string;
  type: string;
  comment: string;
}

interface TableRow {
  name: string;
  comment: string;
  rows: string | number | null;
  bytes: string | number | null;
}

/** Tables of our own database that hold rows, for the schema browser and completion. */
export async function sqlSchema(context: QueryContext, signal: AbortSignal): Promise<SqlSchema> {
  const options = { params: { database: context.engine.database }, signal };
  const [tables, columns, functions] = await Promise.all([
    context.engine.select<TableRow>(
      `SELECT name, comment, total_rows AS rows, total_bytes AS bytes FROM system.tables
        WHERE database = {database:String} AND engine LIKE '%MergeTree'
          AND NOT startsWith(name, '.') AND NOT is_temporary
        ORDER BY name`,
      options,
    ),
    context.engine.select<ColumnRow>(
      `SELECT table, name, type, comment FROM system.columns
        WHERE database = {database:String} ORDER BY table, position`,
      options,
    ),
    context.engine.select<{ name: string }>(
      `SELECT name FROM system.functions
        WHERE NOT startsWith(name, '_') AND alias_to = '' ORDER BY name`,
      { signal },
    ),
  ]);
  const columnsOf = Map.groupBy(columns, (column) => column.table);
  return {
    tables: tables.map((table) => ({
      name: table.name,
      comment: table.comment,
      rows: Number(table.rows ?? 0),
      bytes: Number(table.bytes ?? 0),
      columns: (columnsOf.get(table.name) ?? []).map(({ name, type, comment }) => ({
        name,
        type,
        comment,
      })),
    })),
    functions: functions.map((row) => row.name),
  };
}
