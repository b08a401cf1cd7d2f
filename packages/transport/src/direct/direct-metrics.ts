import type { Metrics } from '@plimsoll/runtime';
import { publishSeconds } from '../publish-metrics.ts';

export class DirectMetrics {
  readonly publishSeconds;
  readonly backPressure;
  readonly writtenBytes;
  readonly writeFailures;
  readonly delivered;
  readonly damaged;

  constructor(metrics: Metrics, journal: { bytes(): number; batches(): number }) {
    this.publishSeconds = publishSeconds(metrics);
    this.backPressure = metrics.counter({
      name: 'plimsoll_transport_publish_waits_total',
      help: 'Times a publisher waited because the journal was full.',
    });
    this.writtenBytes = metrics.counter({
      name: 'plimsoll_transport_journal_written_bytes_total',
      help: 'Bytes written to the journal.',
    });
    this.writeFailures = metrics.counter({
      name: 'plimsoll_transport_journal_write_failures_total',
      help: 'Tries to write a journal file that failed; each is tried again.',
    });
    this.delivered = metrics.counter({
      name: 'plimsoll_transport_delivered_batches_total',
      help: 'Batches whose handler finished.',
      labels: ['replay'],
    });
    this.damaged = metrics.counter({
      name: 'plimsoll_transport_damaged_files_total',
      help: 'Journal files that could not be read and were set aside.',
    });
    metrics.gauge({
      name: 'plimsoll_transport_journal_bytes',
      help: 'Bytes in the journal, not yet stored as rows.',
      collect: (gauge) => gauge.set(journal.bytes()),
    });
    metrics.gauge({
      name: 'plimsoll_transport_journal_batches',
      help: 'Batches in the journal, not yet stored as rows.',
      collect: (gauge) => gauge.set(journal.batches()),
    });
  }
}
