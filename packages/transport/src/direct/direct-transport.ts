/**
 * Frames within one process, through a journal on disk: a Kafka of one partition.
 *
 *     publish ─▶ open batch ─▶ file (fsync, rename, fsync of the folder) ─▶ publish resolves
 *                                └─▶ run: handler ─▶ unlink
 *
 * Invariants: publish resolves only when the frame is in a file that has its final name; batches
 * are delivered in the order of their offsets, one at a time; a file goes only after its handler
 * resolved. Many publishes share one file and its two fsyncs. Above `maxBytes` on disk, and while
 * the disk refuses, publishers wait: nothing is dropped.
 */
import { dirname, join } from 'node:path';
import { frameRawBytes } from '@plimsoll/model';
import {
  abortReason,
  Backoff,
  messageOf,
  sleep,
  type Logger,
  type Metrics,
} from '@plimsoll/runtime';
import type { BatchHandler, Lease, OutboundFrame, Publisher, Subscriber } from '../transport.ts';
import { TransportError } from '../transport-error.ts';
import { DirectMetrics } from './direct-metrics.ts';
import { Journal, type JournalEntry } from './journal.ts';
import { OpenBatch } from './open-batch.ts';
import { Signal } from '../signal.ts';

export interface DirectTransportOptions {
  directory: string;
  /** Where damaged journal files go. Default: `dead-letters` beside the journal. */
  deadLetterDirectory?: string;
  /** Bytes of the journal above which publishing waits. */
  maxBytes: number;
  /** Uncompressed bytes of frames that close a batch. */
  batchMaxBytes: number;
  /** Longest a frame waits for company before its batch is written. */
  flushIntervalMs: number;
  logger: Logger;
  metrics: Metrics;
  nowMs?: () => number;
}

/** Much above what a frame can be; a journal file is addressed by 32 bits. */
const maxFrameBytes = 64 * 1024 * 1024;
const maxBatchFrames = 10_000;

export class DirectTransport implements Publisher, Subscriber {
  readonly #options: DirectTransportOptions;
  readonly #journal: Journal;
  readonly #metrics: DirectMetrics;
  readonly #stopping = new AbortController();
  /** Something changed that a waiting publisher, writer or subscriber may want to know. */
  readonly #changed = new Signal();
  readonly #pending: JournalEntry[] = [];
  #pendingBytes = 0;
  #open: OpenBatch | null = null;
  #writing: Promise<void> = Promise.resolve();
  #problem: string | null = null;
  #isStarted = false;
  #isRunning = false;

