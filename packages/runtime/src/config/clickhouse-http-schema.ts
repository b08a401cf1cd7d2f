import { z } from 'zod';
import { duration, size } from './quantity.ts';

const user = z.strictObject({
  name: z.string().min(1).max(100),
  /** Required on any address but loopback. */
  password: z.string().min(1).meta({ secret: true }).optional(),
  /** `read` reads; `ingest` inserts too; `admin` makes and changes tables too. */
  access: z.enum(['read', 'ingest', 'admin']),
});

const limits = z.strictObject({
  max_connections: z.number().int().min(1).max(100_000).default(256),
  /** Statements with a result at once; the next one waits, then is refused. */
  max_queries: z.number().int().min(1).max(64).default(6),
  /** Inserts at once; they have places of their own. */
  max_inserts: z.number().int().min(1).max(16).default(3),
  /** Longest a statement waits for a place. */
  max_wait: duration.prefault('5s'),
  /** Of a statement of a user who reads; a request may ask for less. */
  max_execution_time: duration.prefault('60s'),
  /** Of each statement; a request may ask for less. */
  max_memory: size.prefault('1GiB'),
  /** Data of one insert, as it comes and unpacked. */
  max_body: size.prefault('1GiB'),
  /** Longest that a body may pause. */
  receive_timeout: duration.prefault('30s'),
  /** Longest that a client may pause to take its result. */
  send_timeout: duration.prefault('60s'),
  max_sessions: z.number().int().min(1).max(10_000).default(64),
});

/** ClickHouse's own HTTP protocol over the embedded engine. */
export const clickhouseHttp = z
  .strictObject({
    enabled: z.boolean().default(true),
    host: z.string().default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535).default(4271),
    users: z
      .array(user)
      .min(1)
      .max(100)
      .default([{ name: 'default', access: 'read' }]),
    limits: limits.prefault({}),
  })
  .prefault({});
