import type { SqlResult, SqlSchema } from '@plimsoll/model/api';
import { z } from 'zod';

const column = z.object({ name: z.string(), type: z.string() });

export const sqlResult = z.object({
  columns: z.array(column),
  rows: z.array(z.array(z.unknown())),
  truncated: z.boolean(),
  limit: z.enum(['rows', 'bytes']).nullable(),
  elapsed_ms: z.number(),
  read_rows: z.number(),
  read_bytes: z.number(),
}) satisfies z.ZodType<SqlResult>;

export const sqlSchema = z.object({
  tables: z.array(
    z.object({
      name: z.string(),
      comment: z.string(),
      rows: z.number(),
      bytes: z.number(),
      columns: z.array(column.extend({ comment: z.string() })),
    }),
  ),
  functions: z.array(z.string()),
}) satisfies z.ZodType<SqlSchema>;
