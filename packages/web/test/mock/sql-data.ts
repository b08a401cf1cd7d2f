import type { SqlResult, SqlSchema } from '@plimsoll/model/api';

export function schemaAnswer(): SqlSchema {
  const column = (name: string, type: string, comment = '') => ({ name, type, comment });
  return {
    tables: [
      {
        name: 'logs',
        comment: 'One row per log line',
        rows: 48_210_377,
        bytes: 2_140_000_000,
        columns: [
          column('time', 'DateTime64(9)', 'when it was written'),
          column('host', 'LowCardinality(String)'),
          column('container_name', 'LowCardinality(String)'),
          column('severity', 'Enum8'),
          column('message', 'String', 'without ANSI escapes'),
        ],
      },
      {
        name: 'container_stats',
        comment: 'One row per container and scrape',
        rows: 9_120_000,
        bytes: 310_000_000,
        columns: [
          column('time', 'DateTime64(3)'),
          column('container_name', 'LowCardinality(String)'),
          column('memory_unreclaimable_bytes', 'Nullable(UInt64)'),
          column('memory_limit_bytes', 'UInt64'),
          column('cpu_usage_seconds_total', 'Nullable(Float64)'),
        ],
      },
      {
        name: 'host_stats',
        comment: 'One row per host and scrape',
        rows: 51_840,
        bytes: 4_800_000,
        columns: [
          column('time', 'DateTime64(3)'),
          column('host', 'LowCardinality(String)'),
          column('load1', 'Nullable(Float64)'),
        ],
      },
      {
        name: 'events',
        comment: 'Starts, deaths, OOM kills',
        rows: 4120,
        bytes: 220_000,
        columns: [
          column('time', 'DateTime64(3)'),
          column('kind', 'LowCardinality(String)'),
          column('message', 'String'),
        ],
      },
    ],
    functions: [
      'count',
      'sum',
      'avg',
      'quantile',
      'toStartOfMinute',
      'toStartOfHour',
      'now',
      'formatReadableSize',
    ],
  };
}

export function sqlResult(now: number, query: string): SqlResult {
  const rows = Array.from({ length: 480 }, (_, index) => [
    new Date(Math.floor((now - (479 - index) * 60_000) / 60_000) * 60_000)
      .toISOString()
      .slice(0, 19)
      .replace('T', ' '),
    ['checkout', 'catalog', 'search', 'payments'][index % 4],
    String(1200 + Math.round(Math.sin(index / 20) * 400) + (index % 7) * 12),
    Number((0.02 + Math.abs(Math.sin(index / 33)) * 0.05).toFixed(4)),
  ]);
  return {
    columns: [
      { name: 'minute', type: 'DateTime' },
      { name: 'service', type: 'LowCardinality(String)' },
      { name: 'lines', type: 'UInt64' },
      { name: 'error_ratio', type: 'Float64' },
    ],
    rows: /limit 0\b/i.test(query) ? [] : rows,
    truncated: false,
    limit: null,
    elapsed_ms: 38,
    read_rows: 1_204_331,
    read_bytes: 88_120_440,
  };
}
