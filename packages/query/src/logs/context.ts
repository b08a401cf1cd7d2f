import type { LogContext } from '@plimsoll/model/api';
import type { SqlParameter } from '@plimsoll/storage';
import { QueryError } from '../http/api-error.ts';
import type { QueryContext } from '../query-context.ts';
import { decodeLineId, type LinePlace } from './line-id.ts';
import { logColumns, toEntry, type LogRow } from './log-row.ts';

export interface ContextRequest {
  id: string;
  before: number;
  after: number;
}

/**
 * The lines around one line as its file has them: by position, not by time, because a clock step
 * or a container's own time stamps may tell another order.
 */
export async function logContext(
  context: QueryContext,
  request: ContextRequest,
  signal: AbortSignal,
): Promise<LogContext> {
  const place = decodeLineId(request.id);
  const tenant = context.config.tenant;
  const options = { maxExecutionMs: context.config.query.max_execution_time, signal };
  const found = lineStatement(place, tenant);
  const [line] = await context.engine.select<LogRow>(found.sql, {
    params: found.params,
    ...options,
  });
  if (!line) {
    throw new QueryError('not_found', 'no line has this id: it may have passed its retention');
  }
  const side = async (direction: 'before' | 'after', limit: number) => {
    if (limit === 0) return [];
    const statement = sideStatement({ direction, limit, line }, tenant);
    const rows = await context.engine.select<LogRow>(statement.sql, {
      params: statement.params,
      ...options,
    });
    return rows.map(toEntry);
  };
  const [before, after] = await Promise.all([
    side('before', request.before),
    side('after', request.after),
  ]);
  return { before: before.toReversed(), line: toEntry(line), after };
}

function lineStatement(
  place: LinePlace,
  tenant: string,
): { sql: string; params: Record<string, SqlParameter> } {
  return {
    sql: `SELECT ${logColumns} FROM logs
      WHERE tenant = {tenant:String} AND time = fromUnixTimestamp64Nano({time_ns:Int64})
        AND file_id = {file_id:String} AND position = {position:UInt64}
      LIMIT 1`,
    params: {
      tenant,
      time_ns: place.timeNs,
      file_id: place.fileId,
      position: place.position,
    },
  };
}

function sideStatement(
  side: { direction: 'before' | 'after'; limit: number; line: LogRow },
  tenant: string,
): { sql: string; params: Record<string, SqlParameter> } {
  const [comparison, order] = side.direction === 'before' ? ['<', 'DESC'] : ['>', 'ASC'];
  return {
    // A file belongs to one container of one host: their columns lead the sort key.
    sql: `SELECT ${logColumns} FROM logs
      WHERE tenant = {tenant:String} AND host = {host:String}
        AND container_id = {container_id:String} AND file_id = {file_id:String}
        AND position ${comparison} {position:UInt64}
      ORDER BY position ${order}
      LIMIT {limit:UInt32}`,
    params: {
      tenant,
      host: side.line.host,
      container_id: side.line.container_id,
      file_id: side.line.file_id,
      position: side.line.position_text,
      limit: side.limit,
    },
  };
}
