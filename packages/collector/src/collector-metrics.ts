import type { Metrics } from '@plimsoll/runtime';
import type { CollectorStatus } from './collector.ts';

/** The collector's own metrics; docs/specs lists them. */
export class CollectorMetrics {
  readonly readBytes;
  readonly readLines;
  readonly acknowledgedBytes;
  readonly acknowledgedLines;
  readonly drops;

  constructor(metrics: Metrics, status: () => CollectorStatus) {
    this.readBytes = metrics.counter({
      name: 'plimsoll_collector_log_read_bytes_total',
      help: 'Log bytes read.',
    });
    this.readLines = metrics.counter({
      name: 'plimsoll_collector_log_read_lines_total',
      help: 'Log lines read.',
    });
    this.acknowledgedBytes = metrics.counter({
      name: 'plimsoll_collector_log_acknowledged_bytes_total',
      help: 'Log bytes that are durable at the other side.',
    });
    this.acknowledgedLines = metrics.counter({
      name: 'plimsoll_collector_log_acknowledged_lines_total',
      help: 'Log lines that are durable at the other side.',
    });
    this.drops = metrics.counter({
      name: 'plimsoll_collector_drops_total',
      help: 'What was lost, by reason; the reason ends in its unit.',
      labels: ['reason'],
    });
    metrics.gauge({
      name: 'plimsoll_collector_log_lag_bytes',
      help: 'Log bytes written by containers and not acknowledged yet.',
      collect: (gauge) => {
        gauge.set(status().lag.bytes);
      },
    });
    metrics.gauge({
      name: 'plimsoll_collector_log_lag_seconds',
      help: 'How long the oldest log byte not acknowledged has waited.',
      collect: (gauge) => {
        gauge.set(status().lag.seconds);
      },
    });
    metrics.gauge({
      name: 'plimsoll_collector_in_flight_bytes',
      help: 'Raw bytes read and not acknowledged.',
      collect: (gauge) => {
        gauge.set(status().inFlightBytes);
      },
    });
    metrics.gauge({
      name: 'plimsoll_collector_followed_paths',
      help: 'Log paths that are followed.',
      collect: (gauge) => {
        gauge.set(status().followedPaths);
      },
    });
    metrics.gauge({
      name: 'plimsoll_collector_watched_containers',
      help: 'Containers known on this host.',
      collect: (gauge) => {
        gauge.set(status().containers);
      },
    });
  }
}
