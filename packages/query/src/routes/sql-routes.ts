import { z } from 'zod';
import { defineRoute, type Route } from '../http/route.ts';
import * as schemas from '../schemas/sql.ts';
import { sqlSchema } from '../sql/schema.ts';
import type { QueryServices } from './services.ts';

export function sqlRoutes({ context, sql }: QueryServices): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/sql',
      operation: 'runSql',
      summary: 'One read-only ClickHouse statement, under limits.',
      body: z.strictObject({
        query: z.string().min(1).max(100_000),
        max_rows: z.int().min(1).max(1_000_000).optional(),
      }),
      response: schemas.sqlResult,
      handler: async ({ body, signal }) =>
        sql.run({ query: body.query, maxRows: body.max_rows }, signal),
    }),
    defineRoute({
      method: 'GET',
      path: '/sql/schema',
      operation: 'getSqlSchema',
      summary: 'Tables, columns and functions that SQL may use.',
      response: schemas.sqlSchema,
      handler: async ({ signal }) => sqlSchema(context, signal),
    }),
  ];
}
