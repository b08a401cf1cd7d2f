import { durationBuckets, type Metrics } from '@plimsoll/runtime';

export class IngestMetrics {
  readonly batches;
  readonly frames;
  readonly logBytes;
  readonly logLines;
  readonly rows;
  readonly trimmedBytes;
  readonly unalignedCuts;
  readonly doubledFrames;
  readonly deadLetters;
  readonly deadLetterRetries;
  readonly insertSeconds;
  readonly insertRetries;
  readonly leaseRenewals;

  constructor(
    metrics: Metrics,
    read: { waitingSeconds: () => number; inFlightBytes: () => number },
  ) {
    this.batches = metrics.counter({
      name: 'plimsoll_ingest_stored_batches_total',
      help: 'Batches stored as a whole.',
      labels: ['replay'],
    });
    this.frames = metrics.counter({
      name: 'plimsoll_ingest_received_frames_total',
      help: 'Frames read from batches.',
      labels: ['kind'],
    });
    this.logBytes = metrics.counter({
      name: 'plimsoll_ingest_stored_log_bytes_total',
      help: 'Bytes of log, as the container wrote them, stored as rows.',
    });
    this.logLines = metrics.counter({
      name: 'plimsoll_ingest_stored_log_lines_total',
      help: 'Lines of log in the chunks stored.',
    });
    this.rows = metrics.counter({
      name: 'plimsoll_ingest_stored_rows_total',
      help: 'Rows stored other than log lines.',
      labels: ['table'],
    });
    this.trimmedBytes = metrics.counter({
      name: 'plimsoll_ingest_trimmed_log_bytes_total',
      help: 'Bytes of log that came again and were stored before.',
    });
    this.unalignedCuts = metrics.counter({
      name: 'plimsoll_ingest_unaligned_cuts_total',
      help: 'Cuts of a repeated chunk that did not follow a line end.',
    });
    this.doubledFrames = metrics.counter({
      name: 'plimsoll_ingest_doubled_frames_total',
      help: 'Rows frames that came twice and were stored once.',
    });
    this.deadLetters = metrics.counter({
      name: 'plimsoll_ingest_dead_letters_total',
      help: 'Frames and chunks that cannot be stored and were set aside.',
      labels: ['reason'],
    });
    this.deadLetterRetries = metrics.counter({
      name: 'plimsoll_ingest_dead_letter_retries_total',
      help: 'Dead letters that could not be kept and were tried again.',
    });
    this.insertSeconds = metrics.histogram({
      name: 'plimsoll_ingest_insert_duration_seconds',
      help: 'One insert statement.',
      buckets: durationBuckets,
    });
    this.insertRetries = metrics.counter({
      name: 'plimsoll_ingest_insert_retries_total',
      help: 'Inserts and reads that failed and were tried again.',
      labels: ['code'],
    });
    this.leaseRenewals = metrics.counter({
      name: 'plimsoll_ingest_lease_renewals_total',
      help: 'Leases that ran out during an insert, by what came of asking for them again.',
      labels: ['outcome'],
    });
    metrics.gauge({
      name: 'plimsoll_ingest_waiting_seconds',
      help: 'How long the engine, or the store of dead letters, has refused work; 0 when it takes it.',
      collect: (gauge) => gauge.set(read.waitingSeconds()),
    });
    metrics.gauge({
      name: 'plimsoll_ingest_in_flight_bytes',
      help: 'Bytes of the batches being stored, decompressed.',
      collect: (gauge) => gauge.set(read.inFlightBytes()),
    });
  }
}
