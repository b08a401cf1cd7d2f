import type { Metrics } from '@plimsoll/runtime';
import { publishSeconds } from '../publish-metrics.ts';

export class KafkaMetrics {
  readonly publishSeconds;
  readonly sentBytes;
  readonly failures;

  constructor(metrics: Metrics, waiting: () => { frames: number; bytes: number }) {
    this.publishSeconds = publishSeconds(metrics);
    this.sentBytes = metrics.counter({
      name: 'plimsoll_transport_kafka_sent_bytes_total',
      help: 'Bytes of frames that Kafka acknowledged.',
    });
    this.failures = metrics.counter({
      name: 'plimsoll_transport_kafka_failures_total',
      help: 'Connections and sends that failed, by reason; each is tried again.',
      labels: ['reason'],
    });
    metrics.gauge({
      name: 'plimsoll_transport_kafka_waiting_frames',
      help: 'Frames given to be published that Kafka has not acknowledged.',
      collect: (gauge) => gauge.set(waiting().frames),
    });
    metrics.gauge({
      name: 'plimsoll_transport_kafka_waiting_bytes',
      help: 'Bytes of frames given to be published that Kafka has not acknowledged.',
      collect: (gauge) => gauge.set(waiting().bytes),
    });
  }
}
