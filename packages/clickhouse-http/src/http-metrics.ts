import { durationBuckets, type Metrics } from '@plimsoll/runtime';

export interface HttpMetrics {
  /** A statement has ended. */
  ended(kind: string, result: 'ok' | 'error' | 'cancelled' | 'refused', seconds: number): void;
  received(bytes: number): void;
  sent(bytes: number): void;
  authenticationFailed(): void;
}

export interface HttpGauges {
  running: () => number;
  sessions: () => number;
  connections: () => number;
}

export function httpMetrics(metrics: Metrics, gauges: HttpGauges): HttpMetrics {
  const statements = metrics.counter({
    name: 'plimsoll_clickhouse_http_statements_total',
    help: 'Statements that ended, by kind (select, insert, command, other) and result (ok, error, cancelled, refused).',
    labels: ['kind', 'result'],
  });
  const durations = metrics.histogram({
    name: 'plimsoll_clickhouse_http_statement_duration_seconds',
    help: 'How long a statement took, its waiting and its result included, by kind.',
    labels: ['kind'],
    buckets: durationBuckets,
  });
  const received = metrics.counter({
    name: 'plimsoll_clickhouse_http_received_bytes_total',
    help: 'Bytes of data for inserts, as they are given to the engine.',
  });
  const sent = metrics.counter({
    name: 'plimsoll_clickhouse_http_result_bytes_total',
    help: 'Bytes of results, before compression.',
  });
  const failures = metrics.counter({
    name: 'plimsoll_clickhouse_http_authentication_failures_total',
    help: 'Requests with a wrong user or password.',
  });
  metrics.gauge({
    name: 'plimsoll_clickhouse_http_running_statements',
    help: 'Statements under way.',
    collect: (gauge) => gauge.set(gauges.running()),
  });
  metrics.gauge({
    name: 'plimsoll_clickhouse_http_sessions',
    help: 'Sessions that clients keep.',
    collect: (gauge) => gauge.set(gauges.sessions()),
  });
  metrics.gauge({
    name: 'plimsoll_clickhouse_http_connections',
    help: 'Connections of clients.',
    collect: (gauge) => gauge.set(gauges.connections()),
  });
  return {
    ended: (kind, result, seconds) => {
      statements.inc({ kind, result });
      durations.observe({ kind }, seconds);
    },
    received: (bytes) => received.inc(bytes),
    sent: (bytes) => sent.inc(bytes),
    authenticationFailed: () => failures.inc(),
  };
}
