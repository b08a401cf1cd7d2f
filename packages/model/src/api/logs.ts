import type { Severity } from '../severity.ts';

/**
 * Query parameters shared by search, histogram, facets and tail. Lists are repeated parameters.
 * `q` is text that must occur (case-insensitive; words in quotes are one phrase; `-word` must not
 * occur; `=word` is a whole word as written, which the index finds quickly); `regex` is RE2.
 */
export interface LogQuery {
  from: number;
  to: number;
  q?: string;
  regex?: string;
  container_id?: string[];
  container?: string[];
  service?: string[];
  image?: string[];
  host?: string[];
  stream?: string[];
  severity?: Severity[];
}

export interface LogEntry {
  /** Opaque and stable: names the line for context and links. */
  id: string;
  /** Nanoseconds since 1970 as a decimal string: a number would lose the last digits. */
  time_ns: string;
  time: number;
  host: string;
  container_id: string;
  container: string;
  image: string;
  service: string;
  stream: string;
  severity: Severity;
  message: string;
  /** As written with ANSI escapes, null where it is the same as `message`. */
  message_raw: string | null;
}

/** `GET /api/plimsoll/v1/logs`: newest first; `next` pages into the past. */
export interface LogPage {
  items: LogEntry[];
  next: string | null;
  /** Rows read to answer and time taken, for the user to judge a slow filter by. */
  scanned_rows: number;
  elapsed_ms: number;
}

/** `GET /api/plimsoll/v1/logs/histogram?buckets`: `counts[severity][i]` belongs to `from + i*step`. */
export interface LogHistogram {
  from: number;
  to: number;
  step_ms: number;
  counts: Partial<Record<Severity, number[]>>;
  total: number;
}

/** `GET /api/plimsoll/v1/logs/facets`: the most frequent values under the same filters. */
export interface LogFacets {
  container: { value: string; count: number }[];
  image: { value: string; count: number }[];
  host: { value: string; count: number }[];
  stream: { value: string; count: number }[];
  severity: { value: Severity; count: number }[];
  service: { value: string; count: number }[];
}

/** `GET /api/plimsoll/v1/logs/context?id&before&after`: oldest first, of the same file. */
export interface LogContext {
  before: LogEntry[];
  line: LogEntry;
  after: LogEntry[];
}

/** `GET /api/plimsoll/v1/logs/tail` (server-sent events): one JSON message per event. */
export type LogTailMessage =
  | { type: 'entries'; entries: LogEntry[] }
  /** Lines that matched but were not sent, because the reader or the limit was too slow. */
  | { type: 'dropped'; count: number; reason: string }
  | { type: 'heartbeat'; at: number };
