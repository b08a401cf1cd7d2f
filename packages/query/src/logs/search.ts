import type { LogEntry, LogPage } from '@plimsoll/model/api';
import type { SqlParameter } from '@plimsoll/storage';
import { QueryError } from '../http/api-error.ts';
import type { QueryContext } from '../query-context.ts';
import { toQueryError } from '../storage-error.ts';
import { decodeLineId, encodeLineId, type LinePlace } from './line-id.ts';
import { filterConditions, timeCondition, nanoseconds, type LogFilter } from './log-filter.ts';
import { entryBytes, logColumns, toEntry, type LogRow } from './log-row.ts';
import { planSearchWindows, type SearchWindow } from './search-windows.ts';

export interface SearchRequest {
  filter: LogFilter;
  /** Milliseconds since 1970, `[from, to)`. */
  from: number;
  to: number;
  limit: number;
  /** Where the page before ended; only older lines follow. */
  cursor: string | undefined;
}

/** Bytes of messages in one page: the page ends early and `next` goes on from there. */
const maxPageBytes = 8 * 1024 * 1024;

/**
 * One page of lines, newest first. Lines are totally ordered by (time, file_id, position), and a
 * cursor is the place of the last one: new arrivals and ties move nothing.
 *
 * When the time for a query runs out, what was found is a page of its own, and `next` goes on
 * where the search stopped.
 */
export async function searchLogs(
  context: QueryContext,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<LogPage> {
  const started = performance.now();
  const deadline = started + context.config.query.max_execution_time;
  const after = request.cursor === undefined ? null : decodeLineId(request.cursor, 'cursor');
  const to = after ? Math.min(request.to, endOf(after)) : request.to;
  const page = new PageBuilder(request.limit);
  let next: LinePlace | null = null;
  let searchedFrom = to;
  for (const window of planSearchWindows(request.from, to)) {
    // Whatever happens from here on, nothing newer than this place is missing.
    next = { timeNs: nanoseconds(window.to), fileId: '', position: '0' };
    searchedFrom = window.from;
    try {
      const remaining = Math.ceil(deadline - performance.now());
      if (remaining <= 0) throw new QueryError('timeout', 'the search ran out of time');
      const statement = searchStatement(request.filter, context.config.tenant, {
        window,
        after,
        limit: page.missing,
      });
      const rows = context.engine.stream<LogRow>(statement.sql, {
        params: statement.params,
        maxExecutionMs: remaining,
        signal,
      });
      for await (const batch of rows) if (!page.addAll(batch)) break;
    } catch (error) {
      const failure = toQueryError(error);
      if (failure.code !== 'timeout' || page.items.length === 0) throw failure;
      next = older(page.last, next);
      break;
    }
    next = page.isFull ? page.last : null;
    if (page.isFull) break;
  }
  return {
    items: page.items,
    next: next === null ? null : encodeLineId(next),
    scanned_rows: await scannedRows(
      context,
      { filter: request.filter, from: searchedFrom, to },
      signal,
    ),
    elapsed_ms: Math.round(performance.now() - started),
  };
}

/** Text and parameters of one window's statement. */
function searchStatement(
  filter: LogFilter,
  tenant: string,
  slice: { window: SearchWindow; after: LinePlace | null; limit: number },
): { sql: string; params: Record<string, SqlParameter> } {
  const filtered = filterConditions(filter, tenant);
  const timed = timeCondition(slice.window.from, slice.window.to);
  const params = { ...filtered.params, ...timed.params, limit: slice.limit };
  const conditions = [...timed.conditions, ...filtered.conditions];
  if (slice.after !== null) {
    const time = 'fromUnixTimestamp64Nano({after_ns:Int64})';
    conditions.push(
      `time <= ${time}`,
      `(time < ${time} OR file_id < {after_file:String}
        OR (file_id = {after_file:String} AND position < {after_position:UInt64}))`,
    );
    Object.assign(params, {
      after_ns: slice.after.timeNs,
      after_file: slice.after.fileId,
      after_position: slice.after.position,
    });
  }
  const sql = `SELECT ${logColumns} FROM logs
    WHERE ${conditions.join(' AND ')}
    ORDER BY time DESC, file_id DESC, position DESC
    LIMIT {limit:UInt32}`;
  return { sql, params };
}

/**
 * Rows of the searched time that the store's indexes could not rule out, by its own estimate. Of a
 * column and not of a count, which the store answers from its parts without reading a row.
 */
async function scannedRows(
  context: QueryContext,
  searched: { filter: LogFilter; from: number; to: number },
  signal: AbortSignal,
): Promise<number> {
  if (searched.from >= searched.to) return 0;
  const filtered = filterConditions(searched.filter, context.config.tenant);
  const timed = timeCondition(searched.from, searched.to);
  const rows = await context.engine.select<{ rows: string | number }>(
    `EXPLAIN ESTIMATE SELECT position FROM logs
      WHERE ${[...timed.conditions, ...filtered.conditions].join(' AND ')}`,
    { params: { ...timed.params, ...filtered.params }, signal },
  );
  return rows.reduce((sum, row) => sum + Number(row.rows), 0);
}

/** Collects lines until the page is full by count or by bytes. */
class PageBuilder {
  readonly items: LogEntry[] = [];
  last: LinePlace | null = null;
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get missing(): number {
    return this.#limit - this.items.length;
  }

  get isFull(): boolean {
    return this.missing <= 0 || this.#bytes >= maxPageBytes;
  }

  /** False when the page is full. */
  addAll(rows: readonly LogRow[]): boolean {
    for (const row of rows) {
      if (this.isFull) return false;
      this.items.push(toEntry(row));
      this.#bytes += entryBytes(row);
      this.last = { timeNs: row.time_ns, fileId: row.file_id, position: row.position_text };
    }
    return !this.isFull;
  }
}

/** First millisecond after a place. */
function endOf(place: LinePlace): number {
  return Number(BigInt(place.timeNs) / 1_000_000n) + 1;
}

function older(a: LinePlace | null, b: LinePlace): LinePlace {
  return a !== null && BigInt(a.timeNs) < BigInt(b.timeNs) ? a : b;
}
