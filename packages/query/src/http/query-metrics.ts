import { durationBuckets, type Metrics } from '@plimsoll/runtime';

/** The read side's own metrics, registered once per process. */
export interface QueryMetrics {
  request(observed: { route: string; status: number; seconds: number }): void;
  /** Lines handed to clients of the live tail. */
  tailSent(lines: number): void;
  tailDropped(reason: string, lines: number): void;
  tailClients(count: number): void;
  cancelled(route: string): void;
}

export function createQueryMetrics(metrics: Metrics): QueryMetrics {
  const requests = metrics.counter({
    name: 'plimsoll_query_requests_total',
    help: 'Requests answered, by route and HTTP status.',
    labels: ['route', 'status'],
  });
  const duration = metrics.histogram({
    name: 'plimsoll_query_request_duration_seconds',
    help: 'Time from a request to the end of its answer, by route.',
    labels: ['route'],
    buckets: durationBuckets,
  });
  const cancelled = metrics.counter({
    name: 'plimsoll_query_cancelled_requests_total',
    help: 'Requests whose client left before the answer was complete, by route.',
    labels: ['route'],
  });
  const sent = metrics.counter({
    name: 'plimsoll_query_tail_lines_total',
    help: 'Log lines sent to clients of the live tail.',
  });
  const dropped = metrics.counter({
    name: 'plimsoll_query_tail_dropped_lines_total',
    help: 'Log lines that matched a live tail and were not sent, by reason.',
    labels: ['reason'],
  });
  const clients = metrics.gauge({
    name: 'plimsoll_query_tail_clients',
    help: 'Clients of the live tail.',
  });
  return {
    request: ({ route, status, seconds }) => {
      requests.inc({ route, status: String(status) });
      duration.observe({ route }, seconds);
    },
    tailSent: (lines) => sent.inc(lines),
    tailDropped: (reason, lines) => dropped.inc({ reason }, lines),
    tailClients: (count) => clients.set(count),
    cancelled: (route) => cancelled.inc({ route }),
  };
}
