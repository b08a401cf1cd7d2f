/**
 * Transport to storage, exactly once; docs/specs/delivery.md is the protocol.
 *
 *     batch ─▶ decode ─▶ trim what is stored ─▶ plan inserts ─▶ insert, some at once ─▶ commit
 *
 * The handler of a batch resolves when each of its bytes is a row or a dead letter.
 */
import { messageOf, type Logger, type Metrics } from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';
import type { Batch, Subscriber } from '@plimsoll/transport';
import { DeadLetters } from './dead-letters.ts';
import { IngestMetrics } from './ingest-metrics.ts';
import { UnitWriter } from './insert/unit-writer.ts';
import { cutPieces } from './plan/cut-pieces.ts';
import type { InsertUnit, LogChunkRow, RowsPart } from './plan/insert-unit.ts';
import { planUnits } from './plan/plan-units.ts';
import { SequenceWindow } from './plan/sequence-window.ts';
import { trimChunks } from './plan/trim-chunks.ts';
import { StoredRanges } from './ranges/stored-ranges.ts';
import { readFrames, type ReadFrames } from './read-frames.ts';

export interface IngestOptions {
  engine: Engine;
  subscriber: Subscriber;
  logger: Logger;
  metrics: Metrics;
  /** Inserts of one batch at once; as many connections as the engine has for inserts. */
  concurrency: number;
  /** Where frames go that can never be stored. */
  deadLetterDirectory: string;
  /** Files whose stored ranges are kept in memory; others are loaded when they come. Default 20,000. */
  maxFiles?: number;
}

const defaultMaxFiles = 20_000;

export class Ingest {
  readonly #options: IngestOptions;
  readonly #metrics: IngestMetrics;
  readonly #ranges: StoredRanges;
  readonly #deadLetters: DeadLetters;
  readonly #writer: UnitWriter;
  readonly #sequences = new SequenceWindow();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #problem: string | null = null;

  constructor(options: IngestOptions) {
    const { engine, logger } = options;
    this.#options = options;
    this.#metrics = new IngestMetrics(options.metrics);
    this.#ranges = new StoredRanges(engine, { maxFiles: options.maxFiles ?? defaultMaxFiles });
    this.#deadLetters = new DeadLetters(options.deadLetterDirectory);
    this.#writer = new UnitWriter({
      engine,
      logger,
      metrics: this.#metrics,
      deadLetters: this.#deadLetters,
      onProblem: (problem) => {
        this.#problem = problem;
      },
    });
  }

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    this.#running ??= this.#options.subscriber
      .run(async (batch) => this.#store(batch, signal), signal)
      .catch((error: unknown) => {
        if (signal.aborted) return;
        this.#problem = `ingest has ended: ${messageOf(error)}`;
        this.#options.logger.fatal({ err: error }, 'ingest ended unexpectedly');
      });
  }

  /** Lets inserts under way end; what is not stored by then is delivered again at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('ingest is stopping'));
    await this.#running;
  }

  /** Not ok while inserts fail. */
  health(): { ok: boolean; reason?: string } {
    return this.#problem === null ? { ok: true } : { ok: false, reason: this.#problem };
  }

  async #store(batch: Batch, signal: AbortSignal): Promise<void> {
    const read = await readFrames(batch.frames, batch.first);
    this.#metrics.frames.inc({ kind: 'logs' }, read.logFrames);
    this.#metrics.frames.inc({ kind: 'rows' }, read.rowFrames);
    await this.#setAside(read.poison, batch.partition);
    const { chunks, parts } = await this.#trim(batch, read, signal);
    await this.#writeAll(planUnits(batch, chunks, parts), batch, signal);
    // Behind the lines: a range says that they are stored.
    await this.#writer.writeRanges(chunks, batch, signal);
    this.#remember(chunks, parts);
    this.#metrics.batches.inc({ replay: String(batch.isReplay) });
  }

  /** What of a batch is not stored yet. */
  async #trim(
    batch: Batch,
    read: ReadFrames,
    signal: AbortSignal,
  ): Promise<{ chunks: LogChunkRow[]; parts: RowsPart[] }> {
    const stored = await this.#ranges.of(read.files, batch, signal);
    const trimmed = trimChunks(read.chunks, stored);
    const cut = await cutPieces(trimmed.pieces);
    this.#metrics.trimmedBytes.inc(trimmed.trimmedBytes);
    this.#metrics.unalignedCuts.inc(cut.unalignedCuts);
    const unreadable = cut.unreadable.map(({ chunk, reason }) => ({
      offset: chunk.offset,
      bytes: chunk.content.bytes,
      reason,
    }));
    await this.#setAside(unreadable, batch.partition);
    const seen = new SequenceWindow();
    const parts = read.parts.filter(({ identity }) => {
      const isDoubled = this.#sequences.has(identity) || seen.has(identity);
      if (isDoubled) this.#metrics.doubledFrames.inc();
      seen.add(identity);
      return !isDoubled;
    });
    return { chunks: cut.chunks, parts };
  }

  async #writeAll(units: readonly InsertUnit[], batch: Batch, signal: AbortSignal): Promise<void> {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let unit = units[next++]; unit; unit = units[next++]) {
        await this.#writer.write(unit, batch, signal);
      }
    };
    const lanes = Math.min(this.#options.concurrency, units.length);
    // All lanes end before the batch does: none may still insert when it is delivered again.
    const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
    }
  }

  #remember(chunks: readonly LogChunkRow[], parts: readonly RowsPart[]): void {
    for (const part of parts) this.#sequences.add(part.identity);
    for (const { tenant, source, start, end } of chunks) {
      this.#ranges.add({ tenant, fileId: source.file_id }, { start, end });
    }
  }

  async #setAside(poison: ReadFrames['poison'], partition: string): Promise<void> {
    for (const { offset, bytes, reason } of poison) {
      const path = await this.#deadLetters.write({ partition, offset, part: '', bytes, reason });
      this.#metrics.deadLetters.inc({ reason: 'unreadable' });
      this.#options.logger.error({ path, reason }, 'a frame that cannot be read was set aside');
    }
  }
}
