import { evidenceOf, fingerprint } from '../../finding.ts';
import { formatCount } from '../../format.ts';
import { defineRule } from '../../rule.ts';
import {
  containerIdentity,
  containerTitle,
  innerLabels,
  labelsOf,
  outerLabels,
  type LabelRow,
} from '../../sql/container.ts';
import { scopeParams, within } from '../../sql/statement.ts';

const name = 'oom_kill';
const windowSeconds = 600;
const windowStart = `fromUnixTimestamp64Milli({now:Int64}, 'UTC') - toIntervalSecond(${windowSeconds})`;

interface Row extends LabelRow {
  kills: number;
  latest: number;
  process: string;
  times: number[];
}

/**
 * Counters die with the cgroup, and Docker's event and the kernel's message tell of the same kill:
 * so each source is counted by itself and the largest count is taken.
 */
export const oomKill = defineRule<Row>({
  name,
  title: 'Killed for want of memory',
  description:
    'The kernel killed a process for want of memory within the last ten minutes, by event, kernel log or counter; also when the container is gone since.',
  category: 'quota',
  severity: 'critical',
  threshold: 1,
  unit: 'count',
  forMs: 0,
  holdsWhileSilent: false,
  statement: (scope) => ({
    sql: `
SELECT
  container_id, ${outerLabels},
  toFloat64(max(count_of_source)) AS kills,
  toFloat64(max(latest_ms)) AS latest,
  max(process_name) AS process,
  arraySort(argMax(source_times, length(source_times))) AS times
FROM
(
  SELECT
    container_id, ${innerLabels}, kind AS source,
    uniqExact(event_id) AS count_of_source,
    max(toUnixTimestamp64Milli(time)) AS latest_ms,
    argMax(attributes['process'], time) AS process_name,
    groupUniqArray(60)(toFloat64(toUnixTimestamp64Milli(time))) AS source_times
  FROM events
  WHERE ${within(windowSeconds)} AND kind IN ('oom_kill', 'container_oom')
  GROUP BY container_id, if(container_id = '', host, ''), kind
  UNION ALL
  SELECT
    container_id, ${outerLabels.replaceAll(' AS ', ' AS l_')}, 'counter' AS source,
    toUInt64(sum(grown)) AS count_of_source, max(newest) AS latest_ms, '' AS process_name,
    CAST([], 'Array(Float64)') AS source_times
  FROM
  (
    SELECT
      container_id, started_at, ${innerLabels}, max(toUnixTimestamp64Milli(time)) AS newest,
      max(memory_oom_kills_total) -
        if(started_at >= ${windowStart}, 0, min(memory_oom_kills_total)) AS grown
    FROM container_stats
    WHERE ${within(windowSeconds)} AND memory_oom_kills_total IS NOT NULL
    GROUP BY container_id, started_at
    HAVING grown > 0
  )
  GROUP BY container_id
)
GROUP BY container_id, if(container_id = '', l_host, '')
HAVING kills >= {threshold:Float64}
ORDER BY kills DESC, container_id`,
    params: scopeParams(scope),
  }),
  findings: (rows, scope) =>
    rows.map((row) => ({
      fingerprint: fingerprint(name, containerIdentity(row)),
      labels: labelsOf(row),
      value: row.kills,
      threshold: scope.threshold,
      unit: 'count',
      summary: row.container_id
        ? `${containerTitle(row)} ran out of memory and was killed${times(row.kills)}`
        : `the kernel of ${row.host ?? 'a host'} killed a process for want of memory${times(row.kills)}`,
      description:
        `${formatCount(row.kills)} OOM kill${row.kills === 1 ? '' : 's'} within ten minutes` +
        `${row.process ? `, the last of process ${row.process}` : ''}.`,
      evidence: evidenceOf({
        unit: 'count',
        series: row.times.slice(-60).map((time, i) => [time, i + 1]),
        since: row.times[0] ?? row.latest,
      }),
    })),
});

function times(kills: number): string {
  return kills > 1 ? `, ${formatCount(kills)} times in ten minutes` : '';
}
