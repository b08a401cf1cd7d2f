/**
 * Transport to storage, exactly once; docs/specs/delivery.md is the protocol. Batches of several
 * partitions are stored at once, under bounds that they share.
 */
import { frameRawBytes } from '@plimsoll/model';
import {
  messageOf,
  Semaphore,
  systemClock,
  type Clock,
  type Logger,
  type Metrics,
} from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';
import type { Batch, DeadLetterStore, Lease, Subscriber } from '@plimsoll/transport';
import { IngestMetrics } from './ingest-metrics.ts';
import { LetterWriter } from './insert/letter-writer.ts';
import { Problems } from './insert/problems.ts';
import { Tries } from './insert/tries.ts';
import { UnitWriter } from './insert/unit-writer.ts';
import { StoredRanges } from './ranges/stored-ranges.ts';
import { BatchStore } from './store-batch.ts';

export interface IngestOptions {
  engine: Engine;
  subscriber: Subscriber;
  logger: Logger;
  metrics: Metrics;
  /** Inserts at once, of all batches; as many connections as the engine has for inserts. */
  concurrency: number;
  /** Where goes what can never be stored. */
  deadLetters: DeadLetterStore;
  /** Files whose stored ranges are kept in memory; others are loaded when they come. Default 20,000. */
  maxFiles?: number;
  /**
   * Bytes of batches under work, decompressed; the next batch waits until there is room for it. One
   * that is larger than all of it is stored alone. Default 256 MiB.
   */
  maxInFlightBytes?: number;
  clock?: Clock;
}

const defaultMaxFiles = 20_000;
const defaultMaxInFlightBytes = 256 * 1024 * 1024;
/** How long an insert under way may go on when ingest stops. */
const stopGraceMs = 5_000;

export class Ingest {
  readonly #options: IngestOptions;
  readonly #clock: Clock;
  readonly #store: BatchStore;
  readonly #memory: Semaphore;
  readonly #problems: Problems;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #ended: string | null = null;

  constructor(options: IngestOptions) {
    const { engine, logger, deadLetters, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#memory = new Semaphore(options.maxInFlightBytes ?? defaultMaxInFlightBytes);
    this.#problems = new Problems(clock);
    const problems = this.#problems;
    const metrics = new IngestMetrics(options.metrics, {
      waitingSeconds: () => problems.ageSeconds(),
      inFlightBytes: () => this.#memory.inUse,
    });
    const tries = new Tries({ logger, metrics, problems, clock });
    const letters = new LetterWriter({ letters: deadLetters, logger, metrics, problems, clock });
    const slots = new Semaphore(options.concurrency);
    this.#store = new BatchStore({
      engine,
      metrics,
      ranges: new StoredRanges(engine, { maxFiles: options.maxFiles ?? defaultMaxFiles }),
      writer: new UnitWriter({ engine, metrics, letters, tries, slots, clock }),
      letters,
      tries,
    });
  }

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    this.#running ??= this.#options.subscriber
      .run(async (batch, lease) => this.#handle(batch, lease), signal)
      .catch((error: unknown) => {
        if (signal.aborted) return;
        this.#ended = `ingest has ended: ${messageOf(error)}`;
        this.#options.logger.fatal({ err: error }, 'ingest ended unexpectedly');
      });
  }

  /** Lets inserts under way end; what is not stored by then is delivered again at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('ingest is stopping'));
    await this.#running;
  }

  /** Not ok while inserts fail, or dead letters cannot be kept: why, and since when. */
  health(): { ok: boolean; reason?: string } {
    const reason = this.#ended ?? this.#problems.reason();
    return reason === null ? { ok: true } : { ok: false, reason };
  }

  async #handle(batch: Batch, lease: Lease): Promise<void> {
    const lost = new AbortController();
    const signal = AbortSignal.any([lease.signal, this.#stopping.signal, lost.signal]);
    const raw = batch.frames.reduce((sum, frame) => sum + frameRawBytes(frame), 0);
    const release = await this.#memory.acquire(Math.min(raw, this.#memory.capacity), signal);
    const inserts = new AbortController();
    const ended = new AbortController();
    const onAbort = (): void => {
      void this.#abortInserts(inserts, { reason: signal.reason, ended: ended.signal });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#store.store({
        batch,
        lease,
        signal,
        abandon: (reason) => lost.abort(reason),
        insertSignal: inserts.signal,
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
      ended.abort();
      release();
    }
  }

  /** Whoever lost its lease inserts no more; whoever only stops may end what it has begun. */
  async #abortInserts(
    inserts: AbortController,
    { reason, ended }: { reason: unknown; ended: AbortSignal },
  ): Promise<void> {
    if (this.#stopping.signal.aborted) {
      await this.#clock.sleep(stopGraceMs, ended).catch(() => undefined);
    }
    if (!ended.aborted) inserts.abort(reason);
  }
}
