import { severities } from '@plimsoll/model';
import type {
  LogContext,
  LogEntry,
  LogFacets,
  LogHistogram,
  LogPage,
  LogTailMessage,
} from '@plimsoll/model/api';
import { z } from 'zod';

const severity = z.enum(severities);

const logEntry = z.object({
  id: z.string(),
  time_ns: z.string(),
  time: z.number(),
  host: z.string(),
  container_id: z.string(),
  container: z.string(),
  image: z.string(),
  service: z.string(),
  stream: z.string(),
  severity,
  message: z.string(),
  message_raw: z.string().nullable(),
}) satisfies z.ZodType<LogEntry>;

export const logPage = z.object({
  items: z.array(logEntry),
  next: z.string().nullable(),
  scanned_rows: z.number(),
  elapsed_ms: z.number(),
}) satisfies z.ZodType<LogPage>;

export const logHistogram = z.object({
  from: z.number(),
  to: z.number(),
  step_ms: z.number(),
  counts: z.partialRecord(severity, z.array(z.number())),
  total: z.number(),
}) satisfies z.ZodType<LogHistogram>;

const facet = z.array(z.object({ value: z.string(), count: z.number() }));

export const logFacets = z.object({
  container: facet,
  image: facet,
  host: facet,
  stream: facet,
  severity: z.array(z.object({ value: severity, count: z.number() })),
  service: facet,
}) satisfies z.ZodType<LogFacets>;

export const logContext = z.object({
  before: z.array(logEntry),
  line: logEntry,
  after: z.array(logEntry),
}) satisfies z.ZodType<LogContext>;

export const logTailMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('entries'), entries: z.array(logEntry) }),
  z.object({ type: z.literal('dropped'), count: z.number(), reason: z.string() }),
  z.object({ type: z.literal('heartbeat'), at: z.number() }),
]) satisfies z.ZodType<LogTailMessage>;
