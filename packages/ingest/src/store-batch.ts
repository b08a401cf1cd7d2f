/**
 * One batch, from frames to rows and their ranges:
 *
 *     decode ─▶ trim what is stored ─▶ plan inserts ─▶ insert, some at once ─▶ ranges
 *
 * Resolves when each of its bytes is a row or a dead letter.
 */
import type { Engine } from '@plimsoll/storage';
import type { IngestMetrics } from './ingest-metrics.ts';
import type { BatchWork } from './insert/batch-work.ts';
import type { LetterWriter } from './insert/letter-writer.ts';
import type { Tries } from './insert/tries.ts';
import type { UnitWriter } from './insert/unit-writer.ts';
import { cutPieces } from './plan/cut-pieces.ts';
import type { LogChunkRow, RowsPart } from './plan/insert-unit.ts';
import { planUnits } from './plan/plan-units.ts';
import { trimChunks } from './plan/trim-chunks.ts';
import { loadDivided } from './ranges/load-divided.ts';
import type { StoredRanges } from './ranges/stored-ranges.ts';
import { readFrames, type Poison, type ReadFrames } from './read/read-frames.ts';

export interface BatchStoreOptions {
  engine: Engine;
  metrics: IngestMetrics;
  ranges: StoredRanges;
  writer: UnitWriter;
  letters: LetterWriter;
  tries: Tries;
}

interface Fresh {
  chunks: LogChunkRow[];
  parts: RowsPart[];
}

export class BatchStore {
  readonly #options: BatchStoreOptions;

  constructor(options: BatchStoreOptions) {
    this.#options = options;
  }

  async store(owned: Omit<BatchWork, 'divided' | 'refused'>): Promise<void> {
    const { metrics, writer } = this.#options;
    const { batch } = owned;
    const work: BatchWork = { ...owned, divided: new Set(), refused: new Set() };
    const read = await readFrames(batch);
    metrics.frames.inc({ kind: 'logs' }, read.logFrames);
    metrics.frames.inc({ kind: 'rows' }, read.rowFrames);
    await this.#setAside(read.poison, work);
    const { chunks, parts } = await this.#trim(read, work);
    await this.#writeAll({ chunks, parts }, { ...work, divided: await this.#divided(work) });
    // Behind the rows: a range says that they are stored.
    const stored = [...chunks, ...parts].filter((part) => !work.refused.has(part));
    await writer.writeRanges(stored, work);
    for (const part of stored) this.#options.ranges.add(batch, part, part);
    metrics.batches.inc({ replay: String(batch.isReplay) });
  }

  /** What of a batch is not stored yet. */
  async #trim(read: ReadFrames, work: BatchWork): Promise<Fresh> {
    const { metrics, ranges, tries } = this.#options;
    const { batch, insertSignal } = work;
    const stored = await tries.run(
      { what: 'reading log_ranges', run: async () => ranges.of(read.files, batch, insertSignal) },
      work,
    );
    const trimmed = trimChunks(read.chunks, stored);
    const cut = await cutPieces(trimmed.pieces);
    metrics.trimmedBytes.inc(trimmed.trimmedBytes);
    metrics.unalignedCuts.inc(cut.unalignedCuts);
    const unreadable = cut.unreadable.map(({ chunk, reason }) => ({
      offset: chunk.offset,
      part: `-${chunk.index}-${chunk.start}-zstd`,
      bytes: chunk.content.bytes,
      reason,
    }));
    await this.#setAside(unreadable, work);
    const { pieces } = trimChunks(read.parts, stored);
    metrics.doubledFrames.inc(read.parts.length - pieces.length);
    return { chunks: cut.chunks, parts: pieces.map(({ chunk }) => chunk) };
  }

  /** A first try has divided nothing yet. */
  async #divided(work: BatchWork): Promise<ReadonlySet<string>> {
    const { engine, tries } = this.#options;
    const { batch, insertSignal } = work;
    if (!batch.isReplay) return work.divided;
    const run = async (): Promise<Set<string>> => loadDivided(engine, batch, insertSignal);
    return tries.run({ what: 'reading log_ranges', run }, work);
  }

  async #writeAll({ chunks, parts }: Fresh, work: BatchWork): Promise<void> {
    const units = planUnits(work.batch, chunks, parts);
    // All end before the batch does: none may still insert when it is delivered again.
    const results = await Promise.allSettled(
      units.map(async (unit) => this.#options.writer.write(unit, work)),
    );
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
    }
  }

  async #setAside(poison: readonly Poison[], work: BatchWork): Promise<void> {
    for (const letter of poison) {
      await this.#options.letters.write({ ...letter, cause: 'unreadable' }, work);
    }
  }
}