  constructor(options: DirectTransportOptions) {
    this.#options = options;
    this.#journal = new Journal({
      directory: options.directory,
      deadLetterDirectory:
        options.deadLetterDirectory ?? join(dirname(options.directory), 'dead-letters'),
      nowMs: options.nowMs ?? Date.now,
    });
    this.#metrics = new DirectMetrics(options.metrics, {
      bytes: () => this.#pendingBytes,
      batches: () => this.#pending.length,
    });
  }

  async start(): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const entries = await this.#journal.open();
    this.#pending.push(...entries);
    this.#pendingBytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    if (entries.length > 0) {
      const bytes = this.#pendingBytes;
      this.#options.logger.info({ batches: entries.length, bytes }, 'the journal will be replayed');
    }
  }

  /** Writes what was accepted, then refuses. What is in the journal is replayed at the next start. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#closeOpen();
    this.#stopping.abort(new TransportError('stopped', 'the transport is stopping'));
    this.#changed.raise();
    await this.#writing;
  }

  async publish(frame: OutboundFrame, signal?: AbortSignal): Promise<void> {
    if (frame.bytes.length > maxFrameBytes) {
      throw new TransportError(
        'frame_too_large',
        `frame: expected at most ${maxFrameBytes} bytes, got ${frame.bytes.length}`,
      );
    }
    const started = performance.now();
    const either = signal
      ? AbortSignal.any([signal, this.#stopping.signal])
      : this.#stopping.signal;
    while (this.#isFull()) {
      this.#metrics.backPressure.inc();
      await this.#changed.wait(either);
    }
    if (either.aborted) throw abortReason(either);
    await untilAborted(this.#add(frame), signal);
    this.#metrics.publishSeconds.observe((performance.now() - started) / 1000);
  }

  async run(handler: BatchHandler, signal: AbortSignal): Promise<void> {
    if (this.#isRunning) throw new Error('direct transport: expected one subscriber, got two');
    this.#isRunning = true;
    const backoff = new Backoff({ initialMs: 100, maxMs: 5_000 });
    const lease = ownLease(signal);
    try {
      while (!signal.aborted) {
        const entry = this.#pending[0];
        if (!entry) {
          await this.#changed.wait(signal).catch(() => undefined);
          continue;
        }
        try {
          await this.#deliver(entry, handler, lease);
          backoff.reset();
        } catch (error) {
          entry.isOld = true;
          if (signal.aborted) return;
          this.#options.logger.warn(
            { err: error, file: entry.name },
            'a batch will be tried again',
          );
          await sleep(backoff.next(), signal).catch(() => undefined);
        }
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Not ok while publishers wait: the journal is full or the disk refuses. */
  health(): { ok: boolean; reason?: string } {
    if (this.#problem !== null) return { ok: false, reason: this.#problem };
    if (this.#isFull()) {
      return {
        ok: false,
        reason: `the journal holds ${this.#pendingBytes} of ${this.#options.maxBytes} bytes: rows are stored more slowly than they come`,
      };
    }
    return { ok: true };
  }

  async #deliver(entry: JournalEntry, handler: BatchHandler, lease: Lease): Promise<void> {
    const batch = await this.#journal.read(entry);
    if (batch.ok) {
      const { first, last, isOld } = entry;
      const { frames } = batch;
      const offsets = frames.map((_frame, index) => first + index);
      await handler(
        { partition: 'direct', epoch: 0, first, last, isReplay: isOld, frames, offsets },
        lease,
      );
      await this.#journal.remove(entry);
      this.#metrics.delivered.inc({ replay: String(isOld) });
    } else {
      const path = await this.#journal.setAside(entry, batch.reason);
      this.#metrics.damaged.inc();
      this.#options.logger.error({ path, reason: batch.reason }, 'a journal file was damaged');
    }
    this.#pending.shift();
    this.#pendingBytes -= entry.bytes;
    this.#changed.raise();
  }

  #isFull(): boolean {
    const { maxBytes } = this.#options;
    const waiting = this.#pendingBytes + (this.#open?.bytes ?? 0);
    return waiting >= maxBytes;
  }

  /** Resolves when the frame's batch is written. */
  async #add(frame: OutboundFrame): Promise<void> {
    const open = (this.#open ??= this.#openBatch());
    open.add(frame.bytes, frameRawBytes(frame.bytes));
    if (open.rawBytes >= this.#options.batchMaxBytes || open.frames.length >= maxBatchFrames) {
      this.#closeOpen();
    }
    return open.written;
  }

  #openBatch(): OpenBatch {
    const batch = new OpenBatch();
    batch.timer = setTimeout(() => {
      if (this.#open === batch) this.#closeOpen();
    }, this.#options.flushIntervalMs);
    return batch;
  }

  #closeOpen(): void {
    const batch = this.#open;
    if (!batch) return;
    this.#open = null;
    clearTimeout(batch.timer);
    // Counted as on disk from here on, so that the limit holds while it is being written.
    this.#pendingBytes += batch.bytes;
    this.#writing = this.#writing.then(async () => this.#write(batch));
  }

  async #write(batch: OpenBatch): Promise<void> {
    const backoff = new Backoff({ initialMs: 100, maxMs: 5_000 });
    for (;;) {
      try {
        const entry = await this.#journal.append(batch.frames);
        this.#pendingBytes += entry.bytes - batch.bytes;
        this.#pending.push(entry);
        this.#problem = null;
        this.#metrics.writtenBytes.inc(entry.bytes);
        batch.resolve();
        this.#changed.raise();
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) {
          this.#pendingBytes -= batch.bytes;
          batch.reject(error);
          return;
        }
        this.#reportProblem(error);
        await sleep(backoff.next(), this.#stopping.signal).catch(() => undefined);
      }
    }
  }

  #reportProblem(error: unknown): void {
    const reason = `the journal cannot be written: ${messageOf(error)}`;
    if (this.#problem === null) {
      this.#options.logger.error({ err: error }, 'the journal cannot be written, will try again');
    }
    this.#problem = reason;
    this.#metrics.writeFailures.inc();
  }
}

/** The journal's folder is locked: nobody else can take its batches. */
function ownLease(signal: AbortSignal): Lease {
  return { signal, notAfterMs: () => null, renew: () => Promise.resolve() };
}

async function untilAborted(work: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (!signal) return work;
  return new Promise<void>((resolve, reject) => {
    const onAbort = (): void => reject(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
