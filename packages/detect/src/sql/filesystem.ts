import { fingerprint, evidenceOf, type Finding } from '../finding.ts';
import { formatAmount, formatPercent, formatSeconds } from '../format.ts';
import type { RuleScope, Statement } from '../rule.ts';
import { theilSen } from '../statistics/theil-sen.ts';
import { scopeParams, within } from './statement.ts';

/** File systems that are full by nature: made once, never written. */
const readOnlyTypes = "('squashfs', 'iso9660', 'udf', 'erofs', 'cramfs')";
const windowSeconds = 6 * 3600;
const bucketMs = 6 * 60_000;
const newestSeconds = 180;

/** What of a filesystem is running out. */
export interface FilesystemResource {
  rule: string;
  total: { filesystem: string; dockerRoot: string };
  free: { filesystem: string; dockerRoot: string };
  unit: 'bytes' | 'count';
  /** `disk`, `inodes` in sentences. */
  noun: string;
}

export interface FilesystemRow {
  host: string;
  mountpoint: string;
  device: string;
  used: number;
  total: number;
  times: number[];
  series: number[];
}

const dockerRootMountpoint = '(container runtime)';

/** Fullest first; the runtime's root comes as a mount point of its own, see {@link filesystemFindings}. */
export function filesystemStatement(resource: FilesystemResource, scope: RuleScope): Statement {
  const { total, free } = resource;
  const rows = (seconds: number): string => `
    SELECT host, mountpoint, device, time, toFloat64(${total.filesystem}) AS size, toFloat64(${free.filesystem}) AS unused
    FROM filesystem_stats
    WHERE ${within(seconds)} AND size > 0 AND fstype NOT IN ${readOnlyTypes}
    UNION ALL
    SELECT host, '${dockerRootMountpoint}' AS mountpoint, '' AS device, time,
      toFloat64(ifNull(${total.dockerRoot}, 0)) AS size, toFloat64(ifNull(${free.dockerRoot}, 0)) AS unused
    FROM host_stats
    WHERE ${within(seconds)} AND size > 0`;
  const sql = `
SELECT
  host, mountpoint, any(device_of) AS device,
  argMax(newest_size - newest_unused, bucket) AS used,
  argMax(newest_size, bucket) AS total,
  arraySort(groupArray(bucket)) AS times,
  arraySort((v, b) -> b, groupArray(newest_size - newest_unused), groupArray(bucket)) AS series
FROM
(
  SELECT
    host, mountpoint, any(device) AS device_of,
    toFloat64(intDiv(toUnixTimestamp64Milli(time), ${bucketMs}) * ${bucketMs}) AS bucket,
    argMax(size, time) AS newest_size, argMax(unused, time) AS newest_unused
  FROM (${rows(windowSeconds)})
  WHERE (host, mountpoint) IN
  (
    SELECT host, mountpoint FROM (${rows(newestSeconds)})
    GROUP BY host, mountpoint
    HAVING 1 - argMax(unused, time) / argMax(size, time) >= {threshold:Float64}
  )
  GROUP BY host, mountpoint, bucket
)
GROUP BY host, mountpoint
ORDER BY used / total DESC, host, mountpoint`;
  return { sql, params: scopeParams(scope) };
}

/**
 * One finding per filesystem. The runtime's root is named only where no listed filesystem of the
 * same host has its size: else it lies on that one, and the same disk would be told twice. Bind
 * mounts of one device are one filesystem too.
 */
export function filesystemFindings(
  resource: FilesystemResource,
  rows: readonly FilesystemRow[],
  scope: RuleScope,
): Finding[] {
  const named = rows.filter((row) => row.mountpoint !== dockerRootMountpoint);
  const sizes = new Set(named.map((row) => `${row.host}\n${row.total}`));
  const perDevice = new Map<string, FilesystemRow>();
  for (const row of [...named].sort((a, b) => a.mountpoint.length - b.mountpoint.length)) {
    const key = `${row.host}\n${row.device || row.mountpoint}\n${row.total}`;
    if (!perDevice.has(key)) perDevice.set(key, row);
  }
  const roots = rows.filter(
    (row) => row.mountpoint === dockerRootMountpoint && !sizes.has(`${row.host}\n${row.total}`),
  );
  return [...perDevice.values(), ...roots].map((row) => findingOf(resource, row, scope));
}

function findingOf(resource: FilesystemResource, row: FilesystemRow, scope: RuleScope): Finding {
  const ratio = row.used / row.total;
  const left = timeToFull(row);
  const where =
    row.mountpoint === dockerRootMountpoint ? 'of the container runtime' : row.mountpoint;
  const when = left.seconds === null ? '' : `, full in about ${formatSeconds(left.seconds)}`;
  return {
    fingerprint: fingerprint(resource.rule, { host: row.host, mountpoint: row.mountpoint }),
    labels: {
      host: row.host,
      mountpoint: row.mountpoint,
      ...(row.device ? { device: row.device } : {}),
    },
    value: ratio,
    threshold: scope.threshold,
    unit: 'ratio',
    summary: `${resource.noun} ${where} on ${row.host} ${resource.noun === 'disk' ? 'is' : 'are'} ${formatPercent(ratio)} used${when}`,
    description: `${formatAmount(row.used, resource.unit)} of ${formatAmount(row.total, resource.unit)} used.`,
    evidence: evidenceOf({
      unit: resource.unit,
      series: row.times.map((time, i) => [time, row.series[i] ?? 0]),
      limit: row.total,
      slope_per_second: left.slope,
      time_left_seconds: left.seconds,
      time_left_low_seconds: left.low,
      time_left_high_seconds: left.high,
    }),
  };
}

interface TimeToFull {
  slope: number | null;
  seconds: number | null;
  low: number | null;
  high: number | null;
}

/** From the robust line through the last six hours; null when it does not fill. */
function timeToFull(row: FilesystemRow): TimeToFull {
  const none: TimeToFull = { slope: null, seconds: null, low: null, high: null };
  if (row.times.length < 5) return none;
  const line = theilSen(
    row.times.map((time) => time / 1000),
    row.series,
  );
  if (!(line.low > 0)) return { ...none, slope: Number.isFinite(line.slope) ? line.slope : null };
  const room = Math.max(0, row.total - row.used);
  return {
    slope: line.slope,
    seconds: room / line.slope,
    low: room / line.high,
    high: room / line.low,
  };
}
