/** What to begin with; each answers a question that people ask. */
export const exampleQueries: readonly { title: string; query: string }[] = [
  {
    title: 'Who writes most lines?',
    query: `SELECT container_name, count() AS lines, countIf(severity IN ('error', 'fatal')) AS errors
FROM logs
WHERE time > now() - INTERVAL 1 HOUR
GROUP BY container_name
ORDER BY lines DESC
LIMIT 50`,
  },
  {
    title: 'Lines per minute',
    query: `SELECT toStartOfMinute(time) AS minute, count() AS lines, countIf(severity = 'error') AS errors
FROM logs
WHERE time > now() - INTERVAL 6 HOUR
GROUP BY minute
ORDER BY minute`,
  },
  {
    title: 'Nearest to its memory limit',
    query: `SELECT container_name, host,
  argMax(memory_unreclaimable_bytes, time) AS used,
  argMax(memory_limit_bytes, time) AS memory_limit,
  round(used / memory_limit, 3) AS share
FROM container_stats
WHERE time > now() - INTERVAL 5 MINUTE AND memory_limit_bytes > 0
GROUP BY container_name, host
ORDER BY share DESC
LIMIT 50`,
  },
  {
    title: 'Memory of each container over time',
    query: `SELECT toStartOfFiveMinutes(time) AS at, container_name, max(memory_unreclaimable_bytes) AS bytes
FROM container_stats
WHERE time > now() - INTERVAL 12 HOUR
GROUP BY at, container_name
ORDER BY at`,
  },
  {
    title: 'Kills and restarts today',
    query: `SELECT time, host, container_name, kind, message
FROM events
WHERE time > now() - INTERVAL 1 DAY AND kind IN ('oom_kill', 'container_oom', 'container_die', 'container_restart')
ORDER BY time DESC
LIMIT 200`,
  },
];
