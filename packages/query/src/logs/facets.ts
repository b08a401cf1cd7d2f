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

/** The facet, its value in SQL, and the condition that its filter puts on a line. */
const facets = [
  { name: 'container', value: 'toString(container_name)' },
  { name: 'image', value: 'toString(image)' },
  { name: 'host', value: 'toString(host)' },
  { name: 'stream', value: 'toString(stream)' },
  { name: 'severity', value: 'toString(severity)' },
  { name: 'service', value: serviceNameSql },
] as const;

/**
 * One pass over the lines counts each combination of labels; there are few of those, and the
 * facets are rolled up from them. A facet is counted under the filters of all others and not under
 * its own: what else could be chosen stays in view.
 */
function facetsStatement(
  { filter, from, to }: FacetsRequest,
  tenant: string,
): { sql: string; params: Record<string, SqlParameter> } {
  const unchosen = { container: [], image: [], host: [], stream: [], severity: [], service: [] };
  const filtered = filterConditions({ ...filter, ...unchosen }, tenant);
  const timed = timeCondition(from, to);
  const chosen = facets
    .filter(({ name }) => filter[name].length > 0)
    .map(({ name, value }) => ({ name, condition: `${value} IN {f_${name}:Array(String)}` }));
  const tuples = facets.map(({ name, value }) => {
    const others = chosen.filter((other) => other.name !== name);
    const counts = others.map(({ condition }) => condition).join(' AND ') || '1';
    return `('${name}', ${value}, ${counts})`;
  });
  return {
    sql: `SELECT entry.1 AS facet, entry.2 AS value, sum(combined) AS lines
      FROM (
        SELECT container_name, image, host, stream, severity, compose_service,
          kubernetes_container, count() AS combined
        FROM logs
        WHERE ${[...timed.conditions, ...filtered.conditions].join(' AND ')}
        GROUP BY container_name, image, host, stream, severity, compose_service,
          kubernetes_container
      )
      ARRAY JOIN [${tuples.join(', ')}] AS entry
      WHERE entry.3
      GROUP BY facet, value
      ORDER BY facet, lines DESC, value
      LIMIT ${maxValues} BY facet`,
    params: {
      ...timed.params,
      ...filtered.params,
      ...Object.fromEntries(chosen.map(({ name }) => [`f_${name}`, [...filter[name]]])),
    },
  };
}
