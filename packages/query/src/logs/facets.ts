import type { Severity } from '@plimsoll/model';
import type { LogFacets } from '@plimsoll/model/api';
import type { StoredNumber } from '../stored-number.ts';
import type { SqlParameter } from '@plimsoll/storage';
import type { QueryContext } from '../query-context.ts';
import { filterConditions, timeCondition, type LogFilter } from './log-filter.ts';
import { serviceNameSql } from './service-name.ts';

/** Values per facet, most frequent first. */
const maxValues = 50;

export interface FacetsRequest {
  filter: LogFilter;
  from: number;
  to: number;
}

export async function logFacets(
  context: QueryContext,
  request: FacetsRequest,
  signal: AbortSignal,
): Promise<LogFacets> {
  const statement = facetsStatement(request, context.config.tenant);
  const rows = await context.engine.select<{ facet: string; value: string; lines: StoredNumber }>(
    statement.sql,
    { params: statement.params, maxExecutionMs: context.config.query.max_execution_time, signal },
  );
  const of = (facet: string) =>
    rows
      .filter((row) => row.facet === facet)
      .map((row) => ({ value: row.value, count: Number(row.lines) }));
  return {
    container: of('container'),
    image: of('image'),
    host: of('host'),
    stream: of('stream'),
    service: of('service'),
    // The column holds nothing but severities: ingest writes no other.
    severity: of('severity') as { value: Severity; count: number }[],
  };
}

/**
 * One pass over the lines counts each combination of labels; there are few of those, and the
 * facets are rolled up from them.
 */
function facetsStatement(
  request: FacetsRequest,
  tenant: string,
): { sql: string; params: Record<string, SqlParameter> } {
  const filtered = filterConditions(request.filter, tenant);
  const timed = timeCondition(request.from, request.to);
  return {
    sql: `SELECT pair.1 AS facet, pair.2 AS value, sum(combined) AS lines
      FROM (
        SELECT container_name, image, host, stream, severity, compose_service,
          kubernetes_container, count() AS combined
        FROM logs
        WHERE ${[...timed.conditions, ...filtered.conditions].join(' AND ')}
        GROUP BY container_name, image, host, stream, severity, compose_service,
          kubernetes_container
      )
      ARRAY JOIN [
        ('container', toString(container_name)), ('image', toString(image)),
        ('host', toString(host)), ('stream', toString(stream)),
        ('severity', toString(severity)), ('service', ${serviceNameSql})
      ] AS pair
      GROUP BY facet, value
      ORDER BY facet, lines DESC, value
      LIMIT ${maxValues} BY facet`,
    params: { ...timed.params, ...filtered.params },
  };
}
