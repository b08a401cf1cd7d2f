import { durationBuckets, type Metrics } from '@plimsoll/runtime';

/** How long publishing takes, whatever carries the frames. */
export function publishSeconds(metrics: Metrics) {
  return metrics.histogram({
    name: 'plimsoll_transport_publish_duration_seconds',
    help: 'From publish until the frame is durable.',
    buckets: durationBuckets,
  });
}
