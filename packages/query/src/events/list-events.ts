import type { EventKind, EventSeverity } from '@plimsoll/model';
import type { EventEntry, EventPage } from '@plimsoll/model/api';
import type { SqlParameter } from '@plimsoll/storage';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { QueryContext } from '../query-context.ts';

export interface EventListRequest {
  from: number;
  to: number;
  host: readonly string[];
  container_id: readonly string[];
  kind: readonly EventKind[];
  severity: readonly EventSeverity[];
  limit: number;
  cursor: string | undefined;
}

interface Row {
  event_id: string;
  time_ms: string;
  host: string;
  container_id: string;
  container_name: string;
  image: string;
  kind: EventKind;
  severity: EventSeverity;
  message: string;
  attributes: Record<string, string>;
}

/** Milliseconds since 1970 and id of the last event of the page before. */
const cursorShape = z.tuple([z.int().nonnegative(), z.string().max(1024)]);

/** Newest first; a replayed event is shown once. */
export async function listEvents(
  context: QueryContext,
  request: EventListRequest,
  signal: AbortSignal,
): Promise<EventPage> {
  const statement = eventsStatement(request, context.config.tenant);
  const rows = await context.engine.select<Row>(statement.sql, {
    params: statement.params,
    maxExecutionMs: context.config.query.max_execution_time,
    signal,
  });
  const items = rows.slice(0, request.limit).map(toEvent);
  const last = items.at(-1);
  return {
    items,
    next: last && rows.length > request.limit ? encodeCursor([last.time, last.id]) : null,
  };
}

/** One row more than asked for tells whether there is a next page. */
function eventsStatement(
  request: EventListRequest,
  tenant: string,
): { sql: string; params: Record<string, SqlParameter> } {
  const conditions = [
    'tenant = {tenant:String}',
    'time >= fromUnixTimestamp64Milli({from:Int64})',
    'time < fromUnixTimestamp64Milli({to:Int64})',
  ];
  const params: Record<string, SqlParameter> = {
    tenant,
    from: request.from,
    to: request.to,
    limit: request.limit + 1,
  };
  for (const name of ['host', 'container_id', 'kind', 'severity'] as const) {
    if (request[name].length === 0) continue;
    conditions.push(`${name} IN {f_${name}:Array(String)}`);
    params[`f_${name}`] = [...request[name]];
  }
  if (request.cursor !== undefined) {
    const [afterMs, afterId] = decodeCursor(request.cursor, cursorShape);
    conditions.push(
      `(toUnixTimestamp64Milli(time), event_id) < ({after_ms:Int64}, {after_id:String})`,
    );
    params['after_ms'] = afterMs;
    params['after_id'] = afterId;
  }
  return {
    sql: `SELECT event_id, toUnixTimestamp64Milli(time) AS time_ms, host, container_id,
        container_name, image, kind, severity, message, attributes
      FROM events
      WHERE ${conditions.join(' AND ')}
      ORDER BY time_ms DESC, event_id DESC
      LIMIT 1 BY time_ms, event_id
      LIMIT {limit:UInt32}`,
    params,
  };
}

function toEvent(row: Row): EventEntry {
  return {
    id: row.event_id,
    time: Number(row.time_ms),
    host: row.host,
    container_id: row.container_id,
    container: row.container_name,
    image: row.image,
    kind: row.kind,
    severity: row.severity,
    message: row.message,
    attributes: row.attributes,
  };
}
