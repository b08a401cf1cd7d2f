import { durationBuckets, type Metrics } from '@plimsoll/runtime';
import type { ReceiverErrorCode } from '../receiver-error.ts';

export interface ReceiverMetrics {
  request(observed: { route: string; status: number; seconds: number }): void;
  body(route: string, bytes: { received: number; decoded: number }): void;
  accepted(route: string, records: number): void;
  rejected(route: string, reason: 'invalid' | 'exemplar', records: number): void;
  refused(route: string, reason: ReceiverErrorCode): void;
}

/** Registered once per process; `current` is asked at each scrape. */
export function createReceiverMetrics(
  metrics: Metrics,
  current: { bytes: () => number; requests: () => number; waitedSeconds: () => number },
): ReceiverMetrics {
  const counters = {
    requests: metrics.counter({
      name: 'plimsoll_receivers_requests_total',
      help: 'Requests answered, by route and HTTP status.',
      labels: ['route', 'status'],
    }),
    duration: metrics.histogram({
      name: 'plimsoll_receivers_request_duration_seconds',
      help: 'Time from a request to its answer, by route.',
      labels: ['route'],
      buckets: durationBuckets,
    }),
    received: metrics.counter({
      name: 'plimsoll_receivers_received_bytes_total',
      help: 'Bytes of bodies as they came, by route.',
      labels: ['route'],
    }),
    decoded: metrics.counter({
      name: 'plimsoll_receivers_decoded_bytes_total',
      help: 'Bytes of bodies after decompression, by route.',
      labels: ['route'],
    }),
    accepted: metrics.counter({
      name: 'plimsoll_receivers_accepted_records_total',
      help: 'Samples and log records that were made durable, by route.',
      labels: ['route'],
    }),
    rejected: metrics.counter({
      name: 'plimsoll_receivers_rejected_records_total',
      help: 'Samples, exemplars and log records that were left out of requests that were taken, by route.',
      labels: ['route', 'reason'],
    }),
    refused: metrics.counter({
      name: 'plimsoll_receivers_refused_requests_total',
      help: 'Requests that were refused as a whole, by route and reason.',
      labels: ['route', 'reason'],
    }),
  };
  registerGauges(metrics, current);
  return {
    request: ({ route, status, seconds }) => {
      counters.requests.inc({ route, status: String(status) });
      counters.duration.observe({ route }, seconds);
    },
    body: (route, { received, decoded }) => {
      counters.received.inc({ route }, received);
      counters.decoded.inc({ route }, decoded);
    },
    accepted: (route, records) => {
      counters.accepted.inc({ route }, records);
    },
    rejected: (route, reason, records) => {
      counters.rejected.inc({ route, reason }, records);
    },
    refused: (route, reason) => {
      counters.refused.inc({ route, reason });
    },
  };
}

function registerGauges(
  metrics: Metrics,
  current: { bytes: () => number; requests: () => number; waitedSeconds: () => number },
): void {
  metrics.gauge({
    name: 'plimsoll_receivers_in_flight_bytes',
    help: 'Bytes of requests that are received and not durable yet.',
    collect: (gauge) => {
      gauge.set(current.bytes());
    },
  });
  metrics.gauge({
    name: 'plimsoll_receivers_in_flight_requests',
    help: 'Requests that are not durable yet.',
    collect: (gauge) => {
      gauge.set(current.requests());
    },
  });
  metrics.gauge({
    name: 'plimsoll_receivers_oldest_wait_seconds',
    help: 'How long the oldest of what is not durable has waited.',
    collect: (gauge) => {
      gauge.set(current.waitedSeconds());
    },
  });
}
