import type { Metrics } from '@plimsoll/runtime';

export interface PartitionState {
  topic: string;
  partition: number;
  /** Frames that are in the log and not known to be stored. */
  lag: number;
}

/** What is read when metrics are scraped. */
export interface SubscriberState {
  partitions: () => readonly PartitionState[];
  bufferedBytes: () => number;
  /** Null before the first answer. */
  secondsSinceFetch: () => number | null;
}

export class SubscriberMetrics {
  readonly receivedBytes;
  readonly receivedFrames;
  readonly batches;
  readonly failures;
  readonly rebalances;
  readonly lostFrames;

  constructor(metrics: Metrics, state: SubscriberState) {
    this.receivedBytes = metrics.counter({
      name: 'plimsoll_transport_kafka_received_bytes_total',
      help: 'Bytes of frames fetched from Kafka.',
    });
    this.receivedFrames = metrics.counter({
      name: 'plimsoll_transport_kafka_received_frames_total',
      help: 'Frames fetched from Kafka.',
    });
    this.batches = metrics.counter({
      name: 'plimsoll_transport_kafka_batches_total',
      help: 'Batches from Kafka that were stored.',
      labels: ['replay'],
    });
    this.failures = metrics.counter({
      name: 'plimsoll_transport_kafka_consumer_failures_total',
      help: 'Requests of the consumer that failed, by reason; each is tried again.',
      labels: ['reason'],
    });
    this.rebalances = metrics.counter({
      name: 'plimsoll_transport_kafka_rebalances_total',
      help: 'Times that this member joined its group, by reason.',
      labels: ['reason'],
    });
    this.lostFrames = metrics.counter({
      name: 'plimsoll_transport_kafka_lost_frames_total',
      help: 'Frames that retention took before they were known to be stored, by reason.',
      labels: ['reason'],
    });
    metrics.gauge({
      name: 'plimsoll_transport_kafka_assigned_partitions',
      help: 'Partitions that this member has.',
      collect: (gauge) => gauge.set(state.partitions().length),
    });
    metrics.gauge({
      name: 'plimsoll_transport_kafka_buffered_bytes',
      help: 'Bytes of frames fetched and not yet stored, with what is being fetched.',
      collect: (gauge) => gauge.set(state.bufferedBytes()),
    });
    metrics.gauge({
      name: 'plimsoll_transport_kafka_lag_frames',
      help: 'Frames in the log that are not known to be stored, by partition of this member.',
      labels: ['topic', 'partition'],
      collect: (gauge) => {
        gauge.reset();
        for (const { topic, partition, lag } of state.partitions()) {
          gauge.set({ topic, partition: String(partition) }, lag);
        }
      },
    });
    metrics.gauge({
      name: 'plimsoll_transport_kafka_lag_total_frames',
      help: 'Frames in the log that are not known to be stored, of all partitions of this member.',
      collect: (gauge) => gauge.set(state.partitions().reduce((sum, { lag }) => sum + lag, 0)),
    });
    metrics.gauge({
      name: 'plimsoll_transport_kafka_since_fetch_seconds',
      help: 'Time since a broker last answered a fetch.',
      collect: (gauge) => gauge.set(state.secondsSinceFetch() ?? 0),
    });
  }
}
